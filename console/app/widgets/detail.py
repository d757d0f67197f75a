"""One event whole: its columns, its fields by their own paths, and its lines from the evidence."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from console.app.safe import plain
from console.case.columns import COLUMNS
from console.case.entities import Entity, entity_in
from console.case.filter_terms import ALIASES, RECORD

HIDDEN = frozenset({"seq", "segment", "fields", "part", "line_count", "size_bytes", "cites"})
MAX_FIELDS = 400
FOLDED_FROM = 12  # a branch with more fields than this is one line until it is opened
VERBATIM_CHARS = 8000


@dataclass(frozen=True)
class Field:
    """One line of the pane: the name that a filter knows it by, and its value."""

    name: str
    value: Any
    entity: Entity | None = None
    is_branch: bool = False
    is_verbatim: bool = False
    is_own: bool = False  # of the record, not a column

    @property
    def column(self) -> str:
        """As a filter writes it; a record's field may have the name of a column."""
        is_taken = self.name in COLUMNS or self.name.lower() in ALIASES
        return f"{RECORD}{self.name}" if self.is_own and is_taken else self.name


class Detail(OptionList):
    """Fields of the event under the cursor. + and - narrow the filter by one, enter folds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "narrow(False)", "Only", key_display="+"),
        Binding("minus", "narrow(True)", "Without", key_display="-"),
        Binding("p", "pivot", "Pivot"),
        Binding("c", "copy", "Copy"),
        Binding("right,l", "fold(False)", "Unfold", show=False),
        Binding("left,h", "fold(True)", "Fold", show=False),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    @dataclass
    class Narrowed(Message):
        """Only (or, negated, not) events with this value."""

        field: Field
        negate: bool

    @dataclass
    class Pivoted(Message):
        """entity: None where the line names none, so that it may be any of the event's."""

        entity: Entity | None

    @dataclass
    class Closed(Message):
        """Enter on a line that holds nothing to unfold."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.fields: list[Field | None] = []
        self.event: dict[str, Any] | None = None
        self.lines: list[str] = []
        self.open: set[str] = set()  # what was unfolded; it stays so for the next event
        self.folded: set[str] = set()

    def show(self, event: dict[str, Any] | None, lines: list[str]) -> None:
        """Another event; `lines` are its lines verbatim (empty until they are read)."""
        self.event, self.lines = event, lines
        self.draw()

    def draw(self) -> None:
        """All lines anew; the cursor stays on the field that it was on."""
        held = self.current.name if self.current else ""
        self.clear_options()
        self.fields = []
        event = self.event
        if event is None:
            self.add_option(Option("the event is not in the index any more"))
            return
        place = f"{event['path']}:{event['line']}"
        head = f"{place}  sha256 {str(event['evidence'])[:16]}…  {event['format']}"
        self._line(None, Text(plain(head), style="bold"))
        # first what the table may have cut
        for name in sorted(COLUMNS, key=lambda name: name != "message"):
            if name not in HIDDEN and event.get(name) not in (None, "", []):
                self._field(Field(name, event[name], entity_in(name, event[name])))
        self._record(flatten(event.get("fields")))
        for number, line in enumerate(self.lines):
            self._verbatim(number, line)
        names = [field.name if field else "" for field in self.fields]
        self.highlighted = names.index(held) if held in names else 0

    def _record(self, leaves: list[tuple[str, Any]]) -> None:
        """The record's own fields; a branch of many is folded into one line."""
        branches: dict[str, list[tuple[str, Any]]] = {}
        for name, value in leaves:
            branches.setdefault(re.split(r"[.\[]", name, maxsplit=1)[0], []).append((name, value))
        self.folded = set()
        for branch, inner in branches.items():
            is_long = len(inner) > FOLDED_FROM
            if is_long:
                sign = "▾" if branch in self.open else "▸"
                text = Text(f" {sign} {plain(branch, 60)}  ({len(inner)} fields)", style="bold")
                self.folded.add(branch)
                self._line(Field(branch, None, is_branch=True), text)
            if not is_long or branch in self.open:
                for name, value in inner:
                    self._field(Field(name, value, is_own=True))

    def _verbatim(self, number: int, line: str) -> None:
        head = f"── line {number + 1} of {len(self.lines)}, verbatim ──"
        self._line(None, Text(head, style="bold"))
        text = plain(line.rstrip("\r\n"), VERBATIM_CHARS)
        width = max(20, self.size.width - 4)
        for start in range(0, len(text), width):
            self._line(
                Field("line", line.rstrip("\r\n"), is_verbatim=True),
                Text(text[start : start + width]),
            )

    def _field(self, field: Field) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {plain(field.name, 60):<28} ", "bold" if field.entity else "")
        text.append(plain(field.value, 2000))
        if field.entity:
            text.append("  p", "dim")
        self._line(field, text)

    def _line(self, field: Field | None, text: Text) -> None:
        self.fields.append(field)
        self.add_option(Option(text))

    @property
    def current(self) -> Field | None:
        at = self.highlighted
        return self.fields[at] if at is not None and at < len(self.fields) else None

    def action_fold(self, is_folded: bool) -> None:
        """Fold or unfold the branch that the cursor is on, or in."""
        if self.current is None:
            return
        branch = re.split(r"[.\[]", self.current.name, maxsplit=1)[0]
        if branch in self.folded and (branch in self.open) == is_folded:
            self.open.symmetric_difference_update({branch})
            self.draw()
            names = [field.name if field and field.is_branch else "" for field in self.fields]
            self.highlighted = names.index(branch)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.current and self.current.is_branch:
            self.action_fold(self.current.name in self.open)
        else:
            self.post_message(self.Closed())

    def action_narrow(self, negate: bool) -> None:
        field = self.current
        if field and not field.is_verbatim and not field.is_branch:
            self.post_message(self.Narrowed(field, negate))

    def action_pivot(self) -> None:
        self.post_message(self.Pivoted(self.current.entity if self.current else None))

    def action_copy(self) -> None:
        if self.current and not self.current.is_branch:
            self.app.copy_to_clipboard(str(self.current.value))


def flatten(document: Any) -> list[tuple[str, Any]]:
    """Every leaf of a record with its path; at most MAX_FIELDS."""
    try:
        value = json.loads(document) if document else None
    except (ValueError, RecursionError):
        return [("fields", document)]
    found: list[tuple[str, Any]] = []
    stack: list[tuple[str, Any]] = [("", value)]
    while stack and len(found) < MAX_FIELDS:
        path, value = stack.pop()
        if isinstance(value, dict) and value:
            inner = [(f"{path}.{name}" if path else str(name), v) for name, v in value.items()]
            stack.extend(reversed(inner))
        elif isinstance(value, list) and value:
            stack.extend((f"{path}[{i}]", v) for i, v in reversed(list(enumerate(value[:100]))))
        elif path:
            found.append((path, value))
    return found
