"""The evidence: every file, what was read of it, what was not, whose hands it went through."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable, Static
from textual.worker import Worker, get_current_worker

from console.app.safe import plain, safe
from console.app.screens.ask import AskScreen
from console.app.screens.base import CaseChanged, CaseScreen
from console.app.widgets.event_table import source_of
from console.errors import CaseError, UsageError

SHOWN_UNREAD = 5


class EvidenceScreen(CaseScreen):
    """a adds files, folders or archives; e corrects zone, year or clock; v verifies."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add"),
        Binding("e", "edit", "Zone, year, skew"),
        Binding("v", "verify", "Verify"),
        Binding("enter", "open", "Its events"),
        Binding("c", "copy", "Copy hash", show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]

    @dataclass
    class Loaded(Message):
        rows: list[dict[str, Any]]
        unread: dict[tuple[str, str], list[str]]

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.unread: dict[tuple[str, str], list[str]] = {}
        self._adding: Worker[None] | None = None

    def compose_body(self) -> ComposeResult:
        yield DataTable[Text](cursor_type="row")
        yield Static("", id="evidence-detail", classes="pane")

    def on_mount(self) -> None:
        self.query_one(DataTable).focus()
        self.load()

    def on_case_changed(self, message: CaseChanged) -> None:
        self.load()

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
            for item in self.workspace.case.store.list()
            if item.sha256 not in known
        ]
        if not worker.is_cancelled:
            self.post_message(self.Loaded(rows, unread))

    @on(Loaded)
    def draw(self, message: Loaded) -> None:
        self.rows, self.unread = message.rows, message.unread
        table = self.query_one(DataTable)
        place = table.cursor_row
        table.clear(columns=True)
        is_wide = self.size.width >= 120
        names = ["FILE", "LINES", "EVENTS", "TEXT", "UNREAD", "FORMATS"]
        table.add_columns(*(["SHA256", *names, "FIRST", "LAST"] if is_wide else names))
        for row in self.rows:
            formats = row.get("formats") or {}
            kinds = ", ".join(f"{source_of(k)} {v:,}" for k, v in list(formats.items())[:4])
            path = plain(row["path"])
            room = 60 if is_wide else 30
            cells = [
                safe(path if len(path) <= room else "…" + path[-(room - 1) :]),
                safe(f"{row['lines']:,}" if row.get("lines") is not None else "…"),
                safe(f"{row['events']:,}" if row.get("events") is not None else "…"),
                safe(f"{row['text']:,}" if row.get("text") else "–"),
                safe(len(self.unread.get((row["evidence"], row["path"]), [])) or "–"),
                safe(kinds or ("not read yet" if row.get("lines") is None else "–"), limit=60),
            ]
            if is_wide:
                cells = [
                    safe(row["evidence"][:12]),
                    *cells,
                    safe(row.get("first_ts")),
                    safe(row.get("last_ts")),
                ]
            table.add_row(*cells)
        if self.rows:
            table.move_cursor(row=min(place, len(self.rows) - 1))
        else:
            self.set_status("no evidence yet: a adds a file, a folder or an archive")
        self.show_detail()

    @on(DataTable.RowHighlighted)
    def show_detail(self) -> None:
        row = self.current
        pane = self.query_one("#evidence-detail", Static)
        if row is None:
            pane.update("")
            return
        state = self.workspace.state
        said = state.evidence.get(row["evidence"], {})
        setting = state.settings.get(row["evidence"])
        text = Text(overflow="ellipsis", no_wrap=True)
        text.append(f" {plain(row['path'], 200)}\n", "bold")
        text.append(f" sha256 {row['evidence']}   {row.get('bytes') or 0:,} bytes\n")
        where = said.get("in_place")
        text.append(f" {'in place: ' + plain(where) if where else 'copied into the case'}")
        text.append(f"   source: {plain(said.get('source') or '–', 80)}\n")
        if setting:
            text.append(
                f" set by the analyst: zone {setting.zone or '–'}, year {setting.year or '–'},"
                f" skew {setting.skew_s or 0} s\n"
            )
        lines, covered = row.get("lines"), row.get("covered")
        if lines is not None:
            sign = "✔ every line is in an event" if lines == covered else "✘ lines are missing"
            text.append(f" {lines:,} lines, {covered:,} in events  {sign}\n")
        for reason in self.unread.get((row["evidence"], row["path"]), [])[:SHOWN_UNREAD]:
            text.append(f" ! {plain(reason, 200)}\n", "yellow")
        pane.update(text)

    @property
    def current(self) -> dict[str, Any] | None:
        at = self.query_one(DataTable).cursor_row
        return self.rows[at] if 0 <= at < len(self.rows) else None

    def action_open(self) -> None:
        row = self.current
        if row:
            path = str(row["path"]).replace("\\", "\\\\").replace('"', '\\"')
            self.console_app.open_timeline(
                f'evidence:{row["evidence"]} path:"{path}"', row.get("first_ts")
            )

    def on_data_table_row_selected(self) -> None:
        self.action_open()

    def action_add(self) -> None:
        self.ask_path("")

    def ask_path(self, path: str) -> None:
        """Ask what to add, if it is not known yet, then show what it is."""
        if path:
            self.preview(path)
            return
        self.app.push_screen(
            AskScreen("Add a file, a folder or an archive", hint="a path; enter shows what it is"),
            self.preview,
        )

    def preview(self, path: str | None) -> None:
        if path:
            self.look(Path(path).expanduser())

    @work(thread=True, exclusive=True, exit_on_error=False, group="preview")
    def look(self, path: Path) -> None:
        from console.ingest.preview import preview

        if not path.exists():
            raise UsageError("no such file or folder", where=plain(path))
        lines = preview(path, self.workspace.case.folder)
        self.app.call_from_thread(self.confirm, path, lines)

    def confirm(self, path: Path, lines: list[str]) -> None:
        hint = "\n".join(
            [*lines[:12], "", "options: --tz ZONE --year Y --node N --in-place; enter adds"]
        )
        self.app.push_screen(
            AskScreen(f"Add {plain(path)}", hint=hint), lambda text: self.start_add(path, text)
        )

    def start_add(self, path: Path, text: str | None) -> None:
        self._adding = self.add(path, text or "")

    @work(thread=True, exit_on_error=False, group="add")
    def add(self, path: Path, text: str) -> None:
        """Read it; the bottom line shows how far it is, esc cancels and keeps what is whole."""
        from console.ingest.service import add_paths, parse_options

        worker = get_current_worker()
        total = sum(
            p.stat().st_size for p in ([path] if path.is_file() else path.rglob("*")) if p.is_file()
        )
        began, shown = time.monotonic(), 0.0

        def progress(done: Any) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown < 0.25:
                return
            shown = now
            rate = done.bytes / max(now - began, 0.001)
            left = max(0, total - done.bytes) / rate if rate else 0
            bar = "█" * min(20, round(20 * done.bytes / max(total, 1)))
            self.app.call_from_thread(
                self.set_status,
                f"{bar:░<20} {done.bytes / 1e6:,.0f} MB  {rate / 1e6:,.0f} MB/s  {left:,.0f} s left"
                f"  {done.events:,} events  esc cancel",
            )

        events = files = 0
        problems: list[str] = []
        for added in add_paths(
            self.workspace.case, [path], parse_options(text),
            progress=progress, is_cancelled=lambda: worker.is_cancelled,
        ):  # fmt: skip
            files += 1
            if added.error:
                problems.append(str(added.error))
            if added.report:
                events += sum(tally.events for tally in added.report.files)
        self.workspace.refresh()
        self.app.call_from_thread(self.console_app.tell_change)
        tail = f"  ✘ {len(problems)} problems: {plain(problems[0], 160)}" if problems else ""
        state = "cancelled" if worker.is_cancelled else "added"
        self.app.call_from_thread(
            self.set_status, f"{state}: {files} files, {events:,} events{tail}"
        )

    def action_back(self) -> None:
        if self._adding is not None and self._adding.is_running:
            self._adding.cancel()
            self.set_status("cancelling: what is whole is kept…")
        else:
            super().action_back()

    def action_edit(self) -> None:
        row = self.current
        if row is None:
            return

        def take(text: str | None) -> None:
            if text:
                self.correct(row["evidence"], text)

        hint = "--tz Europe/Berlin --year 2025 --skew 41"
        self.app.push_screen(AskScreen(f"Times of {plain(row['path'], 60)}", hint=hint), take)

    @work(thread=True, exit_on_error=False, group="correct")
    def correct(self, sha256: str, text: str) -> None:
        from console.ingest.service import correct, parse_options

        options = parse_options(text)
        self.app.call_from_thread(self.set_status, "correcting times…")
        count = correct(
            self.workspace.case, sha256, zone=options.zone, year=options.year, skew_s=options.skew_s
        )
        self.workspace.refresh()
        self.app.call_from_thread(self.console_app.tell_change)
        self.app.call_from_thread(self.set_status, f"{count:,} events corrected")

    def action_verify(self) -> None:
        self.set_status("verifying…")
        self.verify()

    @work(thread=True, exclusive=True, exit_on_error=False, group="verify")
    def verify(self) -> None:
        from console.case.verify import verify

        done, shown = 0, 0.0

        def progress(size: int) -> None:
            nonlocal done, shown
            done += size
            if time.monotonic() - shown > 0.25:
                shown = time.monotonic()
                self.app.call_from_thread(
                    self.set_status, f"verifying… {done / 1e6:,.0f} MB hashed"
                )

        problems = verify(self.workspace.case.folder, progress)
        if problems:
            first = problems[0]
            raise CaseError(f"{len(problems)} things do not hold: {first.what}", where=first.where,
                            hint="`kubecase verify` lists all")  # fmt: skip
        self.app.call_from_thread(
            self.set_status, f"✔ everything holds ({done / 1e6:,.0f} MB hashed)"
        )

    def action_copy(self) -> None:
        if self.current:
            self.app.copy_to_clipboard(self.current["evidence"])
            self.set_status("copied")

    def action_move(self, step: int) -> None:
        table = self.query_one(DataTable)
        (table.action_cursor_down if step > 0 else table.action_cursor_up)()
