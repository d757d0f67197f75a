"""A live session: clusters watched into a mirror, what they show recorded into a case."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from console.errors import CaseError
from console.live.access import learn
from console.live.delivery import OBJECT_TYPES, Delivery, utc_now
from console.live.discovery import discover
from console.live.feeding import FIRST_KINDS
from console.live.heap import keep_off
from console.live.inventory import ClusterInfo, Inventory
from console.live.meter import RECORDED_S, Meter
from console.live.metrics import Reading
from console.live.mirror import Mirror
from console.live.past import Past
from console.live.redact import Redactor

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.live.api import ClusterApi
    from console.live.engine import Engine
    from console.live.keeper import Keeper
    from console.live.recorder import Recorder

FILL_S = 60.0  # after which the first lists count as read
FIRST_S = 5.0  # so long everything else waits for what the first screen shows
DRAWN_S = 1.0  # and then for the screen to show it


class Session:
    """stop() once; everything else may be asked at any time, from any thread.

    What the first screen shows is asked for first; who we are and the recorder, which begins with
    all that is there by then, follow.
    """

    def __init__(
        self, apis: Sequence[ClusterApi], case: Case, *, namespace: str = "",
        engine: Engine | None = None, is_recorded: bool = True, is_readonly: bool = False,
        has_logs: bool = False,
    ) -> None:  # fmt: skip
        """has_logs: record what the pods write, too."""
        self.apis: Mapping[str, ClusterApi] = {api.name: api for api in apis}
        self.engine = engine
        if engine is not None:  # the same masks as the clusters' and the case's index
            engine.redactor = Redactor(case.masking_key())
        self.is_readonly = is_readonly
        self.mirror = Mirror(masking_key=case.masking_key())
        self.namespace = namespace
        self.meter = Meter(self.mirror, self.apis, engine, namespace, self._note_usage)
        self._case, self._is_recorded, self._has_logs = case, is_recorded, has_logs
        self._recorder: Recorder | None = None
        self._keeper: Keeper | None = None
        self._lock = Lock()
        self._is_started = False
        self._has_first, self._is_drawn, self._is_full = Event(), Event(), Event()
        self._began = utc_now()
        self._heard: float | None = None
        self._lost: dict[tuple[str, str, str], datetime] = {}

    @property
    def inventory(self) -> Inventory:
        return self.mirror

    @property
    def recorded_bytes(self) -> int | None:
        """On disk so far; None where nothing is recorded."""
        if not self._is_recorded:
            return None
        return self._recorder.status.bytes_stored if self._recorder else 0

    @property
    def problem(self) -> str:
        """Why the newest lines are not recorded yet, if they are not."""
        return self._recorder.status.problem if self._recorder else ""

    def at(self, moment: datetime) -> Inventory | None:
        """As it was since we watch; None for a moment that the recording tells better of."""
        forgotten = self.mirror.forgotten_until if self._is_recorded else None
        if moment < self._began or (forgotten is not None and moment < forgotten):
            return None
        return Past(self.mirror, moment)

    def freshness(self) -> tuple[datetime | None, float | None]:
        """(since when a feed is lost, seconds since anything was heard)."""
        lost = min(list(self._lost.values()), default=None)
        heard = max(filter(None, (self._heard, self.mirror.heard_at)), default=None)
        return lost, None if heard is None else time.monotonic() - heard

    def want(self, kind: str) -> None:
        """Watch this kind too, if it is served and not watched yet."""
        found = self.mirror.find_kind(kind)
        if found is not None and not self.mirror.feeds(found.key):
            self.mirror.want(found.key)

    def tell_drawn(self) -> None:
        """A screen shows what there was: if that was all of the first kind, the rest may follow."""
        if self._has_first.is_set():
            self._is_drawn.set()

    def start(self) -> None:
        """Begin to list and watch; asked again, nothing."""
        if self._is_started:
            return
        self._is_started = True
        self._began = utc_now()
        self.mirror.subscribe(self._hear)
        self.mirror.start(
            list(self.apis.values()), namespace=self.namespace, discover=discover,
            leave=self._is_drawn,
        )  # fmt: skip
        keep_off(lambda: self._is_full.wait(FILL_S))
        if self._has_logs or self.engine is not None:
            with self._lock:
                self._keep()
        if self.engine is not None:
            Thread(target=self._attach, args=(self.engine,), name="engine", daemon=True).start()
        for api in self.apis.values():
            Thread(target=self._learn, args=(api,), name=f"learn {api.name}", daemon=True).start()

    def _hear(self, delivery: Delivery) -> None:
        """In a feed's thread; quick."""
        feed = (delivery.cluster, delivery.kind, delivery.namespace)
        if delivery.type not in OBJECT_TYPES and not self._is_full.is_set():
            if self.mirror.has_settled([FIRST_KINDS[0].key]):
                self._has_first.set()
            if self.mirror.has_settled():
                self._is_full.set()
        if delivery.type == "LOST":
            self._lost.setdefault(feed, delivery.at)
            return
        if delivery.type != "LISTING":
            self._heard = time.monotonic()
            if delivery.type in ("SYNCED", "RESUMED", "HIDDEN", "UNSERVED", "STOPPED"):
                self._lost.pop(feed, None)

    def _learn(self, api: ClusterApi) -> None:
        """Who we are there; a server that does not answer says so where the access is shown."""
        self._has_first.wait(FIRST_S)
        self._is_drawn.wait(DRAWN_S)
        try:
            info = learn(api, self.namespace)
        except CaseError as error:
            info = replace(ClusterInfo(api.name, api.server), notes=(str(error),))
        self.mirror.describe(info)
        self._record()

    def _attach(self, engine: Engine) -> None:
        """The engine's containers, images, networks and volumes beside the clusters."""
        from console.live.enginefeed import EngineFeed

        def keep(document: Mapping[str, Any]) -> None:
            if self._keeper is not None:
                self._keeper.note_event(document)

        self.mirror.attach(EngineFeed(engine, keep))
        try:
            self.mirror.describe(engine.learn())
        except CaseError as error:
            self.mirror.describe(ClusterInfo(engine.name, notes=(str(error),)))
        self._record()

    def _record(self) -> None:
        """From now on; its first entry says as whom we watch."""
        with self._lock:
            if self._is_recorded and self._recorder is None:
                from console.live.recorder import Recorder

                self._recorder = Recorder(self._case, self.mirror)
                self._recorder.start()
                self._keep()
                self.meter.start(RECORDED_S)

    def _keep(self) -> None:
        """Record what is no object, too; with the lock held."""
        if self._is_recorded and self._keeper is None:
            from console.live.keeper import Keeper

            self._keeper = Keeper(
                self._case, self.mirror, self.apis, namespace=self.namespace,
                has_logs=self._has_logs,
            )  # fmt: skip
            self._keeper.start()

    def _note_usage(self, readings: Sequence[Reading]) -> None:
        if self._keeper is not None:
            self._keeper.note_usage(readings)

    def stop(self) -> None:
        self.meter.stop()
        self.mirror.stop()
        with self._lock:
            self._is_recorded, recorder = False, self._recorder  # none begins from here on
        if recorder is not None:
            recorder.stop()
        if self._keeper is not None:
            self._keeper.stop()
        for api in self.apis.values():
            api.close()
        if self.engine is not None:
            self.engine.close()
