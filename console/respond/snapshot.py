"""Snapshots: everything of a target, most volatile first, streamed into the case and hashed there.

Nothing is written to the suspect or to its node's disk. Each item is journalled when it is in the
case, so a snapshot that was cut goes on where it stopped; what failed is in the manifest with why.
"""

from __future__ import annotations

import io
import json
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import Cancelled, CaseError, UsageError
from console.visibility.cancelling import LOOK_SECONDS
from console.visibility.target import CONTAINER, Target

if TYPE_CHECKING:
    from pathlib import Path

    from console.case.evidence import Evidence
    from console.case.folder import Case
    from console.case.journal import Entry
    from console.respond.means import Means
    from console.visibility.collect import Way

Say = Callable[[str], None]
AHEAD = 8  # blocks of up to 1 MB
SPARE_BYTES = 256 << 20  # left free on the case's disk


@dataclass(frozen=True)
class Item:
    """One thing to take. how: the API call or command. read: its bytes, as they arrive.

    captures: instead of `read`, something that puts evidence into the case itself and returns the
    hashes.
    """

    name: str
    how: str
    read: Callable[[], Iterable[bytes]] | None = None
    captures: Callable[[], list[str]] | None = None
    size_hint: int = 0


@dataclass(frozen=True)
class Got:
    """What became of one item. error: why it is not there, "" if it is."""

    number: int
    name: str
    how: str
    began: str
    ended: str
    evidence: tuple[str, ...] = ()
    size_bytes: int = 0
    error: str = ""


@dataclass
class Snapshot:
    """One snapshot, as the journals have it. not_taken: what was never tried, and why."""

    id: str
    target: str
    who: str
    began: datetime
    items: dict[str, Got] = field(default_factory=dict)
    not_taken: tuple[str, ...] = ()
    manifest: str = ""
    is_whole: bool = False
    way: Way = "auto"
    volumes: tuple[str, ...] = ()

    @property
    def failed(self) -> list[Got]:
        return [one for one in self.items.values() if one.error]


class Blocks(io.RawIOBase):
    """An iterator of bytes as a stream; a thread fetches ahead while the reader hashes and writes.

    What the iterator raises is raised by the `read` that comes to it; Cancelled at once, wherever
    the iterator is. counted: told of each block that is read.
    """

    def __init__(
        self, blocks: Iterable[bytes], *, cancelled: Event | None = None,
        counted: Callable[[int], None] = lambda size_bytes: None,
    ) -> None:  # fmt: skip
        self._cancelled, self._counted = cancelled, counted
        self._queue: Queue[bytes | BaseException] = Queue(AHEAD)
        self._stopped = Event()
        self._is_over = False
        Thread(target=self._fetch, args=(blocks,), daemon=True).start()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next block, as long as it came; b"" at the end."""
        if self._is_over:
            return b""
        found = self._next()
        if isinstance(found, bytes) and found:
            self._counted(len(found))
            return found
        self._is_over = True
        if isinstance(found, BaseException):
            raise found
        return b""

    def _next(self) -> bytes | BaseException:
        while self._cancelled is None or not self._cancelled.is_set():
            with suppress(Empty):
                return self._queue.get(timeout=LOOK_SECONDS if self._cancelled else None)
        return Cancelled("cancelled")

    def close(self) -> None:
        self._stopped.set()
        super().close()

    def _fetch(self, blocks: Iterable[bytes]) -> None:
        try:
            for block in blocks:
                if block and not self._put(block):
                    return
        except BaseException as error:  # noqa: BLE001 - handed on to the reader
            self._put(error)
            return
        self._put(b"")

    def _put(self, found: bytes | BaseException) -> bool:
        """False if nobody reads any more."""
        while not self._stopped.is_set():
            try:
                self._queue.put(found, timeout=1)
                return True
            except Full:
                continue
        return False


def take(
    case: Case, means: Means, targets: Sequence[Target], *, parallel: int = 2, way: Way = "auto",
    volumes: Mapping[Target, Sequence[str]] | None = None, say: Say = lambda line: None,
) -> list[Snapshot]:  # fmt: skip
    """A snapshot of each target. Raises CaseError only for what could not even be begun, and
    Cancelled: what was taken until then is kept, and `resume` takes the rest.

    way: how it is looked into, as a capture; what is asked of API and engine is the same by each.
    volumes: names of those of a pod that are taken with it, by target; `all` for each that can be.
    """
    for target in targets:
        _check_way(target, way)
    begun = []
    for target in targets:
        snapshot_id = f"s-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
        case.record(
            "snapshot.begun", entities=[target.entity],
            data={
                "id": snapshot_id, "target": str(target), "way": way,
                "volumes": list((volumes or {}).get(target, ())),
            },
        )  # fmt: skip
        begun.append((snapshot_id, target))
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        jobs = [pool.submit(_take_one, case, means, id_, target, say) for id_, target in begun]
    for job in jobs:
        if error := job.exception():
            raise _cut(case, [id_ for id_, _ in begun]) if isinstance(error, Cancelled) else error
    known = snapshots(case)
    return [known[snapshot_id] for snapshot_id, _ in begun]


def resume(case: Case, means: Means, snapshot_id: str, *, say: Say = lambda line: None) -> Snapshot:
    """Take what failed, or what a cut left out, in the same way.

    Raises UsageError for an unknown snapshot, Cancelled.
    """
    found = find(case, snapshot_id)
    try:
        _take_one(case, means, found.id, _target(found.target), say)
    except Cancelled as error:
        raise _cut(case, [found.id]) from error
    return snapshots(case)[found.id]


def _cut(case: Case, ids: Sequence[str]) -> Cancelled:
    """What is said of snapshots that the analyst gave up."""
    known = snapshots(case)
    of = [known[one] for one in ids]
    count = sum(len(one.items) - len(one.failed) for one in of)
    rest = next((one.id for one in of if not one.is_whole), of[0].id)
    where = of[0].target if len(of) == 1 else f"{len(of)} targets"
    return Cancelled(
        f"snapshot cancelled: {count} items are kept", where=where,
        hint=f"`kubecase snapshot CASE --resume {rest}` takes the rest",
        keys="7 Actions: s, resume takes the rest",
    )  # fmt: skip


def _take_one(case: Case, means: Means, snapshot_id: str, target: Target, say: Say) -> None:
    asked = snapshots(case)[snapshot_id]
    items, not_taken = plan_items(case, means, target, asked.way, asked.volumes)
    needed = sum(item.size_hint for item in items) + SPARE_BYTES
    free = shutil.disk_usage(case.folder).free
    if free < needed:
        raise CaseError(
            f"the case's disk has {free / 1e6:,.0f} MB free, about {needed / 1e6:,.0f} are needed",
            where=str(case.folder), hint="make room, or open a case elsewhere",
        )  # fmt: skip
    done = snapshots(case)[snapshot_id].items
    for number, item in enumerate(items, 1):
        if item.name in done and not done[item.name].error:
            continue
        means.pause(0)
        place = f"{number}/{len(items)} {item.name}"
        if item.captures is not None or item.size_hint:  # nothing else tells for so long
            say(f"{place}: reading…  {target.name}")
        got = _take_item(case, means, snapshot_id, number, item, target)
        case.record(
            "snapshot.item", entities=[target.entity], cites=(),
            data={"id": snapshot_id, **asdict(got)},
        )  # fmt: skip
        size = f"{got.size_bytes:,} bytes" if not got.error else f"NOT TAKEN: {got.error}"
        say(f"{place}: {size}  {target.name}")
    _seal(case, snapshot_id, target, not_taken)


def _take_item(
    case: Case, means: Means, snapshot_id: str, number: int, item: Item, target: Target
) -> Got:
    """Raises Cancelled: then there is nothing of it."""
    began = _now()
    name = f"{snapshot_id}/{number:02}-{item.name}"
    try:
        if item.captures is not None:
            hashes = item.captures()
            size = sum(case.store.get(one).size_bytes for one in hashes)
            return Got(number, item.name, item.how, began, _now(), tuple(hashes), size)
        assert item.read is not None
        with Blocks(item.read(), cancelled=means.cancelled, counted=means.counted) as stream:
            evidence = _keep(case, stream, name, f"snapshot {snapshot_id} of {target}: {item.how}")
    except Cancelled:
        raise
    except CaseError as error:
        return Got(number, item.name, item.how, began, _now(), error=visible(str(error))[:500])
    return Got(number, item.name, item.how, began, _now(), (evidence.sha256,), evidence.size_bytes)


def _keep(case: Case, stream: Any, name: str, source: str) -> Evidence:
    """Bytes into the case, hashed on the way; they are read later, when all is preserved."""
    evidence = case.store.add_stream(stream, name, source=source)
    case.record_added(evidence, source=source)
    return evidence


def _seal(case: Case, snapshot_id: str, target: Target, not_taken: tuple[str, ...]) -> None:
    """The manifest, itself evidence: what was taken, how, when, in which order, what failed."""
    found = snapshots(case)[snapshot_id]
    order = sorted(found.items.values(), key=lambda got: got.number)
    facts = {
        "snapshot": snapshot_id, "target": str(target), "who": found.who,
        "began": found.began.isoformat() + "Z", "ended": _now(), "way": found.way,
        "items": [asdict(got) for got in order], "not_taken": list(not_taken),
    }  # fmt: skip
    text = json.dumps(facts, indent=1, ensure_ascii=True, sort_keys=True).encode()
    evidence = _keep(
        case,
        io.BytesIO(text),
        f"{snapshot_id}/manifest.json",
        f"snapshot {snapshot_id} of {target}",
    )
    case.record(
        "snapshot.taken", entities=[target.entity],
        data={
            "id": snapshot_id, "target": str(target), "manifest": evidence.sha256,
            "not_taken": list(not_taken), "failed": [got.name for got in order if got.error],
        },
    )  # fmt: skip


def plan_items(
    case: Case, means: Means, target: Target, way: Way = "auto", volumes: Sequence[str] = ()
) -> tuple[list[Item], tuple[str, ...]]:
    """What would be taken, in order, and what would not, with the reason.

    Raises UsageError for a way that is not one into such a target, or for a volume that it lacks.
    """
    from console.respond import snapshot_container, snapshot_node, snapshot_pod

    _check_way(target, way)
    if target.kind == CONTAINER:
        return snapshot_container.items(means, target.name)
    kind = means.cluster.kind(target.kind).key
    if kind == "pods":
        return snapshot_pod.items(case, means, target, way, volumes)
    if kind == "nodes":
        return snapshot_node.items(case, means, target, way)
    raise UsageError("a snapshot is of a pod, a container or a node", where=str(target),
                     hint="a workload is expanded to its pods by `expand`")  # fmt: skip


def _check_way(target: Target, way: Way) -> None:
    if target.kind == CONTAINER and way not in ("auto", "engine"):
        raise UsageError("a container of an engine is taken by it", hint="--way engine")
    if target.kind != CONTAINER and way == "engine":
        raise UsageError("the engine is asked for containers", hint="container/ID")


def expand(means: Means, target: Target) -> list[Target]:
    """A workload's pods; any other target itself. Raises UsageError for one without pods."""
    from console.respond.blast import labels_of, selects

    if target.kind == CONTAINER:
        return [target]
    if target.container:
        raise UsageError("a snapshot is of a whole pod", where=visible(str(target)))
    key = means.cluster.kind(target.kind).key
    if key in ("pods", "nodes"):
        return [Target(key, target.namespace, target.name)]
    doc = means.cluster.get(target.kind, target.namespace, target.name)
    selector = (doc.get("spec") or {}).get("selector")
    if selector and not {"matchLabels", "matchExpressions"} & selector.keys():
        selector = {"matchLabels": selector}
    found = [
        Target("pods", target.namespace, pod["metadata"]["name"])
        for pod in means.cluster.objects("pods", target.namespace)
        if selects(selector, labels_of(pod))
    ]
    if not found:
        raise UsageError("it has no pods", where=str(target))
    return found


def snapshots(case: Case) -> dict[str, Snapshot]:
    """By id, oldest first: the fold of the journals."""
    found: dict[str, Snapshot] = {}
    for entry in case.entries():
        key = str(entry.data.get("id", ""))
        if entry.kind == "snapshot.begun":
            found[key] = Snapshot(
                key, str(entry.data.get("target", "")), entry.who, entry.ts,
                way=entry.data.get("way", "auto"), volumes=tuple(entry.data.get("volumes") or ()),
            )  # fmt: skip
        elif entry.kind == "snapshot.item" and key in found:
            got = _got(entry)
            found[key].items[got.name] = got
        elif entry.kind == "snapshot.taken" and key in found:
            found[key].is_whole = True
            found[key].manifest = str(entry.data.get("manifest", ""))
            found[key].not_taken = tuple(map(str, entry.data.get("not_taken") or ()))
    return found


def find(case: Case, prefix: str) -> Snapshot:
    """By id or its start. Raises UsageError."""
    found = [one for one in snapshots(case).values() if prefix and one.id.startswith(prefix)]
    if len(found) != 1:
        raise UsageError("no such snapshot", where=prefix[:40],
                         hint="`kubecase snapshot CASE --list`")  # fmt: skip
    return found[0]


def verify(
    case: Case, snapshot: Snapshot, *, counted: Callable[[int], None] = lambda size_bytes: None,
    cancelled: Event | None = None,
) -> list[str]:  # fmt: skip
    """What does not hold of a snapshot's evidence, in words; hashes every byte again.

    counted: told of bytes as they are hashed. Raises Cancelled.
    """
    wrong = [] if snapshot.is_whole else ["it was cut: resume takes the rest"]
    wanted = [(got.name, one) for got in snapshot.items.values() for one in got.evidence]
    if snapshot.manifest:
        wanted.append(("manifest.json", snapshot.manifest))
    for name, sha256 in wanted:
        try:
            actual = _hash(case.store.get(sha256).data_path, name, counted, cancelled)
        except Cancelled:
            raise Cancelled("cancelled: not everything was hashed", where=snapshot.id) from None
        except (CaseError, OSError) as error:
            wrong.append(f"{name}: {error}")
            continue
        if actual != sha256:
            wrong.append(f"{name}: its bytes are others now")
    return wrong


def _hash(path: Path, name: str, counted: Callable[[int], None], cancelled: Event | None) -> str:
    from console.case.copying import take as hash_all

    so_far = 0

    def tell(size_bytes: int) -> None:
        nonlocal so_far
        counted(size_bytes - so_far)
        so_far = size_bytes

    with path.open("rb") as handle:
        is_cancelled = cancelled.is_set if cancelled else lambda: False
        return hash_all(handle, name, None, tell, is_cancelled)[0]


def _got(entry: Entry) -> Got:
    data: dict[str, Any] = {name: entry.data.get(name) for name in Got.__dataclass_fields__}
    data["evidence"] = tuple(data["evidence"] or ())
    return Got(**data)


def _target(text: str) -> Target:
    kind, _, rest = text.partition("/")
    namespace, _, name = rest.rpartition("/")
    return Target(kind, namespace, name)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
