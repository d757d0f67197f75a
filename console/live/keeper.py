"""Records what pods write and use, and what an engine does, beside the recording of the objects.

Log lines are recorded on asking only: they are many, and may hold what nobody meant to keep. Their
format is `queries/formats/kube_log.sql`; engine events stay as the engine tells them
(`queries/formats/docker_events.sql`).
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from console.live.api import user_agent
from console.live.delivery import utc_now
from console.live.doc import items, text
from console.live.keptusage import UsageThinner
from console.live.logs import LogTail
from console.live.logsource import LogOptions, PodLog
from console.live.metrics import Reading
from console.live.pieces import Pieces

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.live.api import ClusterApi
    from console.live.inventory import Inventory

LOOK_S = 1.0
ROLL_LOOKS = 5  # after so many looks a piece is closed
USAGE_LOOKS = 60
MAX_CONTAINERS = 60  # followed at one time: each is a connection to the API server
TAIL_LINES = 1000  # from before we looked
MAX_LINES, MAX_BYTES = 20_000, 4 << 20  # of each container between two looks
Followed = tuple[str, str, str, str, str, str]  # cluster, namespace, pod, uid, container, node


class Keeper:
    """start() and stop() once. `note_event` takes an engine's events, from any thread."""

    def __init__(
        self, case: Case, inventory: Inventory, apis: Mapping[str, ClusterApi], *,
        namespace: str = "", has_logs: bool = False,
    ) -> None:  # fmt: skip
        self._case, self._inventory, self._apis = case, inventory, apis
        self._namespace, self._has_logs = namespace, has_logs
        by = f"by {user_agent()} on {socket.gethostname()}"
        self.logs = Pieces(case, "logs", f"logs of {', '.join(apis)} {by}")
        self.events = Pieces(case, "engine-events", f"events of a container engine {by}")
        self.usage = Pieces(case, "usage", f"what containers use in {', '.join(apis)} {by}")
        self._thinner = UsageThinner()
        self._tails: dict[Followed, tuple[LogTail, int]] = {}
        self._left_out: set[Followed] = set()
        self._done: set[Followed] = set()
        self._unseen: dict[str, str] = {}  # by container: why nothing is read of it
        self._dropped = 0
        self._stop = Event()
        self._thread = Thread(target=self._run, name="keeper", daemon=True)

    def note_event(self, document: Mapping[str, Any]) -> None:
        """As the engine's API has it."""
        self.events.put(json.dumps(document, separators=(",", ":")).encode())

    def note_usage(self, readings: Sequence[Reading]) -> None:
        """From the meter's thread; what is not due yet is left out."""
        for line in self._thinner.lines(readings):
            self.usage.put(line)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Write what there is; journal what was kept, and of what not."""
        self._stop.set()
        self._thread.join(timeout_s)
        facts = {
            name: {"lines": kept.lines, "pieces": kept.written, "bytes_stored": kept.bytes_stored,
                   "lost_lines": kept.lost, "problem": kept.problem}
            for name, kept in (
                ("logs", self.logs), ("engine_events", self.events), ("usage", self.usage)
            )
            if kept.lines or kept.problem
        }  # fmt: skip
        if self._has_logs or facts:
            self._case.record("recording.lines", data=facts | {
                "dropped_lines": self._dropped, "not_read": self._unseen,
                "containers_left_out": len(self._left_out),
            })  # fmt: skip

    def _run(self) -> None:
        looks = 0
        while True:
            is_over = self._stop.wait(LOOK_S)
            if self._has_logs and not is_over:
                self._follow()
            self._take()
            looks += 1
            if is_over or looks % ROLL_LOOKS == 0:
                self.logs.flush()
                self.events.flush()
            if is_over or looks % USAGE_LOOKS == 0:
                self.usage.flush()
            if is_over:
                break
        for tail, _ in self._tails.values():
            tail.stop(0.0)

    # -- logs

    def _follow(self) -> None:
        """Begin with containers that are new; end with those that are over, once they are read."""
        running, over = self._containers()
        for one in [one for one in self._tails if one not in running]:
            tail, after = self._tails[one]
            if all(state.state not in ("reading", "following") for state in tail.states()):
                self._read(one, tail, after)
                tail.stop(0.0)
                del self._tails[one]
                self._done.add(one)
        self._done &= over
        self._left_out = set()
        for one in sorted((running | over) - self._done - self._tails.keys()):
            if len(self._tails) >= MAX_CONTAINERS:
                self._left_out.add(one)
                continue
            cluster, namespace, pod, _, container, _ = one
            source = PodLog(self._apis[cluster], namespace, pod, container)
            tail = LogTail(
                [source], LogOptions(TAIL_LINES), max_lines=MAX_LINES, max_bytes=MAX_BYTES
            )
            tail.start()
            self._tails[one] = (tail, 0)

    def _containers(self) -> tuple[set[Followed], set[Followed]]:
        """Of pods that run, and of pods that are over and still there."""
        running: set[Followed] = set()
        over: set[Followed] = set()
        for obj in self._inventory.objects("pods", self._namespace, with_gone=False):
            if obj.ref.cluster not in self._apis:
                continue
            doc, ref = obj.doc, obj.ref
            found = over if text(doc, "status", "phase") in ("Succeeded", "Failed") else running
            node = text(doc, "spec", "nodeName")
            for part in (
                "initContainerStatuses",
                "containerStatuses",
                "ephemeralContainerStatuses",
            ):
                for status in items(doc, "status", part):
                    if text(status, "containerID"):
                        name = text(status, "name")
                        found.add((ref.cluster, ref.namespace, ref.name, ref.uid, name, node))
        return running, over

    def _take(self) -> None:
        for one, (tail, after) in list(self._tails.items()):
            self._tails[one] = (tail, self._read(one, tail, after))

    def _read(self, one: Followed, tail: LogTail, after: int) -> int:
        cluster, namespace, pod, _, container, node = one
        lines, after_now = tail.read(after, MAX_LINES)
        self._dropped += max(0, after_now - len(lines) - after)
        for line in lines:
            facts = {
                "kubecase": "log/v1", "at": line.stamp.decode() or f"{utc_now().isoformat()}Z",
                "cluster": cluster, "node": node, "namespace": namespace, "pod": pod,
                "container": container, "text": line.text.decode("utf-8", "replace"),
            }  # fmt: skip
            self.logs.put(json.dumps(facts, separators=(",", ":")).encode())
        for state in tail.states():
            if state.state in ("hidden", "lost") and state.reason:
                self._unseen[f"{namespace}/{pod}/{container}"] = state.reason
        return after_now
