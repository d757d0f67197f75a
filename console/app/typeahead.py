"""Keys that arrive together go one after the other.

On a slow line a terminal hands over several keys at once (`/` and the first letters of a filter).
Textual sends each to what has the focus at that moment, before the one ahead of it was answered:
so the letters would be commands of the list, and not in the filter.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Input

FOCUS_S, LEAVE_S = 0.5, 0.15  # how long the focus may take to come, or to leave an input
LOOK_S = 0.01


class TypeAhead(App[None]):
    """An app that answers a key wholly before it looks at the next one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._ahead: deque[events.Key] = deque()
        self._is_answering = False
        self._turn = self._watched = 0  # which key is answered; which is timed
        self._screen_before: Screen[Any] | None = None
        self._left: DOMNode | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._is_answering:
            self._ahead.append(event)
            if self._watched != self._turn:
                self._watched = self._turn
                self.set_timer(FOCUS_S, partial(self._miss, self._turn))
        else:
            await self._answer(event)

    async def _miss(self, turn: int, times: int = 1) -> None:
        """Who had the key may be gone, and its way lost. Twice, so that a loop that stood still
        for long has had its time to bring it back."""
        if turn != self._turn or not self._is_answering:
            return
        if times < 2:
            self.set_timer(FOCUS_S, partial(self._miss, turn, times + 1))
        else:
            await self._go_on(FOCUS_S)

    @property
    def is_answering(self) -> bool:
        """Whether a key is on its way, or waits for one that is."""
        return self._is_answering or bool(self._ahead)

    def _seen(self) -> Screen[Any] | None:
        """None once the app is being left."""
        try:
            return self.screen
        except ScreenStackError:
            return None

    async def _answer(self, key: events.Key) -> None:
        screen = self._seen()
        if screen is None:
            return
        target = self.focused or screen
        if not (isinstance(target, Input) and key.is_printable):  # it takes letters in order itself
            self._is_answering = True
            self._turn += 1
            self._screen_before = screen
            self._left = target if isinstance(target, Input) and key.key == "enter" else None
        await super().on_event(key)
        if self._is_answering:
            target.call_later(self._follow, target)

    def _follow(self, node: DOMNode) -> None:
        """The way of the key that went before: from what has the focus up to the app."""
        above = node.parent
        if above is None or above is self or not above.call_later(self._follow, above):
            # whoever asked for the focus meanwhile gets it first
            self.call_later(lambda: self.call_later(self._go_on))

    async def _go_on(self, waited_s: float = 0.0) -> None:
        screen = self._seen()
        if screen is None:
            return
        if screen is not self._screen_before:
            can_come = not screen.is_mounted or bool(screen.focus_chain)  # the tour has no list
            is_moving = self.focused is None and can_come and waited_s < FOCUS_S
        else:
            is_moving = self.focused is self._left is not None and waited_s < LEAVE_S
        if is_moving:
            self.set_timer(LOOK_S, lambda: self._go_on(waited_s + LOOK_S))
            return
        self._is_answering = False
        while self._ahead and not self._is_answering:
            await self._answer(self._ahead.popleft())
