"""The keys of the screen that asked."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

NAMES = {"question_mark": "?", "colon": ":", "slash": "/", "minus": "-", "plus": "+", "space": "space",
         "left_square_bracket": "[", "right_square_bracket": "]", "escape": "esc"}  # fmt: skip


class HelpScreen(ModalScreen[None]):
    """Any key closes it."""

    BINDINGS = [("escape,q,question_mark", "dismiss_help", "Close")]

    def __init__(self, asked: Screen[object]) -> None:
        super().__init__()
        self.asked = asked

    def compose(self) -> ComposeResult:
        text = Text()
        text.append("Keys of this screen\n\n", "bold")
        seen: set[str] = set()
        for _, binding, *_rest in self.asked.active_bindings.values():
            key = binding.key_display or NAMES.get(binding.key, binding.key)
            if not binding.description or f"{key}{binding.action}" in seen:
                continue
            seen.add(f"{key}{binding.action}")
            text.append(f"  {key:<12}", "bold")
            text.append(f"{binding.description}\n")
        doc = (type(self.asked).__doc__ or "").strip().split("\n\n")
        text.append("\n" + doc[0] + "\n")
        text.append(
            "\nFilter: words search everything; column:value, -x, OR, ( ), * ?, /regex/,\n"
            "status:[400 TO 499], src_ip:10.0.0.0/8, ts:>=22:46, any.nested.field:value, tag:x\n"
        )
        with VerticalScroll(id="help"):
            yield Static(text)

    def action_dismiss_help(self) -> None:
        self.dismiss()
