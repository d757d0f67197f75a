"""Asks kubelets, the metrics API or the engine what containers use, again and again, once wanted.

Nothing is asked before `start()`: figures cost a cluster one request per node and round. A
recording starts it at a slow pace, a screen at its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import msgspec

from console.errors import CaseError
from console.live.delivery import utc_now
from console.live.doc import text
from console.live.metering import Fetched, fetch_pod_metrics, fetch_summaries
from console.live.metrics import Metrics, Reading
from console.live.pods import parse_pod

if TYPE_CHECKING:
    from console.live.api import ClusterApi
    from console.live.engine import Engine
    from console.live.inventory import Inventory

EVERY_S = 15.0  # a kubelet looks about every ten
RECORDED_S = 60.0  # between rounds while nobody looks and a recording wants them
FIRST_S = 3.0  # until there is a rate, which needs two looks
FORGET = timedelta(minutes=15)
AT_ONCE = 32  # nodes, after which what was told is shown
REST_ROUNDS = 8  # so long a node is left alone that did not answer
METRICS_API = "pods.metrics.k8s.io"


class Meter:
    """start() and stop() at any time, from any thread; `metrics` may be read meanwhile."""

    def __init__(
        self, inventory: Inventory, apis: Mapping[str, ClusterApi], engine: Engine | None = None,
        namespace: str = "", told: Callable[[Sequence[Reading]], None] = lambda readings: None,
    ) -> None:  # fmt: skip
        """told: takes every reading, in the meter's thread."""
        self.metrics = Metrics()
        self._told, self._every_s = told, RECORDED_S
        self._inventory, self._apis, self._engine = inventory, apis, engine
        self._namespace = namespace
        self._problems: tuple[str, ...] = ()
        self._resting: dict[tuple[str, str], int] = {}
        self._refused: set[str] = set()  # clusters whose kubelets we may not ask
        self._stop, self._hurry = Event(), Event()
        self._lock = Lock()
        self._thread: Thread | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """What the last round was not told, in words."""
        return self._problems

    def start(self, every_s: float = EVERY_S) -> None:
        """every_s: between rounds; of several that were asked for the shortest."""
        with self._lock:
            if every_s < self._every_s:
                self._every_s = every_s
                self._hurry.set()
            if self._thread is None:
                self._thread = Thread(target=self._run, name="meter", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Returns at once: a kubelet that does not answer is not waited for."""
        self._stop.set()
        self._hurry.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._hurry.clear()
            self.look()
            if not self._stop.is_set():
                self._hurry.wait(self._every_s if self.has_rates else FIRST_S)

    @property
    def has_rates(self) -> bool:
        """Whether anything can be said of the processor already."""
        subjects = self.metrics.subjects()
        return any(self.metrics.latest(subject, "cpu") is not None for subject in subjects)

    def look(self) -> None:
        """One round through every cluster and the engine."""
        problems: list[str] = []
        for api in self._apis.values():
            problems += self._ask_cluster(api)
        if self._engine is not None:
            problems += self._ask_engine(self._engine)
        self.metrics.forget(utc_now() - FORGET)
        self._problems = tuple(dict.fromkeys(problems))

    def _take(self, readings: Sequence[Reading]) -> None:
        self.metrics.add(readings)
        self._told(readings)

    # -- a cluster

    def _ask_cluster(self, api: ClusterApi) -> list[str]:
        """The kubelets tell more; who may not ask them can still ask the metrics API."""
        if api.name in self._refused:
            return self._ask_metrics_api(api)
        nodes = [node for node in self._nodes(api.name) if self._is_due(api.name, node)]
        problems: list[str] = []
        refused = 0
        for at in range(0, len(nodes), AT_ONCE):
            if self._stop.is_set():
                break
            found = fetch_summaries(api, nodes[at : at + AT_ONCE])
            self._take(found.readings)
            problems += found.problems
            refused += len(found.refused)
            self._resting |= {(api.name, node): REST_ROUNDS for node in found.silent}
            if refused == at + AT_ONCE:
                break  # they will all say the same
        if refused and refused >= min(len(nodes), AT_ONCE):
            self._refused.add(api.name)
            return self._ask_metrics_api(api)
        resting = sum(1 for cluster, _ in self._resting if cluster == api.name)
        if len(problems) > 3 or (resting and not problems):
            return [f"{resting} kubelets of {api.name} do not answer"]
        return problems

    def _ask_metrics_api(self, api: ClusterApi) -> list[str]:
        kind = self._inventory.find_kind(METRICS_API)
        if kind is None:
            return [f"no right to get nodes/proxy in {api.name}, and it serves no metrics API"]
        found: Fetched = fetch_pod_metrics(api, kind, self._namespace)
        self._take(found.readings)
        return list(found.problems)

    def _nodes(self, cluster: str) -> Iterator[str]:
        """On which pods run that are seen; the list of nodes itself may be hidden."""
        names = set()
        for obj in self._inventory.objects("pods", self._namespace, with_gone=False):
            if obj.ref.cluster == cluster:
                try:
                    names.add(parse_pod(obj.raw).spec.nodeName)
                except msgspec.MsgspecError:
                    continue
        yield from sorted(name for name in names if name)

    def _is_due(self, cluster: str, node: str) -> bool:
        left = self._resting.pop((cluster, node), 0)
        if left > 1:
            self._resting[cluster, node] = left - 1
        return left <= 1

    # -- an engine

    def _ask_engine(self, engine: Engine) -> list[str]:
        problems = []
        for obj in self._inventory.objects("containers.docker", with_gone=False):
            if self._stop.is_set():
                break
            if obj.ref.cluster != engine.name or text(obj.doc, "State", "Status") != "running":
                continue
            try:
                reading = engine.stats(obj.ref.uid)
            except CaseError as error:
                problems.append(str(error))
                continue
            if reading is not None:
                self._take([reading])
        return problems[:3]
