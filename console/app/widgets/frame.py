"""The lines around every screen: which case, how fresh, what time, which tab; which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.widget import Widget

from console.app.keys import keys_of
from console.app.safe import plain
from console.case.state import PHASES

if TYPE_CHECKING:
    from console.app.app import Console

TABS = (("1", "overview"), ("4", "timeline"), ("5", "findings"), ("6", "evidence"), ("8", "case"))
CLOCK_WIDTH = 9
# In the last line these stand at the end, whatever else there is no room for.
ALWAYS = {"command": ": command", "help": "? help", "back": "q back"}


class Frame(Widget):
    """The first two lines. Once a second the clock's cells are drawn, and nothing else."""

    DEFAULT_CSS = "Frame { height: 2; dock: top; }"

    def on_mount(self) -> None:
        self.set_interval(1.0, self.tick)

    def tick(self) -> None:
        self.refresh(Region(max(0, self.size.width - CLOCK_WIDTH), 0, CLOCK_WIDTH, 1))

    def render(self) -> Text:
        app = cast("Console", self.app)
        state = app.workspace.state
        right = f"phase {PHASES.index(state.phase) + 1} {state.phase}   UTC {app.clock():%H:%M:%S} "
        left = " kubecase ▸ "
        source = "   ▣ OFFLINE"
        room = self.size.width - len(left) - len(source) - len(right) - 2
        text = Text(no_wrap=True, overflow="crop")
        text.append(left, "bold")
        title = Text(plain(state.title or app.workspace.case.title, 400), style="bold")
        title.truncate(max(room, 8), overflow="ellipsis")
        text.append_text(title)
        text.append(source)
        text.append(" " * max(1, self.size.width - text.cell_len - len(right)))
        text.append(right)
        text.append("\n ")
        waiting = sum(1 for finding in state.findings if finding.status == "new")
        for key, name in TABS:
            label = f"{key} {name.capitalize()}"
            if name == "findings" and waiting:
                label += f" {waiting}"
            style = Style(reverse=name == app.mode, bold=name == app.mode)
            action = Style.from_meta({"@click": f"app.mode('{name}')"})
            text.append(f" {label} ", style + action)
        return text


class Keys(Widget):
    """The last line: this screen's keys; the mouse can press them too."""

    DEFAULT_CSS = "Keys { height: 1; dock: bottom; }"

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> Text:
        end = Text("  ".join(["", *ALWAYS.values(), ""]))
        line = Text(" ", no_wrap=True, overflow="crop")
        for keys, binding, _ in keys_of(self.screen):
            if not binding.show or binding.action in ALWAYS:
                continue
            key = keys.split()[0]
            press = Style.from_meta({"@click": f"app.simulate_key({binding.key!r})"})
            entry = Text(f"{key} ", style=Style(bold=True) + press)
            entry.append(f"{binding.description.lower()}  ", Style(bold=False) + press)
            if line.cell_len + entry.cell_len + end.cell_len > self.size.width:
                break
            line.append_text(entry)
        line.append(" " * max(0, self.size.width - line.cell_len - end.cell_len))
        line.append_text(end)
        return line
