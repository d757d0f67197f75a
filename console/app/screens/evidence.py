"""The evidence: every file, what was read of it, what was not, whose hands it went through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import Worker, get_current_worker

from console.app.progress import Bar
from console.app.safe import plain
from console.app.screens.ask import AskScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.screens.evidence_rows import (
    NARROW_COLUMNS,
    WIDE_COLUMNS,
    cells,
    custody_of,
    detail,
    said_of_times,
)
from console.app.widgets.row_list import RowList
from console.app.widgets.text_pane import TextPane
from console.case.filter import filter_with
from console.errors import CaseError

WIDE = 160


class _Cancelled(Exception):
    """The analyst does not want to wait for it."""


class EvidenceScreen(CaseScreen):
    """a adds files, folders or archives; e corrects zone, year or clock; v verifies."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add"),
        Binding("e", "edit", "Zone, year, skew"),
        Binding("v", "verify", "Verify"),
        Binding("u", "unread", "Next unread", show=False),
        Binding("c", "copy", "Copy hash", show=False),
        Binding("tab", "app.focus_next", "Other pane", show=False),
    ]

    @dataclass
    class Loaded(Message):
        """What was read; custody: what the journals say of each piece of evidence."""

        rows: list[dict[str, Any]]
        unread: dict[tuple[str, str], list[str]] = field(default_factory=dict)
        custody: dict[str, list[str]] = field(default_factory=dict)

    @dataclass
    class Progressed(Message):
        """How far a long task is; only the newest counts."""

        line: str

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, EvidenceScreen.Progressed)

    def __init__(self) -> None:
        super().__init__()
        self.loaded = self.Loaded([])
        self._working: Worker[None] | None = None
        self._has_begun = False  # whether a thread is at it

    def compose_body(self) -> ComposeResult:
        yield RowList(id="evidence")
        yield TextPane(id="evidence-detail")

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self.load()

    def on_resize(self) -> None:
        if self.loaded.rows:
            self.draw()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.load()

    # -- what there is

    @work(thread=True, exclusive=True, exit_on_error=False, group="evidence")
    def load(self) -> None:
        worker = get_current_worker()
        timeline = self.workspace.timeline()
        rows = timeline.sources()
        unread: dict[tuple[str, str], list[str]] = {}
        for sha, path, offset, reason in timeline.unread():
            at = "" if offset is None else f"byte {offset:,}: "
            unread.setdefault((sha, path), []).append(f"{at}{reason}")
        known = {row["evidence"] for row in rows}
        rows += [
            {"evidence": item.sha256, "path": item.name, "bytes": item.size_bytes}
            for item in self.workspace.case.store.list(but=known)
        ]
        rows.sort(key=lambda row: (row["path"], row["evidence"]))
        if not worker.is_cancelled:
            custody = custody_of(self.workspace.case.entries())
            self.post_message(self.Loaded(rows, unread, custody))

    @on(Loaded)
    def take(self, message: Loaded) -> None:
        self.loaded = message
        self.draw()

    @property
    def current(self) -> dict[str, Any] | None:
        rows, at = self.loaded.rows, self.query_one(RowList).cursor
        return rows[at] if at < len(rows) else None

    def draw(self) -> None:
        is_wide = self.size.width >= WIDE
        settings = self.workspace.state.settings
        self.query_one(RowList).show(
            [
                cells(row, self.unread_of(row), settings.get(row["evidence"]), is_wide)
                for row in self.loaded.rows
            ],
            columns=WIDE_COLUMNS if is_wide else NARROW_COLUMNS,
            empty="no evidence yet: a adds a file, a folder or an archive",
        )
        self.draw_detail()

    def unread_of(self, row: Mapping[str, Any]) -> list[str]:
        return self.loaded.unread.get((row["evidence"], row["path"]), [])

    @on(RowList.Moved)
    def draw_detail(self) -> None:
        row = self.current
        pane = self.query_one(TextPane)
        pane.display = row is not None
        if row is None:
            return
        state, sha256 = self.workspace.state, row["evidence"]
        text = detail(
            row,
            said=state.evidence.get(sha256, {}),
            setting=state.settings.get(sha256),
            unread=self.unread_of(row),
            custody=self.loaded.custody.get(sha256, []),
        )
        pane.show(text)

    @on(RowList.Opened)
    def open_events(self) -> None:
        row = self.current
        if row:
            wanted = filter_with(f"evidence:{row['evidence']}", "path", row["path"])
            self.console_app.open_timeline(wanted, row.get("first_ts"))

    def action_unread(self) -> None:
        """The next file of which something could not be read, or no format knew."""
        rows, at = self.loaded.rows, self.query_one(RowList).cursor
        for step in range(1, len(rows) + 1):
            row = rows[(at + step) % len(rows)]
            if row.get("text") or self.unread_of(row):
                self.query_one(RowList).go_to((at + step) % len(rows))
                return
        self.set_status("everything was read, and every line parsed")

    def action_copy(self) -> None:
        if self.current:
            self.app.copy_to_clipboard(self.current["evidence"])
            self.set_status("copied")

    # -- long tasks: one at a time, in a worker, esc cancels

    @on(Progressed)
    def show_progress(self, message: Progressed) -> None:
        if self._working is not None and self._working.is_running:
            self.set_status(message.line)

    def is_busy(self) -> bool:
        """Says so too, if a task is under way."""
        is_busy = self._working is not None and self._working.is_running
        if is_busy:
            self.set_status("one thing at a time: esc cancels what is under way")
        return is_busy

    def _begin(self, worker: Worker[None]) -> None:
        self._working, self._has_begun = worker, False

    def cancel_own(self) -> bool:
        if self._working is None or not self._working.is_running:
            return False
        self._working.cancel()
        if self._has_begun:
            self.set_status("cancelling: what is whole is kept…")
        else:  # no thread was free for it yet: it never runs, and has no last word of its own
            self._working = None
            self.set_status("cancelled before it began")
        return True

    def action_back(self) -> None:
        if not self.cancel_own():
            super().action_back()

    def tell(self, line: str) -> None:
        """From a worker: the last word on a task."""
        self.app.call_from_thread(self.set_status, line)

    # -- adding

    def action_add(self) -> None:
        self.ask_path("")

    def ask_path(self, path: str) -> None:
        """Ask what to add, if it is not known yet, then show what it is."""
        if self.is_busy():
            return
        if path:
            self.look(Path(path).expanduser())
            return
        self.app.push_screen(
            AskScreen("Add a file, a folder or an archive", hint="a path; enter shows what it is"),
            lambda path: self.look(Path(path).expanduser()) if path else None,
        )

    @work(thread=True, exclusive=True, exit_on_error=False, group="preview")
    def _look(self, path: Path) -> None:
        from console.ingest.preview import preview

        lines = preview(path, self.workspace.case.folder)
        self.app.call_from_thread(self.confirm, path, lines)

    def look(self, path: Path) -> None:
        self.set_status(f"looking at {plain(path, 200)}…")
        self._look(path)

    def confirm(self, path: Path, lines: list[str]) -> None:
        self.set_status("")
        found = [plain(line, 200) for line in lines[:12]]  # a file's name is one line
        options = "options: --tz ZONE --year Y --node N --in-place; enter adds"
        hint = "\n".join([*found, "", options])

        def start(text: str | None) -> None:
            if text is not None and not self.is_busy():
                self._begin(self.add(path, text))

        self.app.push_screen(
            AskScreen(f"Add {plain(path, 200)}", hint=hint, can_be_empty=True), start
        )

    @work(thread=True, exit_on_error=False, group="add")
    def add(self, path: Path, text: str) -> None:
        """Read it; the bottom line shows how far it is, esc cancels and keeps what is whole."""
        from console.ingest.preview import size_bytes
        from console.ingest.service import add_paths, parse_options

        self._has_begun = True
        worker = get_current_worker()
        options = parse_options(text)
        bar = Bar(size_bytes(path))
        whole_bytes = 0
        files = known = events = 0
        problems: list[str] = []

        def progress(done: Any) -> None:
            if bar.is_due():
                word = "copying" if done.is_copying else "adding"
                line = bar.line(word, whole_bytes + done.bytes, f"  {done.events:,} events")
                self.post_message(self.Progressed(line))

        for added in add_paths(
            self.workspace.case, [path], options,
            progress=progress, is_cancelled=lambda: worker.is_cancelled,
        ):  # fmt: skip
            files += 1
            known += added.is_known
            if added.evidence:
                whole_bytes += added.evidence.size_bytes
            problems.extend(added.faults())
            if added.report:
                events += sum(tally.events for tally in added.report.files)
        self.workspace.refresh()
        self.app.call_from_thread(self.console_app.tell_change)
        state = "cancelled, what is whole is kept" if worker.is_cancelled else "added"
        again = f"  {known} known already" if known else ""
        several = "" if len(problems) == 1 else "s"
        tail = (
            f"  ✘ {len(problems)} problem{several}: {plain(problems[0], 160)}" if problems else ""
        )
        self.tell(f"{state}: {files} files, {events:,} events{again}{tail}")

    # -- correcting and verifying

    def action_edit(self) -> None:
        row = self.current
        if row is None or self.is_busy():
            return

        def take(text: str | None) -> None:
            if text and not self.is_busy():
                self._begin(self.correct(row["evidence"], text))

        setting = self.workspace.state.settings.get(row["evidence"])
        now = said_of_times(setting) or "as recorded"
        hint = f"--tz Europe/Berlin --year 2025 --skew 41   now: {now}"
        self.app.push_screen(AskScreen(f"Times of {plain(row['path'], 60)}", hint=hint), take)

    @work(thread=True, exit_on_error=False, group="correct")
    def correct(self, sha256: str, text: str) -> None:
        from console.ingest.service import correct, parse_options

        self._has_begun = True
        options = parse_options(text)
        self.tell("correcting times…")
        count = correct(
            self.workspace.case, sha256, zone=options.zone, year=options.year, skew_s=options.skew_s
        )
        self.workspace.refresh()
        self.app.call_from_thread(self.console_app.tell_change)
        self.tell(f"{count:,} events corrected")

    def action_verify(self) -> None:
        if not self.is_busy():
            self.set_status("verifying…")
            self._begin(self.verify())

    @work(thread=True, exit_on_error=False, group="verify")
    def verify(self) -> None:
        from console.case.verify import verify

        self._has_begun = True
        worker = get_current_worker()
        bar = Bar(sum(item.size_bytes for item in self.workspace.case.store.list()))
        done = 0

        def progress(size: int) -> None:
            nonlocal done
            done += size
            if worker.is_cancelled:
                raise _Cancelled
            if bar.is_due():
                self.post_message(self.Progressed(bar.line("verifying", done)))

        try:
            problems = verify(self.workspace.case.folder, progress)
        except _Cancelled:
            self.tell("cancelled: not everything was verified")
            return
        if problems:
            first = problems[0]
            raise CaseError(f"{len(problems)} things do not hold: {first.what}", where=first.where,
                            hint="`kubecase verify` lists all")  # fmt: skip
        self.tell(f"✔ everything holds ({done / 1e6:,.1f} MB hashed)")
