"""The filter: completion of columns and values, a history, and where an error is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from console.app.safe import plain
from console.case.filter import FilterError
from console.case.filter_complete import Completion, complete

SIGN_WIDTH = 2
Values = Callable[[str, str], list[str]]


@dataclass(frozen=True)
class Found:
    """The ways to go on from a text."""

    text: str
    completions: tuple[Completion, ...]


class FilterSuggester(Suggester):
    """Asks for the ways to go on away from the event loop."""

    def __init__(self, values: Values, tell: Callable[[Found], object]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.values, self.tell = values, tell

    async def get_suggestion(self, value: str) -> str | None:
        found = Found(
            value, tuple(await asyncio.to_thread(complete, value, len(value), self.values))
        )
        self.tell(found)
        texts = (completion.apply(value) for completion in found.completions)
        return next((text for text in texts if text.startswith(value) and text != value), None)


class FilterLine(Input):
    """`/` comes here, enter and escape go back to the table; tab goes through the completions."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "history(-1)", "Filter before", show=False),
        Binding("down", "history(1)", "Filter after", show=False),
        Binding("tab", "complete(1)", "Complete", priority=True),
        Binding("shift+tab", "complete(-1)", "Complete back", show=False, priority=True),
    ]

    @dataclass
    class Completed(Message):
        """The ways to go on have changed, or another of them was taken (`at`)."""

        found: Found
        at: int

    def __init__(self, values: Values) -> None:
        super().__init__(
            placeholder="filter: words, column:value, -not, OR, ( ), * ?, /regex/, status:>=400",
            suggester=FilterSuggester(values, self._take),
            select_on_focus=False,
            compact=True,
            id="filter",
        )
        self.found = Found("", ())
        self.taken = -1  # which completion stands in the line
        self.awaited = 0  # tab came before the ways to go on were known: which way it goes
        self.history: list[str] = []
        self.at = 0
        self.draft = ""

    def _take(self, found: Found) -> None:
        if self.taken < 0 and found.text == self.value:
            self.found = found
            self.post_message(self.Completed(found, -1))
            step, self.awaited = self.awaited, 0
            if step and found.completions:
                self.action_complete(step)

    def watch_value(self) -> None:
        self.awaited = 0
        taken = self.found.completions[self.taken] if self.taken >= 0 else None
        if taken is None or self.value != taken.apply(self.found.text):
            self.taken = -1
            if not self.value:
                self._take(Found("", ()))

    def remember(self, text: str) -> None:
        if text and (not self.history or self.history[-1] != text):
            self.history.append(text)
        self.at = len(self.history)

    def action_history(self, step: int) -> None:
        if self.at == len(self.history):
            self.draft = self.value
        self.at = min(max(self.at + step, 0), len(self.history))
        self.value = self.history[self.at] if self.at < len(self.history) else self.draft
        self.cursor_position = len(self.value)

    def action_complete(self, step: int) -> None:
        """Put the next (or previous) way to go on in the line; without any, leave the line."""
        count = len(self.found.completions)
        if self.taken < 0 and self.found.text != self.value:
            self.awaited = step
            return
        if self.taken < 0 and not count:
            self.screen.focus_next() if step > 0 else self.screen.focus_previous()
            return
        self.taken = (self.taken + step) % count if self.taken >= 0 else (0 if step > 0 else -1)
        self.taken %= count
        self.value = self.found.completions[self.taken].apply(self.found.text)
        self.cursor_position = len(self.value)
        self.post_message(self.Completed(self.found, self.taken))


class State(Widget):
    """Where in how many, and how long it took: a text of fixed width, so that nothing moves."""

    def __init__(self) -> None:
        super().__init__(id="filter-state")
        self.text = ""

    def show(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        return Strip([Segment(self.text[-width:].rjust(width), Style(dim=True))], width)


class FilterBar(Vertical):
    """The filter with its sign, its state, and a line below for what has to be said of it."""

    def __init__(self, values: Values) -> None:
        super().__init__()
        self.values = values
        self.mode = ""
        self.error: FilterError | None = None
        self.found: tuple[Found, int] | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="filter-row"):
            yield Static("/", id="filter-sign")
            yield FilterLine(self.values)
            yield State()
        hint = Static("", id="filter-hint")
        hint.display = False
        yield hint

    @property
    def line(self) -> FilterLine:
        return self.query_one(FilterLine)

    def set_state(self, text: str) -> None:
        self.query_one(State).show(text)

    def set_mode(self, text: str) -> None:
        """What is shown that the filter does not tell: a zoom, an order, events around one."""
        self.mode = text
        self._draw()

    def set_error(self, error: FilterError | None) -> None:
        self.error = error
        self._draw()

    def on_filter_line_completed(self, message: FilterLine.Completed) -> None:
        message.stop()
        self.found = (message.found, message.at)
        self._draw()

    def on_descendant_focus(self) -> None:
        self._draw()

    def on_descendant_blur(self) -> None:
        self._draw()

    def _draw(self) -> None:
        hint = self.query_one("#filter-hint", Static)
        text = self._hint()
        hint.display = bool(text.plain)
        hint.update(text)

    def _hint(self) -> Text:
        """The error with a caret below its character, else completions, else the mode."""
        text = Text(no_wrap=True, overflow="ellipsis")
        line = self.line
        if self.error is not None and self.error.text == line.value:
            caret = SIGN_WIDTH + cell_len(line.value[: self.error.position]) - line.scroll_offset.x
            expected = f"expected: {plain(self.error.expected, 200)}"
            if caret > len(expected) + 1:
                text.append(f"{expected} ".rjust(caret), "bold red")
                text.append("▲", "bold red")
            else:
                text.append(f"{' ' * max(0, caret)}▲ {expected}", "bold red")
        elif line.has_focus and self.found and self.found[0].completions:
            _list_completions(text, self.found[0].completions, self.found[1])
        elif self.mode:
            text.append(f"  {self.mode}", "dim")
        return text


def _list_completions(text: Text, completions: Sequence[Completion], at: int) -> None:
    text.append("  tab ", "dim")
    start = max(0, at - 2)
    for index, completion in enumerate(completions[start : start + 24], start):
        text.append(plain(completion.text, 40), "reverse" if index == at else "")
        text.append("  ")
