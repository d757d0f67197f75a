"""The filter's line: completion of columns and values, a history, the place of an error."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from console.case.columns import COLUMNS
from console.case.filter import ALIASES

NAMES = sorted(
    [*ALIASES, *(name for name in COLUMNS if name not in ("seq", "cites")), "tag", "note"]
)


class FilterSuggester(Suggester):
    """Completes the word before the cursor; values are asked for away from the event loop."""

    def __init__(self, values: Callable[[str, str], list[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.values = values

    async def get_suggestion(self, value: str) -> str | None:
        word = re.search(r"[^\s()]*$", value)
        if word is None or not word[0]:
            return None
        text = word[0].lstrip("-!")
        name, colon, start = text.partition(":")
        if not colon:
            found = next((n for n in NAMES if n.startswith(text) and n != text), None)
            return f"{value}{found[len(text) :]}:" if found else None
        column = (ALIASES.get(name) or (name,))[0]
        if column not in COLUMNS or column in ("ts", "message", "fields"):
            return None
        values = await asyncio.to_thread(self.values, column, start)
        found = next((v for v in values if v.startswith(start) and v != start), None)
        if found is None or re.search(r'[\s"()]', found):
            return None
        return value + found[len(start) :]


class FilterLine(Input):
    """`/` comes here, enter and escape go back to the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "history(-1)", "Earlier filter", show=False),
        Binding("down", "history(1)", "Later filter", show=False),
        Binding("tab", "complete", "Complete", show=False, priority=True),
    ]

    def __init__(self, values: Callable[[str, str], list[str]]) -> None:
        super().__init__(
            placeholder="filter: words, column:value, -not, OR, ( ), * ?, /regex/, status:>=400",
            suggester=FilterSuggester(values),
            select_on_focus=False,
            compact=True,
            id="filter",
        )
        self.history: list[str] = []
        self.at = 0

    def remember(self, text: str) -> None:
        if text and (not self.history or self.history[-1] != text):
            self.history.append(text)
        self.at = len(self.history)

    def action_history(self, step: int) -> None:
        if self.history:
            self.at = min(max(self.at + step, 0), len(self.history))
            self.value = self.history[self.at] if self.at < len(self.history) else ""
            self.cursor_position = len(self.value)

    def action_complete(self) -> None:
        if self._suggestion:
            self.action_cursor_right()
        else:
            self.screen.focus_next()
