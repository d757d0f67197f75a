"""A pod as tables, risks and relations need it, and the words that kubectl has for its status.

Field names are the API's own. What is not named here is skipped while decoding, which makes 5,000
pods cost tens of milliseconds.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from console.live.cells import State, moment

MIRROR = "kubernetes.io/config.mirror"  # the kubelet's annotation on what a static pod is shown as


class Fact(msgspec.Struct, gc=False):
    """A part of an object that is only read."""


class Owner(Fact):
    kind: str = ""
    name: str = ""
    uid: str = ""
    apiVersion: str = ""
    controller: bool | None = None


class Meta(Fact):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    creationTimestamp: str | None = None
    deletionTimestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    ownerReferences: list[Owner] | None = None
    generation: int | None = None

    @property
    def created(self) -> datetime | None:
        return moment(self.creationTimestamp)

    @property
    def owner(self) -> Owner | None:
        """The controller, else the first owner."""
        owners = self.ownerReferences or []
        return next((o for o in owners if o.controller), owners[0] if owners else None)


class Capabilities(Fact):
    add: list[str] | None = None
    drop: list[str] | None = None


class Profile(Fact):
    type: str = ""


class Security(Fact):
    """Of a pod or a container; a container's own value wins."""

    privileged: bool | None = None
    capabilities: Capabilities | None = None
    runAsUser: int | None = None
    runAsNonRoot: bool | None = None
    readOnlyRootFilesystem: bool | None = None
    allowPrivilegeEscalation: bool | None = None
    procMount: str | None = None
    seccompProfile: Profile | None = None
    appArmorProfile: Profile | None = None


class Resources(Fact):
    limits: dict[str, str | int | float] | None = None
    requests: dict[str, str | int | float] | None = None


class Mount(Fact):
    name: str = ""
    mountPath: str = ""
    readOnly: bool | None = None
    subPath: str | None = None


class Container(Fact):
    name: str = ""
    image: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    workingDir: str | None = None
    resources: Resources | None = None
    volumeMounts: list[Mount] | None = None
    securityContext: Security | None = None
    restartPolicy: str | None = None


class HostPath(Fact):
    path: str = ""
    type: str | None = None


class Projected(Fact):
    sources: list[dict[str, msgspec.Raw]] | None = None


class Volume(Fact):
    name: str = ""
    hostPath: HostPath | None = None
    projected: Projected | None = None


class PodSpec(Fact):
    containers: list[Container] | None = None
    initContainers: list[Container] | None = None
    ephemeralContainers: list[Container] | None = None
    volumes: list[Volume] | None = None
    nodeName: str | None = None
    serviceAccountName: str | None = None
    automountServiceAccountToken: bool | None = None
    hostPID: bool | None = None
    hostIPC: bool | None = None
    hostNetwork: bool | None = None
    hostUsers: bool | None = None
    shareProcessNamespace: bool | None = None
    securityContext: Security | None = None

    @property
    def service_account(self) -> str:
        return self.serviceAccountName or "default"

    @property
    def all_containers(self) -> list[Container]:
        return [
            *(self.initContainers or ()),
            *(self.containers or ()),
            *(self.ephemeralContainers or ()),
        ]


class Running(Fact):
    startedAt: str | None = None


class Waiting(Fact):
    reason: str | None = None
    message: str | None = None


class Terminated(Fact):
    exitCode: int = 0
    signal: int | None = None
    reason: str | None = None
    message: str | None = None
    startedAt: str | None = None
    finishedAt: str | None = None


class ContainerState(Fact):
    running: Running | None = None
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(Fact):
    name: str = ""
    ready: bool | None = None
    started: bool | None = None
    restartCount: int = 0
    image: str = ""
    imageID: str = ""
    containerID: str = ""
    state: ContainerState | None = None
    lastState: ContainerState | None = None


class Condition(Fact):
    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None
    lastTransitionTime: str | None = None


class PodStatus(Fact):
    phase: str | None = None
    reason: str | None = None
    podIP: str | None = None
    hostIP: str | None = None
    qosClass: str | None = None
    conditions: list[Condition] | None = None
    containerStatuses: list[ContainerStatus] | None = None
    initContainerStatuses: list[ContainerStatus] | None = None
    ephemeralContainerStatuses: list[ContainerStatus] | None = None


class Pod(Fact):
    metadata: Meta = msgspec.field(default_factory=Meta)
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)

    @property
    def is_mirror(self) -> bool:
        """Of a static pod: the kubelet runs a file of its node, the API only shows it."""
        return MIRROR in (self.metadata.annotations or {})


class Summary(msgspec.Struct, frozen=True):
    """What `kubectl get pods` says. last: the newest end of a container that is known."""

    status: str
    ready: int
    total: int
    restarts: int
    last: Terminated | None


_decode_pod = msgspec.json.Decoder(Pod, strict=False).decode


def parse_pod(raw: bytes) -> Pod:
    """Raises msgspec.MsgspecError where a field has another type than the API gives it."""
    return _decode_pod(raw)


def summary_of(pod: Pod) -> Summary:
    """Source: kubernetes pkg/printers/internalversion, printPod."""
    spec, status = pod.spec, pod.status
    restartable = {c.name for c in spec.initContainers or () if c.restartPolicy == "Always"}
    total = len(spec.containers or ()) + len(restartable)
    word = status.reason or status.phase or "Unknown"
    for condition in status.conditions or ():
        if condition.type == "PodScheduled" and condition.reason == "SchedulingGated":
            word = "SchedulingGated"
    ready = restarts = sidecar_restarts = 0
    init_word = ""
    for index, init in enumerate(status.initContainerStatuses or ()):
        restarts += init.restartCount
        if init.name in restartable:
            sidecar_restarts += init.restartCount
        state = init.state or ContainerState()
        ended = state.terminated
        if ended is not None and ended.exitCode == 0:
            continue
        if init.name in restartable and init.started:
            ready += bool(init.ready)
            continue
        if ended is not None:
            init_word = f"Init:{ended.reason or _ended(ended)}"
        elif state.waiting and state.waiting.reason not in (None, "", "PodInitializing"):
            init_word = f"Init:{state.waiting.reason}"
        else:
            init_word = f"Init:{index}/{len(spec.initContainers or ())}"
        break
    if init_word:
        word = init_word
    else:
        restarts = sidecar_restarts
        word, ready_count, more = _main_word(word, status)
        ready, restarts = ready + ready_count, restarts + more
    if pod.metadata.deletionTimestamp:
        word = "Unknown" if status.reason == "NodeLost" else "Terminating"
    return Summary(word, ready, total, restarts, _last_end(status))


def _main_word(word: str, status: PodStatus) -> tuple[str, int, int]:
    """Status, ready containers and restarts of the main containers."""
    ready = restarts = 0
    has_running = False
    for container in reversed(status.containerStatuses or ()):
        restarts += container.restartCount
        state = container.state or ContainerState()
        if state.waiting and state.waiting.reason:
            word = state.waiting.reason
        elif state.terminated:
            word = state.terminated.reason or _ended(state.terminated)
        elif container.ready and state.running:
            has_running = True
            ready += 1
    if word == "Completed" and has_running:
        is_ready = any(c.type == "Ready" and c.status == "True" for c in status.conditions or ())
        word = "Running" if is_ready else "NotReady"
    return word, ready, restarts


def _ended(ended: Terminated) -> str:
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exitCode}"


def _last_end(status: PodStatus) -> Terminated | None:
    ends = [
        state.terminated
        for container in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ()))
        for state in (container.state, container.lastState)
        if state and state.terminated and (container.restartCount or state.terminated.exitCode)
    ]
    return max(ends, key=lambda end: end.finishedAt or "", default=None)


def state_of(summary: Summary) -> State:
    """How it stands, for a mark or a colour beside the word."""
    word = summary.status.removeprefix("Init:")
    if word == "Running":
        return "ok" if summary.ready == summary.total else "pending"
    if word in ("Completed", "Succeeded"):
        return "done"
    if word in ("Pending", "ContainerCreating", "PodInitializing", "Terminating", "Unknown",
                "SchedulingGated", "NotReady") or word[:1].isdigit():  # fmt: skip
        return "pending"
    return "bad"


def registry_of(image: str) -> str:
    """The host that an image is pulled from. Source: distribution, ParseNormalizedNamed."""
    first, slash, _ = image.partition("/")
    has_host = slash and ("." in first or ":" in first or first == "localhost")
    return first if has_host else "docker.io"
