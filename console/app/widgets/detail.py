"""One event whole: its columns, its fields by their own paths, and its lines from the evidence."""

from __future__ import annotations

import json
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

HIDDEN = frozenset({"seq", "segment", "fields", "part", "line_count", "size_bytes", "cites"})
MAX_FIELDS = 400


@dataclass(frozen=True)
class Field:
    """One line of the pane: the name that a filter knows it by, and its value."""

    name: str
    value: Any
    entity: Entity | None = None


class Detail(OptionList):
    """Fields of the event under the cursor. + and - narrow the filter by one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "narrow(False)", "Only", key_display="+"),
        Binding("minus", "narrow(True)", "Without", key_display="-"),
        Binding("p", "pivot", "Pivot"),
        Binding("c", "copy", "Copy"),
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
        entity: Entity

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.fields: list[Field | None] = []

    def show(self, event: dict[str, Any] | None, lines: list[str]) -> None:
        """Another event; `lines` are its lines verbatim (empty until they are read)."""
        self.clear_options()
        self.fields = []
        if event is None:
            self.add_option(Option("no event"))
            return
        place = f"{event['path']}:{event['line']}"
        head = f"{place}  sha256 {str(event['evidence'])[:16]}…  {event['format']}"
        self._line(None, Text(plain(head), style="bold"))
        for name in COLUMNS:
            if name not in HIDDEN and event.get(name) not in (None, "", []):
                self._field(Field(name, event[name], entity_in(name, event[name])))
        for name, value in flatten(event.get("fields")):
            self._field(Field(name, value))
        for number, line in enumerate(lines):
            self._line(
                None, Text(f"── verbatim line {number + 1} of {len(lines)} ──", style="bold")
            )
            text = plain(line.rstrip("\r\n"), 8000)
            width = max(20, self.size.width - 4)
            for start in range(0, min(len(text), width * 30), width):
                self._line(Field("line", line), Text(text[start : start + width]))
        self.highlighted = 0 if len(self.fields) else None

    def _field(self, field: Field) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {plain(field.name, 38):<28} ", "bold" if field.entity else "")
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

    def action_narrow(self, negate: bool) -> None:
        if self.current and self.current.name != "line":
            self.post_message(self.Narrowed(self.current, negate))

    def action_pivot(self) -> None:
        if self.current and self.current.entity:
            self.post_message(self.Pivoted(self.current.entity))

    def action_copy(self) -> None:
        if self.current:
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
