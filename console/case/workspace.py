"""An open case as consoles and commands use it: its journals and its events together.

`refresh()` takes up what other processes wrote; it reads, never waits, and is meant to be called
every second or so from a worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from console.case.citation import Citation
from console.case.folder import Case
from console.case.spans import TICK
from console.case.text import visible
from console.errors import CaseError

if TYPE_CHECKING:
    from console.case.evidence import Evidence
    from console.case.filter import Filter
    from console.case.index import Index
    from console.case.state import CaseState
    from console.case.timeline import Key, Timeline


class Workspace:
    """One case, open. Not to be shared between threads, but for `index`, `timeline()` and
    `refresh()`."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._lock = Lock()
        self._opening = Lock()
        self._index: Index | None = None
        self._names: dict[str, str] = {}
        self.state: CaseState = case.state()

    @classmethod
    def open(cls, folder: Path) -> Workspace:
        return cls(Case.open(folder))

    @property
    def index(self) -> Index:
        """The events; opened when they are first asked for, which takes a while: from a worker.

        Raises CaseError where a segment can't be read.
        """
        with self._opening:
            if self._index is None:
                from console.case.index import Index

                index = Index(self.case.index_dir)
                self._mark(index)
                self._index = index
            return self._index

    @property
    def generation(self) -> int:
        """What grows whenever events are added; never waits."""
        return self._index.generation if self._index else 0

    def refresh(self) -> bool:
        """True if another process (or this one) added events or journal entries."""
        index = self.index  # first: its marks are of the state that there is then
        with self._lock:
            state = self.case.state()
            has_news = state != self.state
            if has_news:
                self.state = state
                self._mark(index)
            return index.refresh() or has_news

    def _mark(self, index: Index) -> None:
        def placed(citation: Citation) -> str:
            name = self._named(citation.evidence)
            return f"{name}!{citation.member}" if citation.member else name

        index.set_marks(
            [
                (citation, placed(citation), tag)
                for citation, tags in self.state.tags.items()
                for tag in sorted(tags)
            ],
            [
                (note.citation, placed(note.citation), note.text)
                for note in self.state.notes
                if note.citation is not None
            ],
        )

    def _named(self, sha256: str) -> str:
        """The name of evidence, read once; of many files few are cited."""
        if sha256 not in self._names:
            with suppress(CaseError):
                self._names[sha256] = visible(self.case.store.read(sha256).name)
        return self._names.get(sha256, "")

    def timeline(self) -> Timeline:
        """Queries on a cursor of their own; one per thread."""
        from console.case.timeline import Timeline

        return Timeline(self.index.cursor(), self.index.relation, self.index.hunted)

    def filter(self, text: str) -> Filter:
        """Compile a filter; times without a date are of the case's last day."""
        from console.case.filter import compile_filter

        return compile_filter(text, day=self.last_day(), hunts=lambda: self.hunts)

    @cached_property
    def hunts(self) -> Mapping[str, str]:
        """The SQL of every hunt by its id, for `hunt:ID`."""
        from console.case.queryfiles import load_all

        return {file.id: file.body for file in load_all("hunts", self.case.folder)[0]}

    def names(self, column: str, start: str) -> list[str] | None:
        """What a filter may name that no column holds, tags and hunts; None of a column."""
        from console.case.filter_terms import HUNT

        if column == "tag":
            known: Iterable[str] = {tag for tags in self.state.tags.values() for tag in tags}
        elif column == HUNT:
            known = self.hunts
        else:
            return None
        return [name for name in sorted(known) if name.startswith(start)]

    def last_day(self) -> date | None:
        """Of the events with plausible times: what a clock time without a date is of."""
        timeline = self.timeline()
        stretch = timeline.stretch(timeline.extent())
        return (stretch[1] - TICK).date() if stretch else None

    def citation(self, key: Key) -> Citation:
        """How a journal names an event."""
        name = visible(self.case.store.get(key.evidence).name)
        member = key.path[len(name) :].removeprefix("!")
        return Citation(key.evidence, member, key.line, key.part)

    def key(self, citation: Citation) -> Key:
        """Where the index has a cited event; the time is not part of a citation."""
        from console.case.timeline import Key

        said = self.state.evidence.get(citation.evidence, {})
        name = visible(str(said.get("name", "")))
        path = f"{name}!{citation.member}" if citation.member else name
        return Key(None, citation.evidence, path, citation.line, citation.part)

    def evidence(self, sha256: str) -> Evidence:
        return self.case.store.get(sha256)

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
        self.case.close()
