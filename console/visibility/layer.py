"""All that a container wrote, as its runtime keeps it, into the case: by its node alone.

As one tar: a character device 0:0 in it says that the image's file of this name was deleted. Beside
it the runtime's own `config.json`, without values of the environment, and the names of files that
are too large. Source: kernel Documentation, overlayfs, "whiteouts and opaque directories".
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Callable
from typing import IO, TYPE_CHECKING

from console.case.text import visible
from console.errors import CaseError
from console.visibility.fetch import read_path

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.live.api import ClusterApi
    from console.visibility.collect import Options
    from console.visibility.fetch import Parts
    from console.visibility.target import Target

FILE_LIMIT_BYTES = 512 << 20


def take_layer(
    case: Case, target: Target, options: Options, api: Callable[[], ClusterApi]
) -> list[str]:
    """Hashes of what is in the case now, the tar's first. Raises CaseError where there is none.

    target: one container of a pod.
    """
    parts = read_path(
        case, target, options, api, path="", limit_bytes=FILE_LIMIT_BYTES, has_layer=True
    )
    if "layer.tar" not in parts.sections:
        raise CaseError(parts.said or "its layer was not found", where=visible(str(target)))
    with tempfile.TemporaryFile() as whole:
        _rewrite(parts.get("layer.tar").data, whole)
        found = [_keep(case, parts, whole, "layer.tar")]
    for name in ("layer.config", "layer.left"):
        section = parts.sections.get(name)
        if section is not None and not section.fault and section.size_bytes:
            found.append(_keep(case, parts, section.data, name))
    return found


def _rewrite(source: IO[bytes], to: IO[bytes]) -> None:
    """One tar of those that came one after the other; every member as it came."""
    source.seek(0)
    with (
        tarfile.open(
            fileobj=source, mode="r:", ignore_zeros=True, errors="surrogateescape"
        ) as came,
        tarfile.open(
            fileobj=to, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape"
        ) as whole,
    ):
        for member in came:
            whole.addfile(member, came.extractfile(member) if member.isreg() else None)


def _keep(case: Case, parts: Parts, stream: IO[bytes], name: str) -> str:
    """As a snapshot does: kept now, read when all is preserved."""
    stream.seek(0)
    subject = parts.subject
    source = f"{name} of {subject.target} ({subject.container_id[:12]}) by {parts.way}"
    names = {"layer.config": "layer.config.json", "layer.left": "layer.left.txt"}
    called = f"{visible(subject.container)}.{names.get(name, name)}"
    kept = case.store.add_stream(stream, called, source=source)
    case.record_added(kept, source=source)
    return kept.sha256
