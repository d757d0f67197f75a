"""What a reading could not show, in words: a limit that was met, a right or a tool that lacked.

An analyst who is not told takes what was not looked at for what is not there.
"""

from __future__ import annotations

import re

from console.visibility.listing import by_layer
from console.visibility.netns import sampled, unread_rules
from console.visibility.reading import LISTING_BYTES, VOLUME_LISTING_BYTES
from console.visibility.rows import Read


def missing(read: Read, container: str, total_limit_bytes: int) -> list[str]:
    """Sentences for the manifest; none where nothing was read, as that is said elsewhere."""
    if not container or not read.sections:
        return []
    said = [
        *_files(read, container, total_limit_bytes), *_processes(read, container),
        *_network(read, container),
    ]  # fmt: skip
    errors = read.get("errors").decode("utf-8", "replace").split("\n")
    denied = [line for line in errors if "ermission denied" in line or "not permitted" in line]
    if denied:
        said.append(f"{len(denied):,} places: permission denied ({denied[0][:120]} …)")
    return said


def _processes(read: Read, container: str) -> list[str]:
    if not read.has(f"{container}/texts"):
        return ["processes: none of this container runs on the node"]
    total, limit, *_ = [*map(int, read.get(f"{container}/count").split()), 0, 0]
    said = []
    if total > limit > 0:
        said.append(f"processes: {limit:,} of {total:,}, those whose program and name are rarest")
    if not re.search(rb"/attr/current:.", read.get(f"{container}/texts")):
        said.append("AppArmor or SELinux: the node's kernel names no profile of any process")
    return said


def _network(read: Read, container: str) -> list[str]:
    if not read.has(f"{container}/net"):
        return []
    said = []
    data = read.get(f"{container}/net")
    said += [
        f"firewall rules: {why}" for why in unread_rules(read.get(f"{container}/rules"), read.nonce)
    ]
    if not re.search(rb"/net/nf_conntrack:", data):
        said.append("tracked connections: none, or the kernel has no file for them")
    if not read.get(f"{container}/names"):
        said.append("DNS settings: no resolv.conf or hosts that is a file of its own")
    _, looks, seconds = sampled(read.get("sample"), container)
    if looks:
        said.append(
            f"sampling: {looks:,} looks in {seconds:.1f} s, {seconds / looks:.2f} s apart; missing"
            " may be what lived for less and was closed by the peer, and datagrams sent without"
            " connecting; who owned what is gone is not known"
        )
    return said


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
    layers = read.get(f"{container}/layers").split(b"\n")[:-1]
    listed = by_layer(read.get(f"{container}/lower.list"), read.nonce)
    unread = [number for number in range(len(layers)) if number not in listed]
    if unread:
        said.append(
            f"files: {len(unread)} of the image's {len(layers)} layers could not be read; what they"
            " have shows as added"
        )
    for name, section in read.sections.items():
        if not name.startswith(f"{container}/"):
            continue
        part = name.partition("/")[2]
        if part.endswith(".tar") and section.size_bytes >= total_limit_bytes:
            said.append(f"contents beyond {total_limit_bytes:,} bytes ({part}): no hash for those")
        limit = VOLUME_LISTING_BYTES if part.startswith("volume.") else LISTING_BYTES
        size = max(map(len, listed.values()), default=0)
        if part != "lower.list":
            size = section.size_bytes
        if part.endswith(".list") and size >= limit:
            said.append(f"files beyond the first {limit:,} bytes of names ({part})")
    return said
