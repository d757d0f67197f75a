"""Who we are at each cluster, what this identity may see, and what stays hidden from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.app.safe import plain
from console.app.screens.inventory import InventoryScreen
from console.app.widgets.text_view import TextView

if TYPE_CHECKING:
    from console.live.inventory import ClusterInfo, Feed, Inventory

SKEW_SECONDS = 2.0  # more than that is worth a mark
INDENT = " " * 13
_UNSEEN = ("hidden", "lost", "not collected")


@dataclass(frozen=True)
class _Access:
    clusters: Sequence[ClusterInfo]
    feeds: Sequence[Feed]
    kinds: Sequence[str]


class ConnectionScreen(InventoryScreen):
    """What can be seen, with whose rights, and what can't; r reads again, esc goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "reload", "Read again")]

    def compose_view(self) -> ComposeResult:
        yield TextView()

    def on_mount(self) -> None:
        self.query_one(TextView).focus()

    def action_reload(self) -> None:
        self.ask()

    def read(self, inventory: Inventory) -> _Access:
        kinds = inventory.kinds()
        feeds = [feed for kind in kinds for feed in inventory.feeds(kind.key)]
        return _Access(inventory.clusters(), feeds, [kind.key for kind in kinds])

    def draw(self, result: _Access) -> None:
        lines: list[Text] = []
        for info in result.clusters:
            lines += _cluster(info)
            feeds = [feed for feed in result.feeds if feed.cluster == info.name]
            lines += _feeds(feeds)
        if not result.clusters:
            lines.append(Text(" no cluster: neither a connection nor evidence of one", style="dim"))
        lines.append(_head(f"kinds ({len(result.kinds)})"))
        lines.append(Text(f"   {plain('  '.join(result.kinds))}"))
        self.query_one(TextView).show(_wrapped(lines, self.size.width - 2))


def _head(text: str) -> Text:
    return Text(f" {text}", style="bold")


def _cluster(info: ClusterInfo) -> list[Text]:
    lines = [Text.assemble((f" {plain(info.name, 60)}", "bold"), f"   {plain(info.server, 120)}")]
    if info.version:
        lines.append(Text(f"   version   {plain(info.version, 60)}"))
    who = plain(info.user, 120) if info.user else "not known"
    groups = f"   groups {plain(', '.join(info.groups), 200)}" if info.groups else ""
    lines.append(Text(f"   identity  {who}{groups}"))
    if info.skew_s is not None:
        side = "ahead of" if info.skew_s > 0 else "behind"
        is_far = abs(info.skew_s) > SKEW_SECONDS
        said = f"   clock     {abs(info.skew_s):.1f} s {side} ours"
        lines.append(Text(said + ("  ! times of the two don't compare" if is_far else ""),
                          style="yellow" if is_far else ""))  # fmt: skip
    lines += _list("may", info.can, "")
    lines += _list("may not", info.cannot, "yellow")
    lines += [Text(f"   ! {plain(warning)}", style="yellow") for warning in info.warnings]
    lines += _list("", info.notes, "")
    return lines


def _list(title: str, items: Sequence[str], style: str) -> list[Text]:
    if not items:
        return []
    return [Text(f"   {title:<9} {plain(items[0])}", style=style)] + [
        Text(f"   {'':<9} {plain(item)}", style=style) for item in items[1:]
    ]


def _feeds(feeds: Sequence[Feed]) -> list[Text]:
    """How many kinds are seen, and each that is not."""
    if not feeds:
        return []
    states: dict[str, int] = {}
    for feed in feeds:
        states[feed.state] = states.get(feed.state, 0) + 1
    lines = [Text("   feeds     " + "   ".join(f"{n} {state}" for state, n in states.items()))]
    for feed in feeds:
        if feed.state in _UNSEEN:
            place = f" in {feed.namespace}" if feed.namespace else ""
            since = f" since {feed.since:%H:%M:%S}" if feed.since else ""
            why = f"  {feed.reason}" if feed.reason else ""
            lines.append(
                Text(f"   {'':<9} ! {plain(f'{feed.kind}{place}: {feed.state}{since}{why}')}",
                     style="yellow")
            )  # fmt: skip
    return lines


def _wrapped(lines: Sequence[Text], width: int) -> list[Text]:
    """Long lines on several; the rest of one is indented as its values are."""
    found: list[Text] = []
    for line in lines:
        if line.cell_len <= width:
            found.append(line)
        else:
            parts = wrap(line.plain, max(20, width), subsequent_indent=INDENT)
            found += [Text(part, style=line.style) for part in parts]
    return found
