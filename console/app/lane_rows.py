"""Lanes as rows of signs: how an entity stood, what happened in it, names that tell it apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.text import Text

from console.app.blocks import block
from console.app.safe import plain
from console.app.widgets.event_cells import fit, short_who
from console.case.timeline import Lane, Window
from console.live.cells import State
from console.live.lifetimes import Lifetime

# Kinds whose objects an event column names.
LIVING: Mapping[str, tuple[str, ...]] = {
    "pod": ("pods",),
    "workload": (
        "deployments.apps", "statefulsets.apps", "daemonsets.apps", "replicasets.apps",
        "cronjobs.batch", "jobs.batch",
    ),
    "node": ("nodes",),
    "namespace": ("namespaces",),
}  # fmt: skip
_SIGNS: Mapping[State, tuple[str, str]] = {
    "ok": ("━", "green"), "": ("━", ""), "pending": ("╌", "yellow"), "bad": ("×", "bold red"),
    "done": ("─", "dim"),
}  # fmt: skip
_WORST: tuple[State, ...] = ("bad", "pending", "ok", "", "done")
BEGIN, END, STEP = "┝", "┥", "┿"


def names_apart(names: Sequence[str], width: int) -> list[str]:
    """Each name in `width` cells; those that would look alike are written out and cut inside."""
    short = [fit(short_who(name), width) for name in names]
    alike = Counter(short)
    return [
        _in_the_middle(plain(name, 400), width) if alike[said] > 1 else said
        for name, said in zip(names, short, strict=True)
    ]


def _in_the_middle(name: str, width: int) -> str:
    head = (width - 1) // 3
    cut = name if len(name) <= width else f"{name[:head]}…{name[head + 1 - width :]}"
    return fit(cut, width)


def lane_signs(lane: Lane, lives: Sequence[Lifetime], window: Window) -> Text:
    """★ somebody spoke of it, ! it failed, ┝ ┿ ┥ it began, changed its state, ended; how much
    happened; ━ ready, ╌ on its way, × at fault, ─ over, · nothing is known."""
    text = Text(no_wrap=True)
    top = max((count for count, _ in lane.buckets), default=1)
    stands = life_signs(lives, window, len(lane.buckets))
    for bucket, (count, is_bad) in enumerate(lane.buckets):
        sign, style = stands.get(bucket, ("·", "dim"))
        if bucket in lane.cited:
            text.append("★", "bold")
        elif count and is_bad:
            text.append("!", "bold red")
        elif sign in (BEGIN, END, STEP):
            text.append(sign, style)
        elif count:
            text.append(block(count, top), style if style != "dim" else "")
        else:
            text.append(sign, style)
    return text


def life_signs(
    lives: Sequence[Lifetime], window: Window, buckets: int
) -> dict[int, tuple[str, str]]:
    """(sign, style) of each bucket in which one of them was there."""
    if not lives or window.start is None or window.stop is None:
        return {}
    step = (window.stop - window.start) / buckets
    found: dict[int, tuple[str, str]] = {}
    for bucket in range(buckets):
        begin = window.start + bucket * step
        end = begin + step
        there = [s for life in lives if (s := _in(life, begin, end)) is not None]
        if not there:
            continue
        state = next(state for state in _WORST if state in there)
        sign, style = _SIGNS[state]
        found[bucket] = (_mark(lives, begin, end) or sign, style)
    return found


def _in(life: Lifetime, begin: datetime, end: datetime) -> State | None:
    """The last state that it had in this time."""
    if life.start >= end or (life.gone is not None and life.gone < begin):
        return None
    return [one.state for one in life.stretches if one.start < end][-1]


def _mark(lives: Sequence[Lifetime], begin: datetime, end: datetime) -> str:
    for life in lives:
        if life.is_begun and begin <= life.start < end:
            return BEGIN
        if life.gone is not None and begin <= life.gone < end:
            return END
    starts = (one.start for life in lives for one in life.stretches[1:])
    return STEP if any(begin <= start < end for start in starts) else ""


def silent_lanes(
    lives: Mapping[str, Sequence[Lifetime]], lanes: Sequence[Lane], window: Window, limit: int
) -> list[Lane]:
    """Of what was there in this time without an event that names it."""
    known = {lane.name for lane in lanes}
    buckets = len(lanes[0].buckets) if lanes else 0
    if not buckets or window.start is None or window.stop is None:
        return []
    begin, end = window.start, window.stop
    names = sorted(
        name
        for name, of in lives.items()
        if name not in known and any(_in(life, begin, end) is not None for life in of)
    )
    return [Lane(name, 0, ((0, 0),) * buckets) for name in names[: max(0, limit - len(lanes))]]


def life_words(lives: Sequence[Lifetime]) -> str:
    """In words, the newest first."""
    return "   ".join(str(life) for life in sorted(lives, key=lambda x: x.start, reverse=True))


def short_words(lives: Sequence[Lifetime]) -> str:
    """How the last of them ended, or how it stands: `deleted 11:05:40 by sa shop:web`."""
    if not lives:
        return ""
    last = max(lives, key=lambda life: (life.gone is None, life.start))
    more = f" (+{len(lives) - 1})" if len(lives) > 1 else ""
    if last.gone is None:
        return plain(last.stretches[-1].word, 40) + more
    by = f" by {short_who(last.gone_by)}" if last.gone_by else ""
    return f"deleted {last.gone:%H:%M:%S}{by}{more}"
