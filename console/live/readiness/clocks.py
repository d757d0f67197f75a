"""Do the clocks agree? The server's by its Date, each node's by the lease that its kubelet renews.

A renewal carries the node's own time and reaches us within a second or so through a watch.
Source: Kubernetes, node heartbeats: Lease objects in kube-node-lease, every ten seconds.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from console.case.text import visible
from console.errors import CaseError
from console.live.api import Forbidden
from console.live.readiness.base import Check, Doc, Look
from console.live.stamps import parse_time

WATCH_S = 15.0
AGAIN_S = 12.0  # a node that seems to be behind may only have been heard late: once more
TRANSIT_S = 1.0
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
SYNC = "run chrony or systemd-timesyncd there; until then correct its evidence: `kubecase evidence`"


def checks(look: Look) -> Iterator[Check]:
    yield _server(look)
    yield _nodes(look)


def _server(look: Look) -> Check:
    id_, title = "clock", "the API server's clock agrees with ours"
    if look.clock is None:
        return Check(id_, title, "could not look", "the server does not tell its time")
    answer = "no" if look.clock.is_off else "yes"
    return Check(id_, title, answer, str(look.clock), SYNC if look.clock.is_off else "")  # type: ignore[arg-type]


def _nodes(look: Look) -> Check:
    id_, title = "node-clocks", "the nodes' clocks agree with the server's"
    unsure = TRANSIT_S + (look.clock.uncertainty_s if look.clock else 0.5)
    try:
        skews, count = fetch_skews(look, unsure)
    except Forbidden:
        return Check(id_, title, "could not look", "no right to list leases in kube-node-lease")
    except CaseError as error:
        return Check(id_, title, "could not look", error.what)
    if not skews:
        return Check(id_, title, "could not look", f"no lease was renewed in {WATCH_S:.0f} s")
    off = {node: skew for node, skew in skews.items() if abs(skew) > unsure}
    seen = f"{len(skews)} of {count} leases were renewed meanwhile"
    if not off:
        return Check(id_, title, "yes", f"all within {unsure:.1f} s; {seen}")
    words = ", ".join(
        f"{visible(node)} {abs(skew):.1f} s {'ahead' if skew > 0 else 'behind'}"
        for node, skew in sorted(off.items(), key=lambda item: -abs(item[1]))[:10]
    )
    return Check(id_, title, "no", f"{words} (± {unsure:.1f} s); {seen}", SYNC)


def fetch_skews(look: Look, unsure_s: float) -> tuple[dict[str, float], int]:
    """Node -> its clock minus the server's, in seconds; how many there are.

    What comes late seems to be behind, and never ahead: where a node is behind by more than
    unsure_s, the less late one of two renewals tells. Takes up to WATCH_S, then AGAIN_S more.
    Raises ApiError, Unreachable.
    """
    listed = look.api.get_json(LEASES, limit=5000)
    version = (listed.get("metadata") or {}).get("resourceVersion")
    waiting = {_node(item) for item in listed.get("items") or ()}
    ours = look.clock.skew_s if look.clock else 0.0
    skews: dict[str, float] = {}
    heard: Counter[str] = Counter()
    began = time.monotonic()
    with look.api.stream(
        LEASES, watch=True, resourceVersion=version, timeoutSeconds=int(WATCH_S + AGAIN_S)
    ) as stream:
        for line in stream.lines():
            now = datetime.now(UTC).replace(tzinfo=None)
            item = json.loads(line).get("object") or {}
            renewed = parse_time((item.get("spec") or {}).get("renewTime"))
            if renewed is not None:
                node, skew = _node(item), (renewed - now).total_seconds() - ours
                skews[node] = max(skew, skews.get(node, skew))
                heard[node] += 1
            is_unsure = any(skews[node] < -unsure_s and heard[node] == 1 for node in skews)
            is_late = time.monotonic() - began > WATCH_S + is_unsure * AGAIN_S
            if is_late or (waiting <= skews.keys() and not is_unsure):
                break
    return skews, len(waiting)


def _node(lease: Doc) -> str:
    return str((lease.get("metadata") or {}).get("name", ""))
