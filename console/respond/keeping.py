"""What an action brings becomes evidence, and is read."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from console.case.text import visible
from console.errors import CaseError

if TYPE_CHECKING:
    from console.case.evidence import Evidence
    from console.case.folder import Case


def keep(case: Case, stream: IO[bytes], name: str, source: str) -> Evidence:
    """Into the case, hashed, and read. Raises CaseError."""
    from console.ingest.service import AddOptions, add_stream

    added = add_stream(case, stream, name, AddOptions(source=source))
    if added.evidence is None:
        raise added.error or CaseError("not taken into the case", where=visible(name))
    return added.evidence
