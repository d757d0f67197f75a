"""One object in words: what it is, how it stands, what is dangerous in it, what happened to it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rich.text import Text

from console.app.object_links import cited, owner_of, pods_under, pods_using
from console.app.safe import plain
from console.app.screens.object_text import ObjectTextScreen
from console.live.cells import Value, text_of
from console.live.doc import Doc, dig, items, strings, text
from console.live.judging import risks_of
from console.live.kinds import table_of
from console.live.kinds.cluster import event_time
from console.live.reading import facts_of

if TYPE_CHECKING:
    from datetime import datetime

    from console.live.inventory import Inventory, Obj

MAX_EVENTS = 50
MAX_PODS = 20
NAME_WIDTH = 20


class DescribeScreen(ObjectTextScreen):
    """What an object is and how it stands; its risks with why they matter; its events."""

    what = "describe"

    def read_text(self, inventory: Inventory, obj: Obj) -> list[Text]:
        now = obj.gone or self.source.now(self.console_app.clock())
        doc = obj.doc
        lines = [*_head(obj, now), *_meta(inventory, obj, doc)]
        lines += _risks(inventory, obj, max(40, self.size.width - 7))
        lines += _conditions(doc)
        lines += _related(inventory, obj)
        lines += _events(inventory, obj, now)
        return lines


def _title(words: str) -> Text:
    return Text(words, style="bold underline")


def _pair(name: str, value: Any, style: str = "") -> Text:
    line = Text(f"  {plain(name, 60):<{NAME_WIDTH}} ", style="", no_wrap=True)
    line.append(plain(value, 2000), style)
    return line


def _head(obj: Obj, now: datetime) -> list[Text]:
    """What its table shows of it, in full."""
    table = table_of(obj.ref.kind)
    facts = facts_of(table, obj)
    lines = []
    columns = [column for column in table.columns if column.name != "RISK"]
    shown: Value
    for column, shown in zip(columns, facts.values, strict=False):
        if shown is not None:
            lines.append(_pair(column.name.lower(), text_of(shown, now)))
    lines.append(
        _pair("seen", f"{obj.seen:%Y-%m-%d %H:%M:%S} by {obj.origin} {cited(obj.citation)}")
    )
    if obj.is_partial or obj.note:
        lines.append(_pair("certain", obj.note or "only a part of it is known", "yellow"))
    return lines


def _meta(inventory: Inventory, obj: Obj, doc: Doc) -> list[Text]:
    lines = [_pair("namespace", obj.ref.namespace)] if obj.ref.namespace else []
    lines.append(_pair("created", text(doc, "metadata", "creationTimestamp") or None))
    if owner := owner_of(inventory, obj):
        lines.append(_pair("owned by", owner))
    for name, path in (("labels", "labels"), ("annotations", "annotations")):
        for index, (key, value) in enumerate(strings(doc, "metadata", path).items()):
            lines.append(_pair(name if not index else "", f"{key}={value}"))
    return lines


def _risks(inventory: Inventory, obj: Obj, width: int) -> list[Text]:
    """The worst first, each with why it matters and its technique."""
    found = risks_of(inventory, obj)
    if not found:
        return []
    lines = [Text(""), _title(f"risks ({len(found)})")]
    for risk in found:
        style = "bold red" if risk.severity >= 4 else ""
        place = f" in {risk.where}" if risk.where else ""
        line = Text(f"  {plain(risk.words, 60)}{plain(place, 60)}", style=style)
        line.append(f"  {risk.attack}" if risk.attack else "", "bold")
        lines.append(line)
        lines += [Text(f"      {part}", style="dim") for part in wrap(plain(risk.why), width)]
    return lines


def _conditions(doc: Doc) -> list[Text]:
    found = items(doc, "status", "conditions")
    if not found:
        return []
    lines = [Text(""), _title("conditions")]
    for entry in found:
        since = text(entry, "lastTransitionTime")
        words = "  ".join(filter(None, (text(entry, "reason"), text(entry, "message"))))
        lines.append(_pair(text(entry, "type"), f"{text(entry, 'status'):<7} {since}  {words}"))
    return lines


def _related(inventory: Inventory, obj: Obj) -> list[Text]:
    pods = pods_under(inventory, obj.ref) or pods_using(inventory, obj.ref)
    if not pods:
        return []
    lines = [Text(""), _title(f"pods ({len(pods)})")]
    for pod in pods[:MAX_PODS]:
        gone = f"  gone {pod.gone:%H:%M:%S}" if pod.gone else ""
        lines.append(Text(f"  {plain(pod.ref.name, 120)}{gone}", style="dim" if gone else ""))
    if len(pods) > MAX_PODS:
        lines.append(Text(f"  and {len(pods) - MAX_PODS} more", style="dim"))
    return lines


def _events(inventory: Inventory, obj: Obj, now: datetime) -> list[Text]:
    """The cluster's own events about it, newest first."""
    found = []
    for event in inventory.objects("events", obj.ref.namespace):
        doc = event.doc
        about = dig(doc, "involvedObject") or dig(doc, "regarding")
        is_same = text(about, "uid") == obj.ref.uid if obj.ref.uid else True
        if is_same and text(about, "name") == obj.ref.name and event.ref.cluster == obj.ref.cluster:
            found.append(doc)
    feeds = [feed for feed in inventory.feeds("events") if feed.state == "hidden"]
    lines = [Text(""), _title(f"events ({len(found)})")]
    lines += [Text(f"  ! {plain(feed.reason)}", style="yellow") for feed in feeds]
    found.sort(key=lambda doc: str(event_time(doc) or ""), reverse=True)
    for doc in found[:MAX_EVENTS]:
        style = "" if text(doc, "type") == "Normal" else "yellow"
        words = f"{text_of(event_time(doc), now):>8}  {text(doc, 'type'):<8} "
        words += f"{text(doc, 'reason'):<20} {text(doc, 'message')}"
        lines.append(Text(f"  {plain(words, 1000)}", style=style))
    return lines
