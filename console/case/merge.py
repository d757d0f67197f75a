"""Two copies of one case become one: the union of their journals and of their evidence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from console.case.copying import sync_folder
from console.case.folder import Case
from console.case.journal import FILE_NAME
from console.case.state import Setting
from console.case.text import visible
from console.errors import CaseError, UsageError


@dataclass(frozen=True)
class Merged:
    """What came over: journal files that are new or longer, and evidence.

    stale: evidence that was here before, whose name or time settings are others now; what the
    index holds of it has to be built again.
    """

    journals: tuple[str, ...]
    evidence: tuple[str, ...]
    stale: tuple[str, ...]


def merge(case: Case, other_folder: Path) -> Merged:
    """Take over what the other copy has more. Nothing is changed if the two contradict each other.

    Raises UsageError if it is another case, CaseError naming a journal that was written apart.
    """
    other = Case.open(other_folder)
    if other.id != case.id:
        raise UsageError("another case", where=str(other_folder), hint="merge copies of one case")
    longer = []
    for path in sorted(other.journal_dir.iterdir()):
        if not FILE_NAME.fullmatch(path.name):
            continue
        theirs, mine = path.read_bytes(), case.journal_dir / path.name
        ours = mine.read_bytes() if mine.exists() else b""
        if theirs.startswith(ours):
            if len(theirs) > len(ours):
                longer.append((mine, theirs))
        elif not ours.startswith(theirs):
            raise CaseError(
                "a journal went on in both copies",
                where=f"journal/{visible(path.name)}",
                hint=f"compare {visible(str(mine))} and {visible(str(path))}: one was changed",
            )
    before = _read_as(case)
    hashes = [item.sha256 for item in other.store.list()]
    taken = [sha256 for sha256 in hashes if case.store.adopt(other.store, sha256)]
    for mine, data in longer:
        draft = mine.with_name(f".{mine.name}.merge")
        with draft.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        draft.chmod(0o640 if case.is_group_readable else 0o600)
        draft.rename(mine)
    sync_folder(case.journal_dir)
    after = _read_as(case)
    stale = tuple(sha256 for sha256, facts in before.items() if after[sha256] != facts)
    return Merged(tuple(mine.name for mine, _ in longer), tuple(taken), stale)


def _read_as(case: Case) -> dict[str, tuple[str, Setting | None]]:
    """What the index takes from manifests and journals, for each piece of evidence."""
    settings = case.state().settings
    return {item.sha256: (item.name, settings.get(item.sha256)) for item in case.store.list()}
