"""The keys of the screen that asked, its commands, and the filter language in short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from console.app.commands import commands
from console.app.keys import keys_of
from console.app.screens.base import CaseScreen
from console.app.screens.dialog import Dialog

if TYPE_CHECKING:
    from console.app.app import Console

FILTER = (
    ("word  \"two words\"", "in all that a line says"),
    ("column:value", "also any nested field: requestObject.spec.hostPID:true"),
    ("-x   a OR b   ( )", "without, either, brackets; a space is AND"),
    ("*  ?  /regex/", "wildcards, regular expression"),
    ("status:[400 TO 499]", "ranges, also status:>=400, ts:>=22:46"),
    ("src_ip:10.0.0.0/8", "addresses in a network"),
    ("tag:x   note:x", "what you or others said of an event"),
    ("hunt:x", "what a hunt finds (:hunts lists them)"),
)  # fmt: skip


class HelpScreen(Dialog[None]):
    """j and k scroll; esc, q or ? close it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", "Close"),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("t", "tour", show=False),
    ]

    def __init__(self, asked: Screen[object]) -> None:
        super().__init__()
        self.asked = asked

    def compose(self) -> ComposeResult:
        text = Text("".join(f"{part}\n" for part in _paragraphs(type(self.asked).__doc__ or "")))
        if cast("Console", self.app).tour:
            text.append("\nt shows the guided tour, from where you left it\n", "bold")
        shared = {binding.action for binding in _bindings(CaseScreen.BINDINGS)}
        own: list[tuple[str, str]] = []
        moving: list[tuple[str, str]] = []
        everywhere: list[tuple[str, str]] = []
        for keys, binding, node in keys_of(self.asked):
            is_shared = binding.action in shared or node is self.app
            rows = everywhere if is_shared else own if node is self.asked else moving
            rows.append((keys, binding.description))
        _section(text, "Keys of this screen", own)
        _section(text, "In the list", moving)
        _section(text, "On every screen", everywhere)
        known = commands(cast("Console", self.app)).values()
        _section(text, "Commands", [(f":{c.name} {c.argument}", c.help) for c in known])
        _section(text, "Filter", FILTER)
        with VerticalScroll(id="help"):
            yield Static(text)

    def on_mount(self) -> None:
        self.query_one("#help").border_subtitle = "esc closes"

    def action_scroll(self, step: int) -> None:
        self.query_one("#help").scroll_relative(y=step, animate=False)

    def action_close(self) -> None:
        self.dismiss()

    def action_tour(self) -> None:
        app = cast("Console", self.app)
        if app.tour:
            self.dismiss()
            app.call_later(app.show_tour)


def _paragraphs(doc: str) -> list[str]:
    """Each as one line, which the window breaks where it ends."""
    return [" ".join(part.split()) for part in doc.split("\n\n")]


def _bindings(declared: Iterable[BindingType]) -> list[Binding]:
    return [binding for binding in declared if isinstance(binding, Binding)]


def _section(text: Text, title: str, rows: Sequence[tuple[str, str]]) -> None:
    if not rows:
        return
    text.append(f"\n{title}\n", "bold")
    for name, what in rows:
        text.append(f"  {name:<22} ", "bold")
        text.append(f"{what}\n")
