"""The feeds of one cluster: what it serves is found out, then each wanted kind has its watch.

Nothing here blocks who calls it; a cluster that can't be reached is tried again with back-off.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from threading import Event, Lock, Thread

from console.errors import CaseError
from console.live.api import ClusterApi
from console.live.delivery import OBJECT_TYPES, Delivery, FeedType, utc_now
from console.live.inventory import Kind
from console.live.redact import Redactor
from console.live.watching import PATIENT, KindWatch, Patience

# What is watched unless something else is asked for, the most wanted first.
FIRST_KINDS = (
    Kind("", "v1", "pods", "Pod", True, short_names=("po",)),
    Kind("", "v1", "nodes", "Node", False, short_names=("no",)),
    Kind("", "v1", "namespaces", "Namespace", False, short_names=("ns",)),
)
_RBAC = "rbac.authorization.k8s.io"
DEFAULT_KINDS = (
    "pods", "nodes", "namespaces", "events", "deployments.apps", "replicasets.apps",
    "statefulsets.apps", "daemonsets.apps", "controllerrevisions.apps", "jobs.batch",
    "cronjobs.batch", "services", "endpoints", "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io", "configmaps", "secrets", "serviceaccounts",
    f"roles.{_RBAC}", f"rolebindings.{_RBAC}", f"clusterroles.{_RBAC}",
    f"clusterrolebindings.{_RBAC}",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "certificatesigningrequests.certificates.k8s.io", "persistentvolumes",
    "persistentvolumeclaims", "poddisruptionbudgets.policy", "leases.coordination.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
)  # fmt: skip
Discover = Callable[[ClusterApi], Sequence[Kind]]
HEAD_START_S = 3.0
LEAVE_S = 1.0
SLEPT_S = 20.0  # wall clock minus running time, from which on we take it that the machine slept
TICK_S = 5.0


class ClusterFeed:
    """One cluster. learned: called with the kinds that the server serves."""

    def __init__(
        self,
        api: ClusterApi,
        kinds: Iterable[str],
        namespace: str,
        *,
        discover: Discover,
        deliver: Callable[[Delivery], None],
        learned: Callable[[ClusterApi, Sequence[Kind]], None],
        redactor: Redactor,
        patience: Patience = PATIENT,
        leave: Event | None = None,
    ) -> None:
        """leave: for the other kinds, once the first one is there; not waited for long."""
        self.api, self.namespace = api, namespace
        self._discover, self._deliver, self._learned = discover, deliver, learned
        self._redactor, self._patience = redactor, patience
        self._wanted = list(dict.fromkeys(kinds))
        self._served: dict[str, Kind] | None = None
        self._watches: dict[str, KindWatch] = {}
        self._lock = Lock()
        self._stop = Event()
        self._first = Event()
        self._leave = leave
        self._lead = ""  # the first kind: once it is there, the others follow
        self._thread = Thread(target=self._run, name=f"cluster {api.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def wanted(self) -> list[str]:
        return list(self._wanted)

    @property
    def heard_at(self) -> float | None:
        """When the server last said anything, as `time.monotonic`: bookmarks too."""
        heard = (watch.heard_at for watch in tuple(self._watches.values()))
        return max((at for at in heard if at is not None), default=None)

    def want(self, kind: str) -> None:
        """Watch one more kind, now or as soon as discovery has answered."""
        with self._lock:
            if kind not in self._wanted:
                self._wanted.append(kind)
            if self._served is not None:
                self._begin(kind)

    def stop(self, timeout_s: float) -> None:
        """End all watches; those that hang in a request are left to end by themselves."""
        self._stop.set()
        self._first.set()
        deadline = time.monotonic() + timeout_s
        with self._lock:
            watches = list(self._watches.values())
        for watch in watches:
            watch.stop()
        for watch in watches:
            watch.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        self._begin_first()
        failures = 0
        while not self._stop.is_set():
            try:
                kinds = self._discover(self.api)
            except CaseError as error:
                if failures == 0:
                    self._all("LOST", str(error))
                limit = min(self._patience.cap_s, self._patience.base_s * 2 ** min(failures, 10))
                failures += 1
                self._stop.wait(random.uniform(0.0, limit))
            else:
                self._learned(self.api, kinds)
                self._begin_all({kind.key: kind for kind in kinds})
                self._tend()

    def _begin_first(self) -> None:
        """What the first screen shows does not wait for discovery: the core group is only ever v1.

        It gets a head start, as all kinds together are slower for the server and for us.
        """
        with self._lock:
            if self._stop.is_set():
                return
            first = [kind for kind in FIRST_KINDS if kind.key in self._wanted]
            self._lead = first[0].key if first else ""
            for kind in first:
                self._watch(kind)
        if first:
            self._learned(self.api, first)  # so that they are found by name, too
            self._first.wait(HEAD_START_S)
            if self._leave is not None:
                self._leave.wait(LEAVE_S)

    def _begin_all(self, served: dict[str, Kind]) -> None:
        with self._lock:
            self._served = served
            if not self._stop.is_set():
                for kind in self._wanted:
                    self._begin(kind)

    def _begin(self, kind: str) -> None:
        if kind in self._watches:
            return
        served = (self._served or {}).get(kind)
        if served is None:
            self._say(kind, "UNSERVED", f"the server does not serve {kind}")
            return
        self._watch(served)

    def _watch(self, kind: Kind) -> None:
        self._watches[kind.key] = watch = KindWatch(
            self.api, kind, self.namespace, self._take, self._redactor, self._patience
        )
        watch.start()

    def _take(self, delivery: Delivery) -> None:
        self._deliver(delivery)
        if delivery.kind == self._lead and delivery.type not in OBJECT_TYPES | {"LISTING"}:
            self._first.set()

    def _tend(self) -> None:
        """A machine that slept has dead connections that look alive: they are made anew."""
        offset = time.time() - time.monotonic()
        while not self._stop.wait(TICK_S):
            now = time.time() - time.monotonic()
            if now - offset > SLEPT_S:
                with self._lock:
                    watches = list(self._watches.values())
                for watch in watches:
                    watch.reconnect()
            offset = now

    def _all(self, what: FeedType, reason: str) -> None:
        """Of the kinds that have no watch yet, which would tell by itself."""
        with self._lock:
            wanted = [kind for kind in self._wanted if kind not in self._watches]
        for kind in wanted:
            self._say(kind, what, reason)

    def _say(self, kind: str, what: FeedType, reason: str) -> None:
        self._deliver(Delivery(utc_now(), self.api.name, kind, what, self.namespace, reason=reason))
