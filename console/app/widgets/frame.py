"""The lines around every screen: which case, how fresh, what time, which tab; which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.widget import Widget

from console.app.keys import keys_of
from console.app.safe import plain
from console.case.state import PHASES

if TYPE_CHECKING:
    from console.app.app import Console
    from console.app.source import Source

TABS = (
    ("1", "overview"), ("2", "cluster"), ("3", "containers"), ("4", "timeline"), ("5", "findings"),
    ("6", "evidence"), ("7", "actions"), ("8", "case"),
)  # fmt: skip
CLOCK_WIDTH = 9
NARROW = 100
LEAST_TITLE = 6
TIGHT = 7  # letters of a tab's label where not all of them fit
# In the last line these stand at the end, whatever else there is no room for.
ALWAYS = {"command": ": command", "help": "? help", "back": "q back"}


def recording_of(source: Source) -> str:
    """`● rec 1.2 MB` while a session is recorded."""
    size = source.live.recorded_bytes if source.live else None
    if size is None:
        return ""
    return f"● rec {size / 1e6:.1f} MB" if size >= 100_000 else f"● rec {size / 1e3:.0f} KB"


class Frame(Widget):
    """The first two lines. Once a second the clock's cells are drawn, and what else differs."""

    DEFAULT_CSS = "Frame { height: 2; dock: top; }"

    _drawn = ""  # what stands left of the clock

    def on_mount(self) -> None:
        self.set_interval(1.0, self.tick)

    def tick(self) -> None:
        self.refresh(Region(max(0, self.size.width - CLOCK_WIDTH), 0, CLOCK_WIDTH, 1))
        if self._source() != self._drawn:
            self.refresh(Region(0, 0, self.size.width, 1))

    def _source(self) -> str:
        """Where the data is from, and whether it is recorded."""
        source = cast("Console", self.app).source
        return source.label(is_narrow=self.size.width < NARROW).text + recording_of(source)

    def render(self) -> Text:
        app = cast("Console", self.app)
        state = app.workspace.state
        is_narrow = self.size.width < NARROW
        self._drawn = self._source()
        left, label = " kubecase ▸ ", app.source.label(is_narrow=is_narrow)
        number = PHASES.index(state.phase) + 1
        for phase in (f"phase {number} {state.phase}", f"{number} {state.phase}", str(number)):
            parts = [phase, recording_of(app.source), f"UTC {app.clock():%H:%M:%S} "]
            right = "  ".join(filter(None, parts))
            room = self.size.width - len(left) - cell_len(label.text) - len(right) - 4
            if room >= LEAST_TITLE:
                break
        text = Text(no_wrap=True, overflow="crop")
        text.append(left, "bold")
        title = Text(plain(state.title or app.workspace.case.title, 400), style="bold")
        title.truncate(max(room, 4), overflow="ellipsis")
        text.append_text(title)
        text.append("  " if is_narrow else "   ")
        text.append(label.text, "bold yellow" if label.is_warning else "")
        text.append(" " * max(1, self.size.width - text.cell_len - len(right)))
        text.append(right)
        text.truncate(self.size.width)
        text.append("\n ")
        waiting = sum(1 for finding in state.findings if finding.status == "new")
        labels = [
            f"{key} {name.capitalize()}" + (f" {waiting}" if name == "findings" and waiting else "")
            for key, name in TABS
        ]
        is_tight = sum(len(label) + 2 for label in labels) > self.size.width - 1
        for (_, name), words in zip(TABS, labels, strict=True):
            is_cut = is_tight and name != app.mode
            style = Style(reverse=name == app.mode, bold=name == app.mode)
            action = Style.from_meta({"@click": f"app.mode('{name}')"})
            text.append(f" {words[:TIGHT] if is_cut else words} ", style + action)
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
