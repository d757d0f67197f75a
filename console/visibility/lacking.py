"""What a reading could not show, in words: a limit that was met, a right or a tool that lacked.

An analyst who is not told takes what was not looked at for what is not there.
"""

from __future__ import annotations

from console.visibility.reading import LISTING_BYTES, VOLUME_LISTING_BYTES
from console.visibility.rows import Read


def missing(read: Read, container: str, total_limit_bytes: int) -> list[str]:
    """Sentences for the manifest; none where nothing was read, as that is said elsewhere."""
    if not container or not read.sections:
        return []
    said = [*_files(read, container, total_limit_bytes), *_processes(read, container)]
    errors = read.get("errors").decode("utf-8", "replace").split("\n")
    denied = [line for line in errors if "ermission denied" in line or "not permitted" in line]
    if denied:
        said.append(f"{len(denied):,} places: permission denied ({denied[0][:120]} …)")
    return said


def _processes(read: Read, container: str) -> list[str]:
    if not read.has(f"{container}/texts"):
        return ["processes: none of this container runs on the node"]
    total, limit, *_ = [*map(int, read.get(f"{container}/count").split()), 0, 0]
    if total > limit > 0:
        return [f"processes: {limit:,} of {total:,}, those with the lowest pids"]
    return []


def _files(read: Read, container: str, total_limit_bytes: int) -> list[str]:
    if not read.has(f"{container}/upper.list"):
        if not read.has(f"{container}/texts"):
            return []
        return ["files: no overlay file system; listed as they are, without the image"]
    said = []
    if not read.has(f"{container}/upper.caps"):
        said.append("file capabilities: the reader's image has no getcap")
    if not read.get(f"{container}/merged.list"):
        said.append("opaque folders: the container's own view could not be listed")
    for name, section in read.sections.items():
        if not name.startswith(f"{container}/"):
            continue
        part = name.partition("/")[2]
        if part.endswith(".tar") and section.size_bytes >= total_limit_bytes:
            said.append(f"contents beyond {total_limit_bytes:,} bytes ({part}): no hash for those")
        limit = VOLUME_LISTING_BYTES if part.startswith("volume.") else LISTING_BYTES
        if part.endswith(".list") and section.size_bytes >= limit:
            said.append(f"files beyond the first {limit:,} bytes of names ({part})")
    return said
