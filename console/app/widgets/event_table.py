"""Any number of events, of which only a stretch around the cursor is held and only lines are drawn.

A cursor key redraws two lines and asks nothing; near the end of the stretch it asks its screen for
more (`NeedMore`), which arrives by `extend`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.app.safe import plain
from console.case.timeline import Key, Row

# What a page is asked for; the order is that of Row.values.
COLUMNS = (
    "ts", "ts_quality", "format", "actor", "src_ip", "activity", "category", "object_kind",
    "object_name", "subresource", "namespace", "pod", "node", "file_path", "cmdline", "dst_ip",
    "dst_port", "dst_name", "status", "outcome", "severity", "message",
)  # fmt: skip
_AT = {name: index for index, name in enumerate(COLUMNS)}
MARGIN_ROWS = 60
MAX_ROWS = 3000
_SHORT = {"k8s_audit": "audit", "kube_objects": "objects", "docker_events": "events",
          "docker_json": "docker", "docker_inspect": "inspect", "login_records": "utmp",
          "shell_history": "shell", "bash_history": "shell", "leftover": "log"}  # fmt: skip
_OUT = {"ok": "ok", "denied": "DENY", "failed": "FAIL", "unknown": "–"}


def source_of(chain: str) -> str:
    """A short name for what an event was read with."""
    last = chain.rsplit(">", 1)[-1]
    return _SHORT.get(last, last)


@dataclass(frozen=True)
class Layout:
    """Width of each column, 0 for one that is left out."""

    time: int
    source: int
    who: int
    did: int
    what: int
    out: int
    tag: int

    @classmethod
    def of(cls, width: int, time_width: int) -> Layout:
        room = width - time_width - 8 - 5 - 4 - 6
        if width < 100:
            who = max(10, room * 30 // 100)
            did = max(6, room * 18 // 100)
        else:
            who, did = min(38, room * 25 // 100), min(22, room * 14 // 100)
        return cls(time_width, 8, who, did, room - who - did, 5, 4)


class EventTable(Widget, can_focus=True):
    """The table of the timeline."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
    ]

    @dataclass
    class NeedMore(Message):
        """The stretch ends soon: more rows after its last (or before its first) are wanted."""

        forward: bool

    @dataclass
    class Selected(Message):
        """The cursor is on another event."""

        row: Row | None

    @dataclass
    class Opened(Message):
        """Enter, or a click on the event under the cursor."""

        row: Row

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.cursor = 0
        self.top = 0
        self.has_before = False
        self.has_after = False
        self.asked: set[bool] = set()
        self.marked: set[Key] = set()
        self.tags: dict[tuple[str, str, int, int], str] = {}
        self.time_mode = "utc"
        self.empty_text = "counting…"
        self.now = datetime.min

    @property
    def current(self) -> Row | None:
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def value(self, row: Row, column: str) -> Any:
        return row.values[_AT[column]]

    def show(self, rows: Sequence[Row], *, cursor: int = 0, before: bool, after: bool) -> None:
        """Another stretch of events; the cursor stands on its `cursor`-th."""
        self.rows = list(rows)
        self.cursor = min(max(cursor, 0), max(0, len(self.rows) - 1))
        self.has_before, self.has_after = before, after
        self.asked.clear()
        self.top = max(0, self.cursor - max(1, self._room() // 2))
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Selected(self.current))
        self._ask()

    def extend(self, rows: Sequence[Row], forward: bool, *, is_last: bool) -> None:
        """The rows after (or before) the stretch; what is far from the cursor is let go."""
        self.asked.discard(forward)
        if forward:
            self.rows.extend(rows)
            self.has_after = not is_last
            if len(self.rows) > MAX_ROWS:
                cut = min(len(self.rows) - MAX_ROWS, self.top - MARGIN_ROWS)
                if cut > 0:
                    del self.rows[:cut]
                    self.cursor -= cut
                    self.top -= cut
                    self.has_before = True
        else:
            self.rows[:0] = rows
            self.cursor += len(rows)
            self.top += len(rows)
            self.has_before = not is_last
            if len(self.rows) > MAX_ROWS:
                keep = max(MAX_ROWS, self.top + self._room() + MARGIN_ROWS)
                if keep < len(self.rows):
                    del self.rows[keep:]
                    self.has_after = True

    def action_move(self, step: int) -> None:
        self.go_to(self.cursor + step)

    def action_page(self, direction: int) -> None:
        self.go_to(self.cursor + direction * max(1, self._room() - 1))

    def go_to(self, index: int) -> None:
        """Put the cursor on a row; only what changes is drawn."""
        if not self.rows:
            return
        before, top = self.cursor, self.top
        self.cursor = min(max(index, 0), len(self.rows) - 1)
        self._keep_in_view()
        if self.top != top:
            self.refresh()
        elif self.cursor != before:
            self.refresh(self._line_region(before), self._line_region(self.cursor))
        if self.cursor != before:
            self.post_message(self.Selected(self.current))
        self._ask()

    def refresh_row(self) -> None:
        self.refresh(self._line_region(self.cursor))

    def _line_region(self, index: int) -> Region:
        return Region(0, index - self.top + 1, self.size.width, 1)

    def _room(self) -> int:
        return max(1, self.size.height - 1)

    def _keep_in_view(self) -> None:
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + self._room():
            self.top = self.cursor - self._room() + 1
        self.top = max(0, min(self.top, max(0, len(self.rows) - self._room())))

    def _ask(self) -> None:
        near_end = self.cursor + MARGIN_ROWS + self._room() > len(self.rows)
        if near_end and self.has_after and True not in self.asked:
            self.asked.add(True)
            self.post_message(self.NeedMore(True))
        if self.cursor < MARGIN_ROWS and self.has_before and False not in self.asked:
            self.asked.add(False)
            self.post_message(self.NeedMore(False))

    def on_resize(self) -> None:
        self._keep_in_view()

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter" and self.current:
            event.stop()
            self.post_message(self.Opened(self.current))

    def on_click(self, event: events.Click) -> None:
        index = self.top + event.y - 1
        if event.y >= 1 and index < len(self.rows):
            self.go_to(index)

    def on_mouse_scroll_down(self) -> None:
        self.go_to(self.cursor + 3)

    def on_mouse_scroll_up(self) -> None:
        self.go_to(self.cursor - 3)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        shape = Layout.of(width, self._time_width())
        if y == 0:
            head = self._cells(
                shape, (self._time_title(), "SRC", "WHO", "DID", "WHAT", "OUT", "TAG")
            )
            return self._strip(head, Style(bold=True, underline=True), width)
        index = self.top + y - 1
        if index >= len(self.rows):
            if not self.rows and y == 2:
                return self._strip(f"  {self.empty_text}", Style(dim=True), width)
            return Strip.blank(width)
        row = self.rows[index]
        line = self._cells(shape, self._row_cells(row, shape))
        return self._strip(line, self._style(row, index), width)

    def _row_cells(self, row: Row, shape: Layout) -> tuple[str, ...]:
        get = self.value
        tag = self.tags.get((row.key.evidence, row.key.path, row.key.line, row.key.part), "")
        sign = "●" if row.key in self.marked else " "
        level = get(row, "severity") or 0
        return (
            self._time(row),
            source_of(str(get(row, "format"))),
            short_who(get(row, "actor") or get(row, "src_ip") or get(row, "node")),
            plain(f"{get(row, 'activity') or ''}", 60),
            self._what(row),
            _OUT.get(str(get(row, "outcome")), "–"),
            f"{sign}{'!' if level >= 4 else ' '}{'★' if tag else ' '}",
        )

    def _what(self, row: Row) -> str:
        get = self.value
        if get(row, "category") == "api":
            kind = get(row, "object_kind") or ""
            sub = f"/{get(row, 'subresource')}" if get(row, "subresource") else ""
            place = "/".join(p for p in (get(row, "namespace"), get(row, "object_name")) if p)
            parts = [f"{kind}{sub}", place, get(row, "status") or "", get(row, "cmdline") or ""]
            return plain(" ".join(part for part in parts if part), 300)
        return plain(get(row, "message"), 300)

    def _style(self, row: Row, index: int) -> Style:
        outcome = self.value(row, "outcome")
        level = self.value(row, "severity") or 0
        color = "red" if level >= 4 else "yellow" if outcome in ("denied", "failed") else None
        is_here = index == self.cursor
        return Style(color=color, reverse=is_here, bold=row.key in self.marked)

    def _cells(self, shape: Layout, cells: Sequence[str]) -> str:
        widths = (shape.time, shape.source, shape.who, shape.did, shape.what, shape.out, shape.tag)
        return " ".join(fit(cell, width) for cell, width in zip(cells, widths, strict=True))

    @staticmethod
    def _strip(line: str, style: Style, width: int) -> Strip:
        return Strip([Segment(fit(line, width), style)], width)

    def _time_width(self) -> int:
        return (
            {"utc": 19, "local": 19, "relative": 13}[self.time_mode]
            if self.size.width >= 100
            else 13
        )

    def _time_title(self) -> str:
        return {"utc": "TIME (UTC)", "local": "TIME (local)", "relative": "BEFORE NOW"}[
            self.time_mode
        ]

    def _time(self, row: Row) -> str:
        ts = self.value(row, "ts")
        if ts is None:
            return "no time"
        sign = "~" if str(self.value(row, "ts_quality")).startswith("inferred") else " "
        if self.time_mode == "relative":
            return f"{span_text(self.now - ts)}{sign}"
        if self.time_mode == "local":
            ts = ts.replace(tzinfo=_utc()).astimezone().replace(tzinfo=None)
        if self.size.width >= 100:
            return f"{ts:%m-%d %H:%M:%S}.{ts.microsecond // 1000:03d}{sign}"
        return f"{ts:%H:%M:%S}.{ts.microsecond // 1000:03d}{sign}"


def _utc() -> Any:
    from datetime import UTC

    return UTC


def short_who(value: Any) -> str:
    """Long Kubernetes identities by what tells them apart."""
    text = plain(value, 200)
    if text.startswith("system:serviceaccount:"):
        return f"sa {text.removeprefix('system:serviceaccount:')}"
    if text.startswith("system:node:"):
        return f"node {text.removeprefix('system:node:')}"
    if text.startswith("system:kube-"):
        return text.removeprefix("system:")
    return text


def span_text(span: timedelta) -> str:
    """`3d 04:05:06`."""
    seconds = int(span.total_seconds())
    sign = "-" if seconds < 0 else ""
    days, rest = divmod(abs(seconds), 86400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{sign}{days}d {clock}" if days else f"{sign}{clock}"


def fit(text: str, width: int) -> str:
    """Exactly `width` cells wide; cut with an ellipsis."""
    if width <= 0:
        return ""
    if text.isascii():
        return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"
    rich = Text(text)
    rich.truncate(width, overflow="ellipsis", pad=True)
    return rich.plain
