"""What a table of objects shows: rows asked of the inventory, filtered, in order; for a worker."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from rich.text import Text

from console.app.object_links import pods_on, pods_under, users_of
from console.app.plain_rows import PlainRow
from console.app.safe import plain
from console.app.special_rows import CLUSTERS, CONTAINERS, KINDS, special_table
from console.app.widgets.object_table import Shown, Spec
from console.live.arranging import Arranged, arranged, swaps
from console.live.cells import Column, Span, State, text_of
from console.live.filters import NO_FILTER, FilterError, parse_filter
from console.live.inventory import Feed, Inventory, Kind, Ref
from console.live.renewal import Captured
from console.live.rows import Row
from console.live.tables import NOT_CAPTURED, Table, table

MEASURED_FOR = timedelta(seconds=1)  # so long columns keep the widths that they were given
MEASURED = 400  # rows from all over whose cells tell how wide a column is; names are all looked at
MAX_NATURAL = 60
GROWS = 5  # an age of `9s` is `9m59s` later, and stays in its column
RESERVED = frozenset("CGJV")  # letters that are keys already
HIGH = 4  # OCSF's severity from which a risk is red
_WEIGHTS = {
    "NAME": 90, "NAMESPACE": 85, "CLUSTER": 84, "STATUS": 80, "RISK": 75, "READY": 70, "AGE": 60,
    "RST": 58, "REASON": 57, "OBJECT": 56, "MESSAGE": 55, "TYPE": 54, "LAST SEEN": 53,
    "NODE": 45, "IMAGE": 40, "IMAGES": 40, "IP": 30, "Δ": 59,
}  # fmt: skip
_WEIGHTS |= {
    "TIME": 95, "WHAT": 94, "OBJECT": 93, "FIELDS": 89, "BY": 88,
    "DANGER": 95, "VERBS": 86, "RESOURCES": 94, "SUBJECT": 95, "BINDING": 51,
}  # fmt: skip
_WEIGHTS |= {
    "REV": 91, "CPU": 79, "UNLIKE SIBLINGS": 78, "CPU TREND": 77,
    "MEMORY": 76, "SENT": 74, "SENT TREND": 68,
    "MEMORY TREND": 67, "CONTAINER": 66, "RECEIVED": 65, "RECEIVED TREND": 64,
}  # fmt: skip
# What tells most of a kind: who has a role, what a policy lets through, what a webhook calls.
_WEIGHTS |= {
    "SUBJECTS": 76, "ROLE": 76, "ALLOWS": 76, "CALLS": 76, "REQUESTOR": 76, "HOSTS": 76,
    "POD SECURITY": 76, "CLAIM": 76,
}  # fmt: skip
_PINNED = frozenset({"CLUSTER", "NAMESPACE", "NAME"})
_LEAST = {
    "NAME": 40, "STATUS": 14, "RISK": 14, "MESSAGE": 30, "OBJECT": 20, "FIELDS": 20, "DANGER": 24,
    "RESOURCES": 20, "SUBJECT": 36,
}  # fmt: skip
# Where room lacks for what tells most, as narrow as this.
_FLOORS = {"NAME": 20, "NAMESPACE": 8, "CLUSTER": 8, "STATUS": 9}
_STYLES: dict[State, str] = {"bad": "bold red", "pending": "yellow", "done": "dim"}
# columns that the state colours
_STATED = frozenset({"STATUS", "READY", "REASON", "COMPLETIONS", "WHAT"})


@dataclass(frozen=True)
class View:
    """Which rows are asked for. related: ("below" | "users" | "on" | "in", of which object)."""

    kind: str
    namespace: str = ""
    filter: str = ""
    cluster: str = ""
    sort: str = ""
    descending: bool = False
    faults: bool = False
    with_gone: bool = True
    related: tuple[str, Ref] | None = None

    @property
    def scope(self) -> View:
        """Without what only picks and orders rows that are there."""
        return replace(self, filter="", sort="", descending=False, faults=False)

    def titled(self, *, is_namespaced: bool = True) -> str:
        """`pods(shop)`, `nodes`, `pods of deployments.apps shop/web`."""
        place = f"{self.cluster}:" if self.cluster else ""
        if self.related:
            words = {"below": "of", "users": "that use", "on": "on", "in": "of"}[self.related[0]]
            return f"{place}{self.kind} {words} {self.related[1]}"
        if self.kind in (KINDS, CLUSTERS) or not is_namespaced:
            return f"{place}{self.kind}"
        return f"{place}{self.kind}({self.namespace or 'all'})"


@dataclass
class Moment:
    """What ages are counted to; it moves on while rows stay."""

    now: datetime


@dataclass
class Sheet:
    """What one reading gave. Its rows know the moment, not the sheet: thousands of rows in a cycle
    would wait for the garbage collector."""

    view: View
    shown: Shown
    total: int
    moment: Moment
    gone: int = 0
    warning: str = ""
    all_columns: Sequence[str] = ()
    is_namespaced: bool = True
    whole: Table | None = None  # what was read of the kind
    found: Table | None = None  # what of it the view is about
    arranged: Arranged | None = None  # filtered, in order
    measured: datetime = datetime.min  # when the widths of the columns were


def make_sheet(
    inventory: Inventory, view: View, *, now: datetime, is_wide: bool = False,
    chosen: Sequence[str] = (), captured: Captured = NOT_CAPTURED, is_kept: bool = True,
    before: Sheet | None = None, is_anew: bool = True,
) -> Sheet:  # fmt: skip
    """Reads the view's rows. A filter that can't be read is said, and narrows nothing.

    is_kept: whether what is gone is in the evidence, too. before: what was read last, which is
    gone on with as far as it holds; where not is_anew, its rows are taken as they are.
    """
    asked, kind = view, inventory.find_kind(view.kind)
    if kind is not None and not kind.is_namespaced:
        view = replace(view, namespace="")
    whole, found = (before.whole, before.found) if before is not None else (None, None)
    if is_anew or found is None:
        whole = _table(inventory, kind, view, now, captured, is_kept, whole)
        found = _related(inventory, view, whole) if whole is not None else None
    if found is None:
        empty = f"no {plain(view.kind, 60)} here: neither served nor in the evidence"
        return Sheet(asked, Shown(empty=empty), 0, Moment(now))
    sheet = sheet_of(
        found, view, now=now, is_wide=is_wide, chosen=chosen,
        empty=_why_empty(inventory, view, found), before=before,
    )  # fmt: skip
    sheet.view, sheet.is_namespaced = asked, kind is None or kind.is_namespaced
    sheet.whole = whole
    return sheet


def sheet_of(
    found: Table, view: View, *, now: datetime, is_wide: bool, chosen: Sequence[str], empty: str,
    before: Sheet | None = None,
) -> Sheet:  # fmt: skip
    """Filtered, in order, with columns of the right width. empty: why there may be no row."""
    names = [column.name for column in found.columns]
    warning = "  ".join([*found.hidden, *_unjudged(found)]) if found.rows else ""
    try:
        wanted = parse_filter(view.filter, names) if view.filter else NO_FILTER
    except FilterError as error:
        wanted, warning = NO_FILTER, f"{error.what}, {error.where}"
    ordered = arranged(
        found.rows, wanted, found.column(view.sort) if view.sort else -1,
        is_descending=view.descending, is_faulty=view.faults,
        before=before.arranged if before and before.all_columns == names else None,
    )  # fmt: skip
    rows = ordered.rows
    if found.rows and not rows:
        how = "is at fault" if view.faults and not view.filter else "matches the filter"
        empty = f"none of {len(found.rows):,} {how}: esc takes it away"
        if wanted.taken_as_text:
            words = ", ".join(plain(word, 40) for word in wanted.taken_as_text)
            empty += f". Looked for as text, for want of such a column: {words}"
    places = _shown_columns(found, is_wide, chosen)
    columns = [found.columns[at] for at in places]
    moment = Moment(now)
    shown = Shown(
        rows=rows, cell=_cells(moment, found.columns, places), key_of=_key_of,
        style_of=_style_of, sorted_by=view.sort, is_descending=view.descending, empty=empty,
    )  # fmt: skip
    sheet = Sheet(view, shown, len(found.rows), moment, warning=warning, all_columns=names,
                  found=found, arranged=ordered, measured=now)  # fmt: skip
    sheet.gone = sum(1 for row in found.rows if row.obj.gone is not None)
    specs = _specs_before(before, sheet, places, columns) if before is not None else None
    if specs is None:
        specs = _specs(columns, places, rows, now)
    sheet.shown = replace(
        shown, columns=specs, pinned=sum(spec.title in _PINNED for spec in specs) or 1
    )
    return sheet


def _unjudged(found: Table) -> list[str]:
    """A dash under RISK must not look like harmless."""
    if not found.unjudged:
        return []
    more = f" (and {len(found.unjudged) - 1} more)" if len(found.unjudged) > 1 else ""
    return [f"RISK lacks what tokens may do: {found.unjudged[0]}{more}"]


def _specs_before(
    before: Sheet, sheet: Sheet, places: Sequence[int], columns: Sequence[Column]
) -> Sequence[Spec] | None:
    """The widths that were, as far as they may stay; None where all must be measured anew."""
    specs, now = before.shown.columns, sheet.measured
    titles = [column.name for column in columns]
    if not before.shown.rows or [spec.title for spec in specs] != titles:
        return None
    if sheet.found is before.found and len(sheet.shown.rows) == len(before.shown.rows):
        sheet.measured = before.measured
        return specs
    if abs(now - before.measured) >= MEASURED_FOR:
        return None
    swapped = swaps(before.shown.rows, sheet.shown.rows)
    if swapped is None or any(old.gone != new.gone for old, new in swapped):
        return None
    sheet.measured = before.measured
    return _widened(specs, places, [new for _, new in swapped], now)


def _key_of(row: Row) -> Hashable:
    return row.key if isinstance(row, PlainRow) else key_of_ref(row.obj.ref)


def key_of_ref(ref: Ref) -> Hashable:
    return ref.cluster, ref.kind, ref.namespace, ref.name, ref.uid


def _style_of(row: Row) -> str:
    return "dim" if row.gone else ""


def _table(
    inventory: Inventory, kind: Kind | None, view: View, now: datetime, captured: Captured,
    is_kept: bool, before: Table | None,
) -> Table | None:  # fmt: skip
    if view.kind in (KINDS, CLUSTERS, CONTAINERS):
        return special_table(inventory, view.kind, view.related[1] if view.related else None, now)
    if kind is None:
        return None
    namespace = "" if view.related else view.namespace
    return table(
        inventory, kind.key, namespace, now, with_gone=view.with_gone, captured=captured,
        is_kept=is_kept, before=before,
    )  # fmt: skip


def _related(inventory: Inventory, view: View, found: Table) -> Table:
    """Without what the view is not about."""
    if view.kind in (KINDS, CLUSTERS, CONTAINERS):
        return found
    rows: Sequence[Row] = found.rows
    if view.cluster:
        rows = [row for row in rows if row.ref.cluster == view.cluster]
    if view.related:
        how, ref = view.related
        related = {"below": pods_under, "users": users_of, "on": pods_on}[how]
        kept = {key_of_ref(obj.ref) for obj in related(inventory, ref)}
        rows = [row for row in rows if _key_of(row) in kept]
    return found if rows is found.rows else replace(found, rows=rows)


def _shown_columns(found: Table, is_wide: bool, chosen: Sequence[str]) -> list[int]:
    if chosen:
        places = (found.column(name) for name in chosen)
        return [at for at in places if at >= 0]
    return [at for at, column in enumerate(found.columns) if is_wide or not column.is_wide]


def _specs(
    columns: Sequence[Column], places: Sequence[int], rows: Sequence[Row], now: datetime
) -> list[Spec]:
    """How wide each column is at most, and the letter that sorts by it."""
    least = [len(column.name) for column in columns]
    naturals = _naturals(least, places, rows[:: max(1, len(rows) // MEASURED)], now)
    if (name := next((i for i, c in enumerate(columns) if c.name == "NAME"), -1)) >= 0:
        naturals[name] = max([naturals[name], *(len(row.name) for row in rows)])
    taken: set[str] = set(RESERVED)
    specs = []
    for index, column in enumerate(columns):
        letter = next(
            (c for c in column.name if c.isascii() and c.isalpha() and c not in taken), ""
        )
        taken.add(letter)
        marks = _mark_width(rows) if column.name == "NAME" else 0
        natural = min(naturals[index] + marks, MAX_NATURAL)
        specs.append(spec_of(column, index, natural, letter))
    return specs


def _naturals(
    least: Sequence[int], places: Sequence[int], rows: Sequence[Row], now: datetime
) -> list[int]:
    """How many cells of the screen the longest value of these rows takes, at least `least`."""
    naturals = [*least]
    for row in rows:
        for index, at in enumerate(places):
            value = row.value(at)
            length = 1 if value is None else len(text_of(value, row.gone or now))
            grows = GROWS if isinstance(value, datetime | Span) and not row.gone else 0
            naturals[index] = max(naturals[index], length, grows)
    return naturals


def _widened(
    specs: Sequence[Spec], places: Sequence[int], rows: Sequence[Row], now: datetime
) -> Sequence[Spec]:
    """With room for these rows, too. Names stay what they were."""
    naturals = _naturals([spec.natural for spec in specs], places, rows, now)
    if not any(
        new > spec.natural and spec.title != "NAME"
        for new, spec in zip(naturals, specs, strict=True)
    ):
        return specs
    columns = [Column(spec.title, spec.is_right) for spec in specs]
    return [
        spec
        if natural <= spec.natural or spec.title == "NAME"
        else spec_of(column, index, min(natural, MAX_NATURAL), spec.letter)
        for index, (spec, natural, column) in enumerate(zip(specs, naturals, columns, strict=True))
    ]


def spec_of(column: Column, index: int, natural: int, letter: str = "") -> Spec:
    """How a column shares the width. index: of its place, as later ones matter less."""
    return Spec(
        column.name, natural, least=min(natural, _LEAST.get(column.name, 12)),
        floor=_FLOORS.get(column.name, 0), weight=_WEIGHTS.get(column.name, 20 - index),
        is_right=column.is_right, letter=letter, keeps_ends=column.name in _PINNED,
    )  # fmt: skip


def _mark_width(rows: Sequence[Row]) -> int:
    """Room before a name for `‹gone 11:31› ` and `~ `, as far as any row has them."""
    gone = len("‹gone 11:31› ") if any(row.gone for row in rows) else 0
    return gone + (len("~ ") if any(row.obj.is_partial for row in rows) else 0)


def _cells(
    moment: Moment, columns: Sequence[Column], places: Sequence[int]
) -> Callable[[Row, int], Text | str]:
    """Makes the text of a cell when it comes into view."""

    def cell(row: Row, index: int) -> Text | str:
        at = places[index]
        name = columns[at].name
        value = row.value(at)
        text = "–" if value is None else text_of(value, row.gone or moment.now)
        if name == "NAME":
            said = f"‹gone {row.gone:%H:%M}› " if row.gone else ""
            return Text(said + ("~ " if row.obj.is_partial else "") + plain(text, 400))
        if name in _STATED:
            if row.gone and name == "STATUS":
                text = "Deleted"
            return Text(plain(text, 100), style="" if row.gone else _STYLES.get(row.state, ""))
        if name in ("RISK", "DANGER"):
            return Text(plain(text, 400), style="red" if row.severity >= HIGH else "")
        return text

    return cast("Callable[[Any, int], Text | str]", cell)


def _why_empty(inventory: Inventory, view: View, found: Table) -> str:
    """Why there is no row to be seen, in words."""
    feeds = [f for f in found.feeds if not view.namespace or f.namespace in ("", view.namespace)]
    unseen = [f for f in feeds if f.state not in ("live", "recorded")]
    if unseen and len(unseen) == len(feeds):
        is_one = len({feed.cluster for feed in feeds}) < 2
        words = (("" if is_one else f"{f.cluster}: ") + _feed_words(f, view) for f in unseen)
        return "; ".join(dict.fromkeys(words))
    if not feeds and view.kind not in (KINDS, CLUSTERS, CONTAINERS):
        return f"{view.kind} were not collected"
    place = f" in {view.namespace}" if view.namespace and not view.related else ""
    when = f" at {inventory.as_of:%H:%M:%S}" if inventory.as_of else ""
    others = ", ".join(_feed_words(feed, view) for feed in unseen)
    if view.namespace and not view.related and _is_no_namespace(inventory, view):
        return f"there is no namespace {plain(view.namespace, 80)}{when}: :ns lists them"
    return f"no {view.titled() if view.related else view.kind}{place}{when}" + (
        f"; {others}" if others else ""
    )


def _is_no_namespace(inventory: Inventory, view: View) -> bool:
    """Whether all namespaces are seen, and this is none of them."""
    names = {one.ref.name for one in inventory.objects("namespaces")}
    is_seen = all(feed.state == "live" for feed in inventory.feeds("namespaces"))
    return bool(names) and is_seen and view.namespace not in names


def _feed_words(feed: Feed, view: View) -> str:
    since = f" since {feed.since:%H:%M:%S}" if feed.since else ""
    words = {
        "hidden": feed.reason or f"no right to list {feed.kind} in {feed.namespace or 'all'}",
        "lost": f"feed lost{since}" + (f": {feed.reason}" if feed.reason else ""),
        "listing": "reading…",
        "not served": f"{feed.cluster} does not serve {feed.kind}",
        "not collected": feed.reason or f"{feed.kind} were not collected",
    }
    return plain(words.get(feed.state, feed.state), 200)
