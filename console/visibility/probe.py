"""A node probe: a short-lived pod beside the suspect, never in it, of which nothing stays behind.

The probe lives in a namespace of its own that goes with it. Should kubecase die, the kubelet ends
the pod at its deadline, and the next run removes what is left (`sweep`). What it runs and may do is
the caller's: `ProbeSpec`. With host PID and uid 0 the kernel would let it signal and write through
/proc/PID/root, so its program must not.

Source: Kubernetes API, PodSpec (activeDeadlineSeconds, hostPID); capabilities(7).
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Event
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import CaseError
from console.live.api import ApiError, Conflict, Forbidden, NotFound, Unreachable
from console.visibility.cancelling import ended_when

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.case.journal import Entry
    from console.live.api import ClusterApi

# see everything of every process / read other users' files; neither writes (LAB: capability table)
READING = ("SYS_PTRACE", "DAC_READ_SEARCH")
# setns needs SYS_ADMIN and SYS_CHROOT, rules NET_ADMIN and NET_RAW, other processes the rest
ENTERING = ("SYS_ADMIN", "SYS_CHROOT", "NET_ADMIN", "NET_RAW", *READING)
LABEL = "app.kubernetes.io/managed-by"
UNTIL = "kubecase.io/until"
ANALYST = "kubecase.io/analyst"
PREFIX = "kubecase-probe-"
NAME = "probe"
IMAGE = "busybox:1.36"
OTHER_IMAGE = "--probe-image, or image of [probe] in config.toml"
START_SECONDS = 90.0
ASK_SECONDS = 0.2
BEGIN_SECONDS = 15.0
END_SECONDS = 100.0  # a kubelet that missed it looks at every pod again within 90 s
GRACE = timedelta(seconds=120)
# a kubelet that says one of these will not start the container without help
HOPELESS = frozenset(
    {"ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName",
     "CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)  # fmt: skip
# of a container that has ended; of one that never began it is ContainerCannotRun or StartError
RAN = frozenset({"Completed", "Error", "OOMKilled"})
_NAMESPACE = re.compile(PREFIX + "[0-9a-f]{8}")


class ProbeFailed(CaseError):
    """The probe did not start, or did not do its work."""


@dataclass(frozen=True)
class ProbeSpec:
    """What a probe is and may do. command: an argument vector; values go in `environment`.

    memory_bytes: of /work; 0 is none: a pod without volumes starts sooner, and has /dev/shm.
    deadline_s: after it the kubelet kills the probe, whatever became of us. action: id of the one
    that it is for, "" for none.
    """

    node: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    image: str = IMAGE
    pull: str = "IfNotPresent"
    capabilities: tuple[str, ...] = READING
    host_network: bool = False
    host_root: bool = True
    memory_bytes: int = 256 << 20
    deadline_s: int = 600
    action: str = ""

    def pod(self, namespace: str) -> dict[str, Any]:
        """The pod that is asked for."""
        volumes: list[dict[str, Any]] = []
        mounts: list[dict[str, Any]] = []
        if self.memory_bytes:
            # tmpfs: nothing that is read is written to the node's disk
            memory = {"medium": "Memory", "sizeLimit": self.memory_bytes}
            volumes.append({"name": "work", "emptyDir": memory})
            mounts.append({"name": "work", "mountPath": "/work"})
        if self.host_root:
            volumes.append({"name": "host", "hostPath": {"path": "/"}})
            mounts.append({"name": "host", "mountPath": "/host", "readOnly": True})
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": NAME, "namespace": namespace, "labels": {LABEL: "kubecase"}},
            "spec": {
                "nodeName": self.node,
                "hostPID": True,
                "hostNetwork": self.host_network,
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 0,
                "activeDeadlineSeconds": self.deadline_s,
                "tolerations": [{"operator": "Exists"}],
                "containers": [
                    {
                        "name": NAME,
                        "image": self.image,
                        "imagePullPolicy": self.pull,
                        "command": list(self.command),
                        "env": [  # the kubelet would read $(NAME) in a value
                            {"name": name, "value": value.replace("$", "$$")}
                            for name, value in self.environment.items()
                        ],
                        "securityContext": {
                            "runAsUser": 0,  # as another uid added capabilities are not effective
                            "privileged": False,
                            "allowPrivilegeEscalation": False,
                            "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"], "add": list(self.capabilities)},
                        },
                        "volumeMounts": mounts,
                    }
                ],
                "volumes": volumes,
            },
        }

    def footprint(self) -> tuple[str, ...]:
        """What the cluster and the node will have seen of it, in words."""
        network = "host network, " if self.host_network else ""
        root = "host root read-only, " if self.host_root else ""
        return (
            f"a namespace {PREFIX}… and in it one pod on node {visible(self.node)}",
            f"host PID, {network}{root}uid 0 with {', '.join(self.capabilities) or 'none'} only",
            f"image {visible(self.image)} ({self.pull})",
            f"removed when done, ended by the node after {self.deadline_s} s in any case",
        )


@dataclass(frozen=True)
class Probe:
    """A probe that was asked for. started_s: from the request until it ran."""

    api: ClusterApi
    spec: ProbeSpec
    namespace: str
    started_s: float = 0.0

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods/{NAME}"

    def lines(self, *, idle_s: float = 60.0) -> Iterator[bytes]:
        """What it prints, line by line, while it runs and to its end.

        The log stays readable while the pod is there, so a cut connection is taken up again.
        """
        count = 0
        for attempt in range(4):
            try:
                with self.api.stream(
                    f"{self.path}/log", idle_s=idle_s, follow=True, container=NAME
                ) as log:
                    for number, line in enumerate(log.lines()):
                        if number >= count:
                            count += 1
                            yield line
                return
            except (Unreachable, ApiError):
                if attempt == 3 or self.phase() in ("", "Failed"):
                    raise

    def phase(self) -> str:
        """The pod's phase; "" if it is gone."""
        try:
            return str(self.api.get_json(self.path).get("status", {}).get("phase", ""))
        except NotFound:
            return ""


@contextmanager
def probing(
    api: ClusterApi, spec: ProbeSpec, case: Case | None = None, *, cancelled: Event | None = None
) -> Iterator[Probe]:
    """A running probe; it and its namespace are gone (or going) when the block ends.

    cancelled: once it is set the probe is ended, be it in the middle: for one that only reads.
    Every step is in the journal before it is taken. Raises Forbidden without the right to create
    namespaces or pods, ProbeFailed where it does not start, Cancelled.
    """
    namespace = f"{PREFIX}{secrets.token_hex(4)}"
    began = time.monotonic()
    _record(
        case, "probe.started", spec, namespace, footprint=list(spec.footprint()),
        until=_until(spec).isoformat(timespec="seconds"),
    )  # fmt: skip
    try:
        _make_namespace(api, spec, namespace)
    except ApiError:  # refused: nothing of it is there
        _record(case, "probe.removed", spec, namespace)
        raise
    try:
        with ended_when(cancelled, lambda: remove(api, namespace)):
            _make_pod(api, spec, namespace)
            uid, container = _wait(api, spec, namespace)
            # what tells it from a copy of it, on the node and in a year
            _record(case, "probe.running", spec, namespace, uid=uid, container_id=container)
            yield Probe(api, spec, namespace, time.monotonic() - began)
    except BaseException:
        with suppress(CaseError):  # what it failed with is said, not what followed from that
            end(api, namespace)  # it may be in the middle of what nobody waits for any more
            _record(case, "probe.removed", spec, namespace)
        raise
    remove(api, namespace)
    _record(case, "probe.removed", spec, namespace)


def end(api: ClusterApi, namespace: str) -> None:
    """Remove a probe, and know that it does nothing any more: its node says so.

    Raises ProbeFailed where the node does not; the probe's deadline holds.
    """
    path = f"/api/v1/namespaces/{namespace}/pods/{NAME}"
    with suppress(NotFound):
        _outwait_start(api, path)
        deadline = time.monotonic() + END_SECONDS
        # with no time to end, the pod would be forgotten before its node has ended it
        api.request("DELETE", path, params={"gracePeriodSeconds": 1})
        while not _has_run(api.get_json(path).get("status", {})):
            if time.monotonic() > deadline:
                raise ProbeFailed(
                    f"its node does not say that the probe ended, for {END_SECONDS:.0f} s",
                    where=f"namespace {namespace}",
                    hint="is the node ready? then try again",
                )
            time.sleep(ASK_SECONDS)
    remove(api, namespace)


def _outwait_start(api: ClusterApi, path: str) -> None:
    """A kubelet (seen: 1.20) that loses a pod while it starts its container lets that run on for
    a minute or two. Raises NotFound."""
    deadline = time.monotonic() + BEGIN_SECONDS
    while time.monotonic() < deadline:
        status = api.get_json(path).get("status", {})
        reasons = {one.get("reason") for one in _waiting(status)}
        if status.get("phase") != "Pending" or reasons & HOPELESS:
            return
        time.sleep(ASK_SECONDS)


def left_by(entries: Iterable[Entry], action: str) -> dict[str, bool]:
    """Namespaces of the probes of an action that were started and never removed.

    True where its deadline is not over, so that it may still be at work.
    """
    left: dict[str, bool] = {}
    now = datetime.now(UTC)
    for entry in entries:
        name = str(entry.data.get("namespace", ""))
        if entry.kind == "probe.started" and entry.data.get("action") == action:
            if _NAMESPACE.fullmatch(name):
                until = _moment(str(entry.data.get("until", "")))
                left[name] = until is None or now < until
        elif entry.kind == "probe.removed":
            left.pop(name, None)
        elif entry.kind == "probe.swept":
            for swept in entry.data.get("namespaces") or ():
                left.pop(str(swept), None)
    return left


def remove(api: ClusterApi, namespace: str) -> None:
    """The pod at once, the namespace as soon as the cluster gets to it."""
    # orphans of a lost API server are found by `sweep`, and the deadline holds
    with suppress(NotFound, Conflict):
        path = f"/api/v1/namespaces/{namespace}/pods/{NAME}"
        api.request("DELETE", path, params={"gracePeriodSeconds": 0})
    with suppress(NotFound, Conflict):
        api.request("DELETE", f"/api/v1/namespaces/{namespace}")


def sweep(api: ClusterApi, case: Case | None = None) -> tuple[str, ...]:
    """Remove the probes of earlier runs that are past their deadline or have ended.

    Time is the API server's. Returns the namespaces that it removed. Raises Forbidden without the
    right to list namespaces.
    """
    reply = api.request("GET", "/api/v1/namespaces", params={"labelSelector": f"{LABEL}=kubecase"})
    import json

    now = _server_time(reply.headers.get("date", ""))
    removed = []
    for item in json.loads(reply.body).get("items", []):
        meta = item.get("metadata", {})
        name = str(meta.get("name", ""))
        if (
            name.startswith(PREFIX)
            and not meta.get("deletionTimestamp")
            and _is_over(api, meta, now)
        ):
            remove(api, name)
            removed.append(name)
    if removed and case is not None:
        case.record("probe.swept", data={"namespaces": removed, "cluster": api.name})
    return tuple(removed)


def _is_over(api: ClusterApi, meta: Mapping[str, Any], now: datetime) -> bool:
    until = _moment(str(meta.get("annotations", {}).get(UNTIL, "")))
    if until is None or now > until:
        return True
    # ended by itself, and nobody took what it said: its kubecase is dead
    path = f"/api/v1/namespaces/{meta['name']}/pods/{NAME}"
    created = _moment(str(meta.get("creationTimestamp", ""))) or now
    try:
        status = api.get_json(path).get("status", {})
    except NotFound:
        return now - created > GRACE
    if status.get("phase") not in ("Succeeded", "Failed"):
        return False
    ends = [
        _moment(str(state.get("state", {}).get("terminated", {}).get("finishedAt", "")))
        for state in status.get("containerStatuses", [])
    ]
    return now - max(filter(None, ends), default=created) > GRACE


def _until(spec: ProbeSpec) -> datetime:
    """When it has ended, whatever became of us."""
    return datetime.now(UTC) + timedelta(seconds=spec.deadline_s + START_SECONDS)


def _make_namespace(api: ClusterApi, spec: ProbeSpec, namespace: str) -> None:
    from console.case.keys import analyst_name

    api.request(
        "POST",
        "/api/v1/namespaces",
        body={
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": namespace,
                "labels": {
                    LABEL: "kubecase",
                    # else Pod Security Admission refuses host PID
                    "pod-security.kubernetes.io/enforce": "privileged",
                },
                "annotations": {
                    UNTIL: _until(spec).isoformat(timespec="seconds"), ANALYST: analyst_name(),
                },
            },
        },
    )  # fmt: skip


def _make_pod(api: ClusterApi, spec: ProbeSpec, namespace: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            api.request("POST", f"/api/v1/namespaces/{namespace}/pods", body=spec.pod(namespace))
            return
        except Forbidden as error:
            # a new namespace has no service account yet, for a moment
            if "serviceaccount" not in error.what.lower() or time.monotonic() > deadline:
                raise
            time.sleep(0.03)


def _wait(api: ClusterApi, spec: ProbeSpec, namespace: str) -> tuple[str, str]:
    """The pod's uid and its container's id, as soon as it runs."""
    deadline = time.monotonic() + START_SECONDS
    said = "Pending"
    for pod in _states(api, namespace):
        status = pod.get("status", {})
        if status.get("phase") in ("Running", "Succeeded") or _has_run(status):
            ids = [str(s.get("containerID", "")) for s in status.get("containerStatuses", [])]
            return str(pod["metadata"]["uid"]), "".join(ids).rpartition("//")[2]
        waiting = _waiting(status)
        reasons = [str(w.get("reason", "")) for w in waiting if w.get("reason")]
        said = reasons[0] if reasons else str(status.get("reason") or status.get("phase", said))
        if status.get("phase") == "Failed" or HOPELESS & set(reasons):
            details = str(status.get("message") or "; ".join(w.get("message", "") for w in waiting))
            raise ProbeFailed(
                f"the probe does not start: {visible(said)} {visible(details)[:200]}".rstrip(),
                where=f"node/{visible(spec.node)}",
                hint=f"name an image that is on the node already: {OTHER_IMAGE}",
            )
        if time.monotonic() > deadline:
            break
    raise ProbeFailed(
        f"the probe does not start: {visible(said)} for {START_SECONDS:.0f} s",
        where=f"node/{visible(spec.node)}",
        hint=f"is the node ready? another image: {OTHER_IMAGE}",
    )


def _waiting(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What its containers wait for; empty for one that does not."""
    return [one.get("state", {}).get("waiting", {}) for one in status.get("containerStatuses", [])]


def _has_run(status: Mapping[str, Any]) -> bool:
    """Whether its program ran and has ended, as its node's runtime says."""
    ends = [
        one.get("state", {}).get("terminated", {}) for one in status.get("containerStatuses", [])
    ]
    return any(end.get("reason") in RAN for end in ends)


def _states(api: ClusterApi, namespace: str) -> Iterator[dict[str, Any]]:
    """The pod as it is, and each time that it changes; by asking where no watch is allowed."""
    import json

    path = f"/api/v1/namespaces/{namespace}/pods"
    can_watch = True
    while True:
        pod = api.get_json(f"{path}/{NAME}")
        yield pod
        try:
            if can_watch:
                with api.stream(
                    path, idle_s=START_SECONDS, watch=True, timeoutSeconds=int(START_SECONDS),
                    fieldSelector=f"metadata.name={NAME}",
                    resourceVersion=str(pod["metadata"]["resourceVersion"]),
                ) as stream:  # fmt: skip
                    for line in stream.lines():
                        event = json.loads(line)
                        if event.get("type") != "MODIFIED":
                            break  # it expired, or the pod is gone: the next look says it
                        yield event["object"]
        except Forbidden:
            can_watch = False
        except (ApiError, Unreachable):
            pass  # the next look says it
        time.sleep(ASK_SECONDS)


def _record(case: Case | None, kind: str, spec: ProbeSpec, namespace: str, **more: Any) -> None:
    if case is not None:
        data = {"node": spec.node, "namespace": namespace, "pod": NAME, "image": spec.image}
        data |= {"action": spec.action} if spec.action else {}
        case.record(
            kind,
            entities=(f"node={spec.node}",),
            data={**data, "capabilities": list(spec.capabilities), **more},
        )


def _server_time(date: str) -> datetime:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.now(UTC)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
