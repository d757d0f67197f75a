"""Take captures of a target by the best way that is open, and say which that was.

Ways, best first: `local` (kubecase runs on the node as root), `probe` (a pod beside the suspect),
`engine` (the Docker API), `kubelet` (figures through the API server). None runs anything in the
suspect.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from threading import Event
from time import sleep
from typing import IO, TYPE_CHECKING, Any, Literal

from console.errors import Cancelled, CaseError, UsageError
from console.live.api import ApiError, Forbidden, Unreachable
from console.visibility import engine, local
from console.visibility.capture import Subject, Taken, keep, keep_raw, new_id, raw_file
from console.visibility.figures import figures, watching
from console.visibility.lacking import missing
from console.visibility.machine import Machine, prove
from console.visibility.node import node_rows
from console.visibility.ours import own_containers
from console.visibility.peers import Peers
from console.visibility.probe import ENTERING, IMAGE, READING, ProbeSpec, probing, sweep
from console.visibility.reading import (
    FILE_LIMIT_BYTES,
    TOTAL_LIMIT_BYTES,
    TRIES,
    Order,
    encode,
    is_damaged,
    program,
    sections,
)
from console.visibility.resolve import Scene, known_containers, resolve
from console.visibility.rows import Read, container_rows, summary_rows

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.live.api import ClusterApi
    from console.visibility.target import Target

Way = Literal["auto", "local", "probe", "engine", "kubelet"]
WAYS: tuple[Way, ...] = ("auto", "local", "probe", "engine", "kubelet")


@dataclass(frozen=True)
class Options:
    """How to look. has_node: also the node itself (always so for a node).

    may_start: asked with the footprint before a pod is created; False leaves it.
    arrived: told of each section of what is read, by name, as it comes.
    sample_s: for so long sockets are looked at again and again; 0 is once. deadline_s: without it.
    has_rules: a probe gets the rights to enter network namespaces, for their firewall rules.
    counted: told of bytes as they come. cancelled: once it is set the reading ends where it reads,
    and raises Cancelled. engine: URL or docker context of a container's engine, "" by the
    environment.
    """

    way: Way = "auto"
    has_node: bool = False
    file_limit_bytes: int = FILE_LIMIT_BYTES
    total_limit_bytes: int = TOTAL_LIMIT_BYTES
    image: str = IMAGE
    pull: str = "IfNotPresent"
    deadline_s: int = 600
    sample_s: int = 0
    has_rules: bool = False
    may_start: Callable[[Sequence[str]], bool] = lambda footprint: True
    progress: Callable[[str], None] = lambda text: None
    arrived: Callable[[Read, str], None] = lambda read, name: None
    counted: Callable[[int], None] = lambda size_bytes: None
    cancelled: Event | None = None
    engine: str = ""

    def pause(self, seconds: float) -> None:
        """Wait. Raises Cancelled."""
        if self.cancelled is None:
            sleep(seconds)
        elif self.cancelled.wait(seconds):
            raise Cancelled("cancelled")


def take(
    case: Case, target: Target, options: Options, api: Callable[[], ClusterApi]
) -> Iterator[Taken]:
    """One capture for each container (and node), yielded when it is in the case."""
    if target.type == "docker":
        yield from _docker(case, target, options)
        return
    cluster = api()
    scene = resolve(cluster, target)
    nodes: dict[str, list[Subject]] = {}
    for subject in scene.subjects:
        nodes.setdefault(subject.node, []).append(subject)
    for node, subjects in nodes.items():
        yield from _node(case, target, cluster, scene, node, subjects, options)


def _node(
    case: Case, target: Target, api: ClusterApi, scene: Scene, node: str,
    subjects: list[Subject], options: Options,
) -> Iterator[Taken]:  # fmt: skip
    """One reader for all suspects of a node."""
    containers = tuple(s.container_id for s in subjects if s.container_id)
    has_node = options.has_node or target.type == "node"
    order = Order(
        containers, has_node, options.file_limit_bytes, options.total_limit_bytes,
        sample_s=options.sample_s, has_rules=options.has_rules,
    )  # fmt: skip
    not_seen = list(scene.not_seen)
    around = sorted((scene.known or {}).get(node, ()))
    way = choose_way(
        options, node, containers, not_seen, machine=scene.machines.get(node), around=around
    )
    began = datetime.now(UTC)
    read = Read(order.nonce)
    with (
        raw_file() as raw,
        watching(lambda: _summary(api, node, not_seen), options.sample_s) as summaries,
    ):
        if way == "probe":
            try:
                start = raw.tell()
                for _ in range(TRIES):
                    read.sections.clear()
                    read.faults.clear()
                    raw.seek(start)
                    raw.truncate()
                    run_probe(
                        case, api, node, order, options,
                        lambda lines: _fill(read, lines, raw, options),
                    )  # fmt: skip
                    if not is_damaged(read.sections.values()):
                        break
            except Cancelled:
                raise
            except CaseError as error:
                if options.way == "probe" or isinstance(error, Unreachable):
                    raise
                not_seen.append(f"{error}: showing what the API gives")
                way = "kubelet"
        elif way == "local":
            with local.reading_here(
                order, deadline_s=options.deadline_s + options.sample_s,
                cancelled=options.cancelled,
            ) as lines:  # fmt: skip
                _fill(read, lines, raw, options)
        if way == "kubelet":
            options.pause(options.sample_s)
        for number, summary in enumerate(summaries()):
            for line in encode(f"kubelet/summary.{number}", summary, order.nonce):
                raw.write(line + b"\n")
        raw_sha = keep_raw(case, raw, f"{new_id()}-{node}", way)
    if way == "kubelet":
        not_seen.append("files, network and processes: only a probe or the node itself shows them")
    asked = {
        "target": target.captured_as, "way": options.way,
        "file_limit_bytes": options.file_limit_bytes,
        "total_limit_bytes": options.total_limit_bytes, "node": node, "sample_s": options.sample_s,
    }  # fmt: skip
    ours = own_containers(case) if has_node else {}
    known = _known(api, scene, node, read, ours) if has_node else None
    own_pid = os.getpid() if way == "local" else 0
    for subject in subjects:
        if subject.container_id:
            rows = chain(
                container_rows(
                    read,
                    subject.container_id,
                    scene.peers,
                    scene.policies.get(f"{subject.namespace}/{subject.pod}"),
                ),
                figures(
                    summary_rows(one, subject.namespace, subject.pod, subject.container)
                    for one in summaries()
                ),
            )
        else:
            rows = chain(node_rows(read, known, "", ours=ours, own_pid=own_pid))
        yield keep(
            case, new_id(), subject, way, rows, raw=raw_sha, began=began, asked=asked,
            not_seen=[*not_seen, *_missing(read, subject, options)], faults=_faults(read, subject),
        )  # fmt: skip
    if has_node and way != "kubelet":
        since = min((s.started for s in subjects if s.started), default="")
        itself = Subject(f"node/{node}", node=node)
        if target.type != "node":
            rows = chain(node_rows(read, known, since, ours=ours, own_pid=own_pid))
            yield keep(
                case, new_id(), itself, way, rows, raw=raw_sha,
                began=began, asked=asked, not_seen=not_seen, faults=read.faults,
            )  # fmt: skip


def _known(
    api: ClusterApi, scene: Scene, node: str, read: Read, ours: Mapping[str, str]
) -> frozenset[str] | None:
    """Containers of this node that the API server knew before or knows after we looked.

    ours: not among them, as each of their processes is looked at; their pause containers are.
    """
    if scene.known is None:
        return None
    after = known_containers(api, [])
    known = scene.known.get(node, frozenset()) | (after or {}).get(node, frozenset())
    return known | sandboxes(read, known | frozenset(ours))


def sandboxes(read: Read, known: frozenset[str]) -> frozenset[str]:
    """Ids in the cgroups of pods that are known, or have a known container: pause containers.

    The API server does not name them, and a container that an attacker starts in such a cgroup by
    hand would be taken for one; it shows as a process of that pod all the same.
    """
    pods: dict[str, set[str]] = {}
    # a static pod's uid is a hash; systemd writes `_` for `-`
    pattern = re.compile(
        rb"/kubepods[^:]*?pod([0-9a-f_-]{36}|[0-9a-f]{32})[^0-9a-f][^:]*?([0-9a-f]{64})"
    )
    for pod, container in pattern.findall(read.get("node/groups")):
        pods.setdefault(pod.decode().replace("_", "-"), set()).add(container.decode())
    return frozenset(
        container for uid, ids in pods.items() if uid in known or ids & known
        for container in ids - known if len(ids - known) == 1
    )  # fmt: skip


def choose_way(
    options: Options, node: str, containers: Sequence[str], not_seen: list[str], *,
    machine: Machine | None, around: Sequence[str] = (),
) -> str:  # fmt: skip
    """The way that is taken; a probe only if `may_start` says so, given its footprint.

    machine: what the node's kubelet says of its machine, None where nobody told.
    around: containers that the API server has on that node.
    Raises UsageError for a way that is asked for and not open.
    """
    here = [local.has_container(id_) for id_ in (containers or around)] if local.can_look() else []
    is_here = all(here) if containers else any(here)
    is_here = is_here and bool(here)
    if options.way == "local" and not is_here:
        raise UsageError(
            "the suspect does not run here, or this is not root", hint="leave --way out"
        )
    if is_here and options.way in ("auto", "local"):
        proof = prove(node, machine)
        if proof.answer == "no" and options.way == "local":
            raise UsageError(proof.why, hint="leave --way out")
        if proof.why:
            not_seen.append(proof.why)
        is_here = proof.answer == "yes"
    if options.way == "engine":
        raise UsageError("the engine is asked by docker/NAME")
    if options.way in ("local", "kubelet"):
        return options.way
    if options.way == "auto" and is_here:
        return "local"
    if options.may_start(footprint(node, options)):
        return "probe"
    if options.way == "probe":
        raise UsageError("no probe was started", hint="--yes starts it without asking")
    not_seen.append("no probe was started: showing what the API gives")
    return "kubelet"


def footprint(node: str, options: Options) -> tuple[str, ...]:
    """What the cluster would see of a probe, in words."""
    return _probe_spec(node, options, {}).footprint()


def _probe_spec(node: str, options: Options, environment: Mapping[str, str]) -> ProbeSpec:
    return ProbeSpec(
        node, ("sh", "-c", program()), environment, image=options.image, pull=options.pull,
        deadline_s=options.deadline_s + options.sample_s,
        capabilities=ENTERING if options.has_rules else READING,
    )  # fmt: skip


def run_probe(
    case: Case, api: ClusterApi, node: str, order: Order, options: Options,
    take: Callable[[Iterator[bytes]], None],
) -> None:  # fmt: skip
    """Have a probe read; `take` is given its lines. What earlier runs left is removed first."""
    spec = _probe_spec(node, options, order.environment(host="/host", work="/work/read"))
    with suppress(Forbidden):
        sweep(api, case)
    with probing(api, spec, case, cancelled=options.cancelled) as probe:
        options.progress(f"probe on {node} runs after {probe.started_s:.1f} s")
        take(probe.lines(idle_s=float(options.deadline_s + options.sample_s)))


def _fill(read: Read, lines: Iterator[bytes], raw: IO[bytes], options: Options) -> None:
    for section in sections(lines, read.nonce, raw, counted=options.counted):
        read.add(section)
        options.arrived(read, section.name)
        options.progress(f"{section.name}: {section.size_bytes:,} bytes")


def _summary(api: ClusterApi, node: str, not_seen: list[str]) -> bytes:
    why = ""
    try:
        return api.get(f"/api/v1/nodes/{node}/proxy/stats/summary")
    except Forbidden:
        why = f"no right to get nodes/proxy: no figures of {node}"
    except (ApiError, Unreachable) as error:
        why = f"no figures of {node}: {error.what}"
    if why not in not_seen:
        not_seen.append(why)
    return b""


def _missing(read: Read, subject: Subject, options: Options) -> list[str]:
    return missing(read, subject.container_id, options.total_limit_bytes)


def _faults(read: Read, subject: Subject) -> list[str]:
    """Those of the run, of the reader as a whole and of this container."""
    own = subject.container_id or "node/"
    return [f for f in read.faults if f.startswith(own) or "/" not in f.partition(":")[0]]


# -- Docker


def _docker(case: Case, target: Target, options: Options) -> Iterator[Taken]:
    with engine.found(target.name, options.engine) as found:
        subject, client = found.subject, found.client
        id_, began = new_id(), datetime.now(UTC)
        is_here = local.can_look() and found.is_here
        asked: Mapping[str, Any] = {
            "target": target.captured_as, "way": options.way, "node": subject.node,
            "file_limit_bytes": options.file_limit_bytes,
            "total_limit_bytes": options.total_limit_bytes, "sample_s": options.sample_s,
        }  # fmt: skip
        way = options.way
        if way == "auto":
            way = "local" if is_here else "engine"
        with (
            raw_file() as raw,
            watching(
                lambda: engine.figures(client, subject.container_id) if client else b"",
                options.sample_s,
            ) as answers,
        ):
            if way == "local":
                if not is_here:
                    raise UsageError("the container does not run here, or this is not root")
                order = Order(
                    (subject.container_id,), False, options.file_limit_bytes,
                    options.total_limit_bytes, sample_s=options.sample_s,
                )  # fmt: skip
                read = Read(order.nonce)
                with local.reading_here(
                    order, deadline_s=options.deadline_s + options.sample_s,
                    cancelled=options.cancelled,
                ) as lines:  # fmt: skip
                    _fill(read, lines, raw, options)
                for number, answer in enumerate(answers()):
                    for line in encode(f"engine/stats.{number}", answer, order.nonce):
                        raw.write(line + b"\n")
                raw_sha = keep_raw(case, raw, id_, way)
                peers = engine.peers(client) if client else Peers({})
                yield keep(
                    case, id_, subject, way,
                    chain(
                        container_rows(read, subject.container_id, peers),
                        figures(map(engine.stat_rows, answers())),
                    ),
                    raw=raw_sha, began=began, asked=asked,
                    not_seen=[*found.not_seen, *_missing(read, subject, options)],
                    faults=_faults(read, subject),
                )  # fmt: skip
            elif way == "engine" and client is not None:
                told: dict[str, bytes] = {}
                nonce = Order().nonce
                for name, data in engine.answers(
                    client, subject.container_id, found.inspect, options.total_limit_bytes
                ):
                    told[name] = data
                    for line in encode(name, data, nonce):
                        raw.write(line + b"\n")
                    options.progress(f"{name}: {len(data):,} bytes")
                    options.counted(len(data))
                    options.pause(0)
                options.pause(options.sample_s)
                for number, answer in enumerate(answers()):
                    for line in encode(f"engine/stats.{number}", answer, nonce):
                        raw.write(line + b"\n")
                raw_sha = keep_raw(case, raw, id_, way)
                yield keep(
                    case, id_, subject, way,
                    chain(engine.rows(told), figures(map(engine.stat_rows, answers()))),
                    raw=raw_sha, began=began, asked=asked, not_seen=engine.not_seen(told),
                )  # fmt: skip
            else:
                raise UsageError(f"docker/NAME is not seen by {way}", hint="--way local or engine")
