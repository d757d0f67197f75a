"""One object in words: what it is, how it stands, what is dangerous in it, what happened to it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from console.app.safe import plain
from console.app.screens.object_text import ObjectTextScreen
from console.app.widgets.text_view import TextView
from console.live.describe import Line, describe

if TYPE_CHECKING:
    from console.live.inventory import Inventory, Obj, Ref

NAME_WIDTH = 20
HIGH = 4  # OCSF's severity from which a risk is red
MAX_VALUE = 2000


class DescribeScreen(ObjectTextScreen):
    """What an object is and how it stands; its risks with why they matter; what belongs to it.

    enter on a line that names another object describes that one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "Open", show=False)]
    what = "describe"

    def __init__(self, ref: Ref) -> None:
        super().__init__(ref)
        self.refs: list[Ref | None] = []

    def read_text(self, inventory: Inventory, obj: Obj) -> list[Text]:
        now = obj.gone or self.source.now(self.console_app.clock())
        width = max(30, self.size.width - NAME_WIDTH - 5)
        lines: list[Text] = []
        refs: list[Ref | None] = []
        for section in describe(inventory, self.ref, now):
            if lines:
                lines.append(Text(""))
            if section.title:
                lines.append(Text(section.title, style="bold underline"))
            refs += [None] * (len(lines) - len(refs))
            for line in section.lines:
                made = _made(line, width)
                lines += made
                refs += [line.ref] * len(made)
        self.refs = refs
        return lines

    def action_open(self) -> None:
        at = self.query_one(TextView).at
        ref = self.refs[at] if at < len(self.refs) else None
        if ref is not None and ref != self.ref:
            self.app.push_screen(DescribeScreen(ref))


def _made(line: Line, width: int) -> list[Text]:
    """On as many rows as it needs."""
    style = "bold red" if line.severity >= HIGH else "yellow" if line.severity else ""
    value = plain(line.value, MAX_VALUE)
    name = plain(line.name, 60)
    parts = wrap(value, width) or [""]
    if len(name) > NAME_WIDTH:
        return [Text(f"  {name}", style=style), *_rows("", parts, "")]
    first, *rest = _rows(name, parts, style)
    if line.ref is not None:
        first.append("  ›", "dim")
    return [first, *rest]


def _rows(name: str, parts: list[str], style: str) -> list[Text]:
    rows = []
    for index, part in enumerate(parts):
        row = Text(f"  {name if not index else '':<{NAME_WIDTH}} ", style="", no_wrap=True)
        row.stylize(style)
        row.append(part)
        rows.append(row)
    return rows
