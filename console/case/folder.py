"""The case folder: readable by its owner alone unless a group was named when it was made."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tomllib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any

from console.case.evidence import Evidence, EvidenceStore
from console.case.journal import Draft, Entry, Journal, JournalReader
from console.case.keys import analyst_name, load_identity
from console.case.state import CaseState, fold
from console.case.text import visible
from console.errors import CaseError, UsageError

FORMAT_VERSION = 1


class Case:
    """An open case. Opening reads only; the first `record()` makes this process's journal.

    Its journals may be read and written from several threads.
    """

    def __init__(self, folder: Path, facts: Mapping[str, Any]) -> None:
        self.folder = folder
        self.id = str(facts["id"])
        self.title = str(facts["title"])
        self.created = str(facts["created"])
        self.is_group_readable = bool(facts.get("group"))
        self.index_dir = folder / "index"
        self.journal_dir = folder / "journal"
        self.store = EvidenceStore(
            folder / "evidence", who=analyst_name(), group_readable=self.is_group_readable
        )
        self._lock = RLock()  # entries of one process are a chain: one at a time
        self._journal: Journal | None = None
        self._reader = JournalReader(self.journal_dir)
        self._entries: list[Entry] = []
        self._state: tuple[int, CaseState] | None = None  # and of how many entries it is

    @classmethod
    def create(cls, folder: Path, *, title: str, group: str | None = None) -> Case:
        """Make a new case in a folder that is empty or not there; whole, or nothing is left of it.

        Raises CaseError.
        """
        made: list[Path] = []
        try:
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise UsageError(
                    "there is something already", where=str(folder), hint="name a new folder"
                )
            return cls._create(folder, title, group, made)
        except BaseException as error:
            _take_away(folder, made)
            if isinstance(error, OSError):
                raise CaseError(f"can't be made: {error.strerror}", where=str(folder)) from error
            raise

    @classmethod
    def _create(cls, folder: Path, title: str, group: str | None, made: list[Path]) -> Case:
        """`made` gets what is made, from the outside in."""
        mode = 0o2770 if group else 0o700  # set-group-ID: what is made inside belongs to the group
        for path in (*reversed(folder.parents), folder):
            if not path.exists():
                path.mkdir()
                made.append(path)
        _own(folder, mode, group)
        for name in ("journal", "evidence", "index", "reports"):
            (folder / name).mkdir()
            made.append(folder / name)
            _own(folder / name, mode, group)
        facts = {
            "id": str(uuid.uuid4()),
            "title": title,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "format": FORMAT_VERSION,
            "group": group or "",
        }
        lines = [f"{key} = {_toml(value)}" for key, value in facts.items()]
        for name, text in (
            ("case.key", secrets.token_hex(32)),
            ("case.toml", "\n".join(lines) + "\n"),
        ):
            descriptor = os.open(
                folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640 if group else 0o600
            )
            made.append(folder / name)
            with open(descriptor, "w", encoding="utf-8") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(descriptor)
            _own(folder / name, 0o640 if group else 0o600, group)
        case = cls(folder, facts)
        case.record("case.created", data={"title": title, "id": case.id})
        return case

    @classmethod
    def open(cls, folder: Path) -> Case:
        """Raises CaseError for a folder that is no case, or one of a later kubecase."""
        try:
            facts = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
            version = int(facts["format"])
            case = cls(folder, facts) if version <= FORMAT_VERSION else None
        except FileNotFoundError as error:
            raise UsageError(
                "not a case", where=str(folder), hint="`kubecase new CASE --title …` makes one"
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CaseError(
                f"the case can't be read: {visible(str(error))}", where=str(folder / "case.toml")
            ) from error
        if case is None:
            raise CaseError(
                f"the case has format {version}, this kubecase knows {FORMAT_VERSION}",
                where=str(folder),
                hint="use a newer kubecase",
            )
        return case

    @property
    def journal(self) -> Journal:
        """The journal that this process writes."""
        if self._journal is None:
            mode = 0o640 if self.is_group_readable else 0o600
            self._journal = Journal(self.journal_dir, load_identity(), self.id, mode)
        return self._journal

    def record(
        self,
        kind: str,
        *,
        entities: Iterable[str] = (),
        cites: Iterable[str] = (),
        data: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Write a journal entry."""
        draft = Draft(kind, tuple(entities), tuple(cites), data or {})
        return self.record_all([draft])[0]

    def record_all(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Write several journal entries at once."""
        with self._lock:
            return self.journal.append(drafts)

    def record_added(
        self, evidence: Evidence, *, source: str | None = None, entities: Iterable[str] = ()
    ) -> None:
        """That a file is evidence now. source: where it is from, if not what its manifest says."""
        self.record_all([added_draft(evidence, source=source, entities=entities)])

    def entries(self) -> list[Entry]:
        """All entries of all journals, those of other processes included, in order."""
        with self._lock:
            news = self._reader.poll()
            if news:
                self._entries = sorted(
                    [*self._entries, *news], key=lambda entry: (entry.ts, entry.file, entry.seq)
                )
            return self._entries

    def state(self) -> CaseState:
        """The fold of the journals as they are now."""
        with self._lock:
            entries = self.entries()
            if self._state is None or self._state[0] != len(entries):
                self._state = len(entries), fold(entries)
            return self._state[1]

    def masking_key(self) -> bytes:
        """The key of the digests that stand for masked secrets."""
        try:
            return bytes.fromhex((self.folder / "case.key").read_text().strip())
        except (OSError, ValueError) as error:
            raise CaseError(
                "the masking key can't be read", where=str(self.folder / "case.key")
            ) from error

    def close(self) -> None:
        """Nothing is pending: every entry was on the disk when `record()` returned."""

    def __enter__(self) -> Case:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def added_draft(
    evidence: Evidence, *, source: str | None = None, entities: Iterable[str] = ()
) -> Draft:
    """The entry that says that a file is evidence."""
    data = {
        "sha256": evidence.sha256,
        "name": evidence.name,
        "size_bytes": evidence.size_bytes,
        "in_place": str(evidence.in_place) if evidence.in_place else None,
        "source": evidence.source if source is None else source,
    }
    return Draft("evidence.added", tuple(entities), (), data)


def _own(path: Path, mode: int, group: str | None) -> None:
    if group:
        try:
            shutil.chown(path, group=group)
        except (LookupError, PermissionError) as error:
            raise UsageError(f"group can't be given the case: {error}", where=group) from error
    path.chmod(mode)  # after chown, which may clear the set-group-ID bit


def _take_away(folder: Path, made: Sequence[Path]) -> None:
    """What was made here alone: a folder that holds something of others stays."""
    for path in reversed(made):
        with suppress(OSError):
            if path == folder / "journal":
                shutil.rmtree(path)  # the first entry may be half written
            elif path.is_dir():
                path.rmdir()
            else:
                path.unlink()


def _toml(value: object) -> str:
    """A TOML literal; text as a basic string, whose escapes are JSON's."""
    if isinstance(value, int):
        return str(value)
    text = str(value).encode("utf-8", "replace").decode()  # TOML has no lone surrogates
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
