"""Where the cluster's screens read from: the live mirror, or what the evidence says of a moment.

One place decides it, so that every screen shows the same moment and the frame can say which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from console.case.workspace import Workspace
    from console.live.api import ClusterApi
    from console.live.engine import Engine
    from console.live.inventory import Inventory
    from console.live.meter import Meter

QUIET_S = 10.0  # with few rights, or in a small namespace, nothing happens for longer
Standing = Literal["live", "lost", "past", "offline"]


class Live(Protocol):
    """A running session: what the watches feed, what is recorded of it, how the server is asked."""

    @property
    def inventory(self) -> Inventory: ...

    @property
    def apis(self) -> Mapping[str, ClusterApi]:
        """By the cluster's name, as `Ref.cluster` has it."""

    @property
    def engine(self) -> Engine | None:
        """A container engine beside the clusters, or alone."""

    @property
    def meter(self) -> Meter:
        """What pods and containers use; it asks nobody before it is started."""

    @property
    def recorded_bytes(self) -> int | None:
        """None where nothing is recorded."""

    @property
    def is_readonly(self) -> bool: ...

    @property
    def namespace(self) -> str:
        """That was asked for; "" is all."""

    def freshness(self) -> tuple[datetime | None, float | None]:
        """(since when a feed is lost, seconds since the feeds were last heard of). Never waits."""

    def at(self, moment: datetime) -> Inventory | None:
        """As it was since the session began; None for an earlier moment."""

    def want(self, kind: str) -> None:
        """Watch this kind too (a `Kind.key`), if it is not yet; never waits."""

    def start(self) -> None:
        """Begin to list and watch, if it has not begun; returns at once."""

    def tell_drawn(self) -> None:
        """A screen shows what there was when it read; what was held back for it may follow."""

    def stop(self) -> None:
        """End watches, write what is recorded."""


@dataclass(frozen=True)
class Label:
    """What the first line says of the data: a sign, words, and whether it must catch the eye."""

    standing: Standing
    text: str
    is_warning: bool = False


class Source:
    """read: the evidence's view of a moment (None: its end). It reads files: workers only."""

    def __init__(
        self, read: Callable[[datetime | None], Inventory], live: Live | None = None
    ) -> None:
        self.live = live
        self.as_of: datetime | None = None
        self.epoch = 0  # grows when another inventory takes the place of the one before
        self._read = read
        self._lock = Lock()
        self._opened: Inventory | None = None
        self._told: Inventory | None = None  # by the evidence, up to its end
        self._end: datetime | None = None  # of the evidence: its "now"

    @property
    def opened(self) -> Inventory | None:
        """What can be read without waiting; None while the evidence was not opened yet."""
        if self.live is not None and self.as_of is None:
            return self.live.inventory
        return self._opened

    def open(self) -> Inventory:
        """The inventory at the moment that is shown; from a worker, as it may read evidence."""
        while True:
            known = self.opened
            if known is not None:
                return known
            with self._lock:
                if self._opened is None:
                    moment, epoch = self.as_of, self.epoch
                    found = self._at(moment)
                    self._end = self._end or found.as_of or _last_seen(found)
                    if epoch == self.epoch:
                        self._opened = found
                        return found

    def _at(self, moment: datetime | None) -> Inventory:
        """Of the session as far as it goes back, else of the evidence."""
        past = self.live.at(moment) if self.live and moment else None
        return past or self._read(moment)

    def whole(self) -> Inventory:
        """Everything that is known, whichever moment is shown; from a worker."""
        if self.live is not None:
            return self.live.inventory
        return self.open() if self.as_of is None else self._read(None)

    def history(self) -> Inventory:
        """What the timeline's events tell of, all of it: the evidence, which a running session
        adds to; the session alone where it records nothing. From a worker."""
        if self.live is not None and self.live.recorded_bytes is None:
            return self.live.inventory
        if self.live is None and self.as_of is None:
            return self.open()
        with self._lock:
            if self._told is None:
                self._told = self._read(None)
            return self._told

    def now(self, clock: datetime) -> datetime:
        """The moment that ages are counted to; clock: what time it is."""
        if self.as_of is not None:
            return self.as_of
        return clock if self.live is not None or self._end is None else self._end

    def go_to(self, moment: datetime | None) -> None:
        """Show another moment; None is now (or the end of what was recorded)."""
        if moment != self.as_of:
            self.as_of = moment
            self.forget()

    def forget(self) -> None:
        """The evidence has changed, or the moment: open it anew when it is asked for."""
        self._opened = None
        self.epoch += 1

    def label(self, *, is_narrow: bool = False) -> Label:
        if self.as_of is not None:
            day = "" if is_narrow else f"{self.as_of:%Y-%m-%d} "
            return Label("past", f"◷ AS OF {day}{self.as_of:%H:%M:%S}", is_warning=True)
        if self.live is None:
            return Label("offline", "▣ OFFLINE")
        engine = self.live.engine
        names = ",".join([*self.live.apis, *([engine.name] if engine else [])])
        name = names if len(names) <= 16 or not is_narrow else f"{names[:15]}…"
        lost, silent_s = self.live.freshness()
        if lost is not None:
            return Label("lost", f"◌ LOST {name} since {lost:%H:%M:%S}", is_warning=True)
        if silent_s is None:
            return Label("live", f"◉ LIVE {name} (listing…)")
        if silent_s >= QUIET_S:  # the watches stand; nothing came by them
            said = f"quiet {silent_s:.0f}s"
            said = said if is_narrow else f"({said})"
        else:
            said = f"{silent_s:.1f}s" if is_narrow else f"(watch {silent_s:.1f}s)"
        return Label("live", f"◉ LIVE {name} {said}")


def _last_seen(inventory: Inventory) -> datetime | None:
    """When the evidence was last told something."""
    newest = inventory.changes(limit=1)
    return newest[0].ts if newest else None


def read_evidence(workspace: Workspace, moment: datetime | None) -> Inventory:
    """What the case's evidence says of the cluster at a moment; None: at its end."""
    from console.live.recording import Recording

    return Recording(workspace, moment)
