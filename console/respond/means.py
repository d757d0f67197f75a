"""What an action acts with: a cluster, an engine, a node probe; each made when first used."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from time import sleep
from typing import TYPE_CHECKING, Any

from console.errors import Cancelled, CaseError
from console.live.engineerrors import asking
from console.respond.cluster import Cluster
from console.respond.config import Config, ContextRules, load_config

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.live.api import ClusterApi
    from console.respond.netns import Measured, Rounds
    from console.respond.packets import Watch
    from console.visibility.collect import Options, Way


@dataclass
class Means:
    """case: probes write into its journal; None for a look without a case."""

    case: Case | None = None
    context: str | None = None
    kubeconfig: str | None = None
    config: Config = field(default_factory=load_config)
    api: ClusterApi | None = None  # where somebody connected already
    # what a probe measured while it acted, by what it set: verified without another probe, once
    measured: dict[str, Measured] = field(default_factory=dict)
    # told what was measured before, by a step that does so itself just before it acts
    found_before: Callable[[Any], None] = lambda measured: None
    # told how a step that takes long stands; may have it stopped
    watch: Watch | None = None
    say: Callable[[str], None] = lambda line: None
    # once it is set: what only reads ends where it reads, what acts stops between two steps
    cancelled: Event | None = None
    counted: Callable[[int], None] = lambda size_bytes: None  # told of bytes as they come
    # probes that go on measuring between baseline and verdict, by the pod's uid
    rounds: dict[str, Rounds] = field(default_factory=dict)
    # id of the action that is under way: its probes are journalled as its own
    acting: str = ""
    _cluster: Cluster | None = None
    _engine: Any = None

    @property
    def cluster(self) -> Cluster:
        """Raises UsageError without a kubeconfig."""
        if self._cluster is None:
            if self.api is None:
                from console.live.api import connect

                self.api = connect(self.context, kubeconfig=self.kubeconfig)
            self._cluster = Cluster(self.api)
        return self._cluster

    @property
    def engine(self) -> Any:
        """The engine that is found by the environment, as `docker.APIClient`. Raises CaseError."""
        if self._engine is None:
            from console.live.engine import Engine

            self._engine = Engine.connect().client.api
        return self._engine

    def use_engine(self, client: Any) -> None:
        """The one that a screen shows, whatever the environment names. client: an APIClient."""
        self._engine = client

    def name(self, kind: str) -> str:
        """What the target lives in: the context's name, or the engine's address."""
        if kind == "container":
            return str(self.engine.base_url)
        cluster = self.cluster
        return cluster.api.name

    def rules(self, kind: str) -> ContextRules:
        return self.config.rules(self.name(kind))

    def looking(self, way: Way) -> Options:
        """How a snapshot looks inside; where nothing may be changed, without a probe."""
        from console.visibility.collect import Options

        is_readonly = self.rules("").is_readonly
        return Options(
            way, image=self.config.probe_image, pull=self.config.probe_pull,
            may_start=lambda footprint: not is_readonly, counted=self.counted,
            cancelled=self.cancelled,
        )  # fmt: skip

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled is not None and self.cancelled.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, between two looks. Raises Cancelled."""

        if self.cancelled is None:
            sleep(seconds)
        elif self.cancelled.wait(seconds):
            raise Cancelled("cancelled")

    def release(self) -> None:
        """No probe goes on measuring; one that can't be removed now is by the action's next run."""
        while self.rounds:
            with suppress(CaseError):
                self.rounds.popitem()[1].close()


def asked(where: str, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """One call to the engine; raises CaseError."""
    with asking(where):
        return call(*args, **named)
