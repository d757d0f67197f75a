"""The first two lines of every screen: which case, how fresh, which phase, what time, which tab."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.widget import Widget

from console.app.safe import plain
from console.case.state import PHASES

if TYPE_CHECKING:
    from console.app.app import Console

TABS = (("1", "overview"), ("4", "timeline"), ("5", "findings"), ("6", "evidence"), ("8", "case"))


class Frame(Widget):
    """Redrawn once a second; only the clock's cells change on the line."""

    DEFAULT_CSS = "Frame { height: 2; dock: top; }"

    def on_mount(self) -> None:
        self.set_interval(1.0, self.refresh)

    def render(self) -> Text:
        app = cast("Console", self.app)
        state = app.workspace.state
        phase = PHASES.index(state.phase) + 1
        now = app.clock()
        right = f"phase {phase} {state.phase}   UTC {now:%H:%M:%S} "
        left = " kubecase ▸ "
        room = self.size.width - len(left) - len(right) - len("   ▣ OFFLINE ")
        text = Text(no_wrap=True, overflow="crop")
        text.append(left, "bold")
        text.append(plain(state.title or app.workspace.case.title, max(room, 8)), "bold")
        text.append("   ▣ OFFLINE ")
        text.append(" " * max(1, self.size.width - text.cell_len - len(right)))
        text.append(right)
        text.append("\n ")
        waiting = sum(1 for finding in state.findings if finding.status == "new")
        for key, name in TABS:
            label = f"{key} {name.capitalize()}"
            if name == "findings" and waiting:
                label += f" {waiting}"
            text.append(label, "reverse bold" if name == app.mode else "")
            text.append("  ")
        return text
