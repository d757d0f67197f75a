"""A live session: clusters watched into a mirror, what they show recorded into a case."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING

from console.errors import CaseError
from console.live.access import learn
from console.live.delivery import Delivery, utc_now
from console.live.discovery import discover
from console.live.enginefeed import EngineFeed
from console.live.inventory import ClusterInfo, Inventory
from console.live.keeper import Keeper
from console.live.meter import Meter
from console.live.mirror import Mirror
from console.live.past import Past
from console.live.recorder import Recorder
from console.live.redact import Redactor

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.live.api import ClusterApi
    from console.live.engine import Engine


class Session:
    """start() and stop() once; everything else may be asked at any time, from any thread."""

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
        self.meter = Meter(self.mirror, self.apis, engine, namespace)
        self._recorder = Recorder(case, self.mirror) if is_recorded else None
        self._keeper = (
            Keeper(case, self.mirror, self.apis, namespace=namespace, has_logs=has_logs)
            if is_recorded and (has_logs or engine is not None)
            else None
        )
        self._is_recording = False
        self._began = utc_now()
        self._heard: float | None = None
        self._lost: dict[tuple[str, str, str], datetime] = {}

    @property
    def inventory(self) -> Inventory:
        return self.mirror

    @property
    def recorded_bytes(self) -> int | None:
        """On disk so far; None where nothing is recorded."""
        return self._recorder.status.bytes_stored if self._recorder else None

    @property
    def problem(self) -> str:
        """Why the newest lines are not recorded yet, if they are not."""
        return self._recorder.status.problem if self._recorder else ""

    def at(self, moment: datetime) -> Inventory | None:
        """As it was since we watch; None for a moment before that."""
        return Past(self.mirror, moment) if moment >= self._began else None

    def freshness(self) -> tuple[datetime | None, float | None]:
        """(since when a feed is lost, seconds since anything was heard)."""
        lost = min(list(self._lost.values()), default=None)
        heard = self._heard
        return lost, None if heard is None else time.monotonic() - heard

    def want(self, kind: str) -> None:
        """Watch this kind too, if it is served and not watched yet."""
        found = self.mirror.find_kind(kind)
        if found is not None and not self.mirror.feeds(found.key):
            self.mirror.want(found.key)

    def start(self) -> None:
        self._began = utc_now()
        self.mirror.subscribe(self._hear)
        self.mirror.start(list(self.apis.values()), namespace=self.namespace, discover=discover)
        if self._keeper is not None:
            self._keeper.start()
        if self.engine is not None:
            Thread(target=self._attach, args=(self.engine,), name="engine", daemon=True).start()
        for api in self.apis.values():
            Thread(target=self._learn, args=(api,), name=f"learn {api.name}", daemon=True).start()

    def _hear(self, delivery: Delivery) -> None:
        """In a feed's thread; quick."""
        feed = (delivery.cluster, delivery.kind, delivery.namespace)
        if delivery.type == "LOST":
            self._lost.setdefault(feed, delivery.at)
            return
        if delivery.type != "LISTING":
            self._heard = time.monotonic()
            if delivery.type in ("SYNCED", "RESUMED", "HIDDEN", "UNSERVED", "STOPPED"):
                self._lost.pop(feed, None)

    def _learn(self, api: ClusterApi) -> None:
        """Who we are there; a server that does not answer says so where the access is shown."""
        try:
            info = learn(api, self.namespace)
        except CaseError as error:
            info = replace(ClusterInfo(api.name, api.server), notes=(str(error),))
        self.mirror.describe(info)
        self._record()

    def _attach(self, engine: Engine) -> None:
        """The engine's containers, images, networks and volumes beside the clusters."""
        keep = self._keeper.note_event if self._keeper else lambda document: None
        self.mirror.attach(EngineFeed(engine, keep))
        try:
            self.mirror.describe(engine.learn())
        except CaseError as error:
            self.mirror.describe(ClusterInfo(engine.name, notes=(str(error),)))
        self._record()

    def _record(self) -> None:
        if self._recorder is not None and not self._is_recording:
            self._is_recording = True
            self._recorder.start()  # its first entry says as whom we watch

    def stop(self) -> None:
        self.meter.stop()
        self.mirror.stop()
        if self._recorder is not None and self._is_recording:
            self._recorder.stop()
        if self._keeper is not None:
            self._keeper.stop()
        for api in self.apis.values():
            api.close()
        if self.engine is not None:
            self.engine.close()
