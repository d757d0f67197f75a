"""The files of a container against its image, from the layers of an overlay file system.

Source: kernel Documentation/filesystems/overlayfs: the upper folder holds what was written;
a whiteout stands for a deleted file, an opaque folder hides what the layers below have.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.visibility.content import Content
from console.visibility.listing import Entry, shown

Listing = Mapping[bytes, Entry]


@dataclass(frozen=True)
class Layer:
    """One folder of an overlay; contents of those files that were small enough."""

    files: Listing
    targets: Mapping[bytes, bytes] = field(default_factory=dict)
    contents: Mapping[bytes, Content] = field(default_factory=dict)
    hashes: Mapping[bytes, str] = field(default_factory=dict)
    capabilities: Mapping[bytes, str] = field(default_factory=dict)

    def sha256(self, path: bytes) -> str | None:
        content = self.contents.get(path)
        return content.sha256 if content else self.hashes.get(path)


@dataclass(frozen=True)
class Image:
    """What the layers of an image show together: for each path the layer that has it."""

    where: Mapping[bytes, Layer]
    children: Mapping[bytes, tuple[bytes, ...]]

    def get(self, path: bytes) -> Entry | None:
        layer = self.where.get(path)
        return layer.files[path] if layer else None

    def below(self, folder: bytes) -> Iterator[bytes]:
        """Everything under a folder, the nearest first."""
        waiting = list(self.children.get(folder, ()))
        while waiting:
            path = waiting.pop()
            yield path
            waiting.extend(self.children.get(path, ()))


def merge(layers: Sequence[Layer]) -> Image:
    """layers: top first, as `lowerdir=` has them."""
    where: dict[bytes, Layer] = {}
    for layer in reversed(layers):
        for path, entry in layer.files.items():
            is_folder = stat.S_ISDIR(entry.mode)
            below = where.get(path)
            if below is not None and not is_folder and stat.S_ISDIR(below.files[path].mode):
                for hidden in [p for p in where if p.startswith(path + b"/")]:
                    del where[hidden]
            if entry.is_whiteout:
                where.pop(path, None)
            else:
                where[path] = layer
    children: dict[bytes, list[bytes]] = {}
    for path in where:
        if path != b"/":
            children.setdefault(parent(path), []).append(path)
    return Image(where, {folder: tuple(paths) for folder, paths in children.items()})


def parent(path: bytes) -> bytes:
    return path.rpartition(b"/")[0] or b"/"


def changes(
    upper: Layer, image: Image, merged: frozenset[bytes] | None, mounts: frozenset[bytes]
) -> Iterator[dict[str, Any]]:
    """One row for each file that is not as in the image, in no order.

    merged: names below the folders that were written to, as the container sees them; None where
    that could not be looked at, and then what an opaque folder hides is not told.
    mounts: where something is mounted; the runtime makes the way there, and it is marked.
    """
    mount_points = frozenset(above for point in mounts for above in _and_parents(point))
    covered = mounts - {b"/"}
    gone: list[dict[str, Any]] = []
    added: list[dict[str, Any]] = []
    for path, entry in upper.files.items():
        base = image.get(path)
        if entry.is_whiteout:
            if base is not None:
                gone += _gone(path, entry, image)
            continue
        if stat.S_ISDIR(entry.mode) and base is not None and stat.S_ISDIR(base.mode):
            # below a mount the container's own view is the mount's, not the layers'
            if merged is not None and not _is_covered(path, covered):
                for child in image.children.get(path, ()):
                    if child not in merged and child not in upper.files:
                        gone += _gone(child, entry, image, path)
            if (entry.mode, entry.uid, entry.gid) == (base.mode, base.uid, base.gid):
                continue  # something in it was written; that has a row of its own
        elif base is not None and stat.S_ISDIR(base.mode):
            for child in image.below(path):
                gone += _gone(child, entry, image, path, deep=False)
        row = describe(path, entry, upper)
        row["delta"] = _delta(row, path, base, image)
        if row["delta"] == "same":
            continue
        if base is not None:
            row["base"] = describe(path, base, image.where[path])
        if path in mount_points:
            row["runtime"] = "mount point"
        elif (path, row.get("target")) == (b"/etc/mtab", "/proc/mounts"):  # Podman, CRI-O
            row["runtime"] = "link to what is mounted"
        (added if base is None else gone).append(row)
    _pair(added, gone)
    yield from added
    yield from gone


def _and_parents(path: bytes) -> Iterator[bytes]:
    while path not in (b"", b"/"):
        yield path
        path = parent(path)


def _is_covered(path: bytes, covered: frozenset[bytes]) -> bool:
    return any(above in covered for above in _and_parents(path))


def describe(path: bytes, entry: Entry, layer: Layer) -> dict[str, Any]:
    """A file as a row; sha256 is missing where its bytes did not come along."""
    row: dict[str, Any] = {
        "kind": "file", "path": shown(path), "type": entry.type,
        "mode": f"{stat.S_IMODE(entry.mode):04o}", "uid": entry.uid, "gid": entry.gid,
        "size": entry.size, "links": entry.links, "inode": entry.inode,
        "mtime": entry.mtime, "ctime": entry.ctime,
    }  # fmt: skip
    if row["path"].encode("utf-8", "replace") != path:
        row["path_hex"] = path.hex()
    if path in layer.targets:
        row["target"] = shown(layer.targets[path])
    if path in layer.capabilities:
        row["capabilities"] = layer.capabilities[path]
    if entry.type == "file":
        if sha256 := layer.sha256(path):
            row["sha256"] = sha256
        if content := layer.contents.get(path):
            row |= {"content": content.kind, "entropy": content.entropy}
    return row


def _delta(row: dict[str, Any], path: bytes, base: Entry | None, image: Image) -> str:
    if base is None:
        return "added"
    before = describe(path, base, image.where[path])
    if row["type"] != before["type"]:
        return "changed"
    has_metadata = any(row[name] != before[name] for name in ("mode", "uid", "gid"))
    if row["type"] == "link":
        differs = row.get("target") != before.get("target")
    elif row["type"] != "file":
        differs = False
    elif "sha256" in row and "sha256" in before:
        differs = row["sha256"] != before["sha256"]
    else:
        differs = (row["size"], row["mtime"]) != (before["size"], before["mtime"])
    return "changed" if differs else "metadata" if has_metadata else "same"


def _gone(
    path: bytes, mark: Entry, image: Image, via: bytes | None = None, *, deep: bool = True
) -> list[dict[str, Any]]:
    """Rows for a path that the container no longer shows, and for everything below it."""
    rows = []
    for lost in [path, *(image.below(path) if deep else ())]:
        entry = image.get(lost)
        if entry is None:
            continue
        base = describe(lost, entry, image.where[lost])
        row = {"kind": "file", "path": base["path"], "type": base["type"], "delta": "deleted",
               "ctime": mark.ctime, "mtime": mark.mtime, "base": base}  # fmt: skip
        if lost != path or via is not None:
            row["via"] = shown(via if via is not None else path)
        rows.append(row)
    return rows


def _pair(added: list[dict[str, Any]], gone: list[dict[str, Any]]) -> None:
    """Name where an added file was moved from: a lost one of its size, owner and time."""
    lost: dict[tuple[Any, ...], list[str]] = {}
    for row in gone:
        if row["delta"] == "deleted" and row["type"] == "file" and row["base"]["size"]:
            base = row["base"]
            key = (base["size"], base["mtime"], base["uid"])
            lost.setdefault(key, []).append(row["path"])
    for row in added:
        if row["type"] == "file":
            found = lost.get((row["size"], row["mtime"], row["uid"]), [])
            if len(found) == 1:
                row["moved_from"] = found[0]
