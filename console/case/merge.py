"""Two copies of one case become one: the union of their journals and of their evidence."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from console.case.folder import Case
from console.case.journal import FILE_NAME
from console.case.text import visible
from console.errors import CaseError, UsageError


@dataclass(frozen=True)
class Merged:
    """What came over: journal files that are new or longer, and evidence."""

    journals: tuple[str, ...]
    evidence: tuple[str, ...]


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
                hint="one of them was changed, or copied while in use: compare them by hand",
            )
    taken = []
    for item in other.store.list():
        home = case.store.folder / item.sha256
        if not home.exists():
            staged = case.store.folder / f".new-{item.sha256}"
            shutil.rmtree(staged, ignore_errors=True)
            shutil.copytree(other.store.folder / item.sha256, staged)
            staged.rename(home)
            taken.append(item.sha256)
    for mine, data in longer:
        draft = mine.with_name(f".{mine.name}.merge")
        draft.write_bytes(data)
        draft.chmod(0o640 if case.is_group_readable else 0o600)
        draft.rename(mine)
    return Merged(tuple(mine.name for mine, _ in longer), tuple(taken))
