"""What a snapshot takes of a node: what runs, then what its kubelet and the API server say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.errors import CaseError
from console.respond import disks
from console.respond.blast import Surroundings
from console.respond.snapshot import Item
from console.respond.snapshot_pod import capture, in_words
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.respond.means import Means
    from console.visibility.collect import Way

# what the kubelet serves of /var/log, where it does. Source: kubelet, enableSystemLogHandler
LOGS = re.compile(r"(?:auth|secure|syslog|messages|kern|kubelet|audit|daemon|cron|dpkg)[\w.-]*")


def items(
    case: Case, means: Means, target: Target, way: Way = "auto"
) -> tuple[list[Item], tuple[str, ...]]:
    """Most volatile first. Raises CaseError for a node that is not there."""
    node = means.cluster.get("nodes", "", target.name)
    not_taken = (*disks.of_node(node), *disks.attached(means.cluster, target.name), *NOT_TAKEN)
    proxy = f"/api/v1/nodes/{target.name}/proxy"
    found = [Item("capture", f"{in_words(means, way)}: the node and what runs on it (capture/v1)",
                  captures=lambda: capture(case, means, f"node/{target.name}", way))]  # fmt: skip
    for name, path in (
        ("stats.json", f"{proxy}/stats/summary"), ("running.json", f"{proxy}/runningpods/"),
        ("kubelet-pods.json", f"{proxy}/pods"), ("kubelet-config.json", f"{proxy}/configz"),
        ("node.json", f"/api/v1/nodes/{target.name}"),
    ):  # fmt: skip
        found.append(_get(means, name, path))
    found.append(Item("pods.json", "GET pods on the node", lambda: _pods(means, target.name)))
    try:
        listing = means.cluster.api.get(f"{proxy}/logs/", accept="*/*").decode("utf-8", "replace")
    except CaseError as error:
        return found, (f"/var/log by the kubelet: {error.what}", *not_taken)
    for name in sorted(set(re.findall(r'href="([^"/]+)"', listing))):
        if LOGS.fullmatch(name):
            found.append(_get(means, f"var-log-{name}", f"{proxy}/logs/{name}"))
    return found, not_taken


NOT_TAKEN = (
    "memory of the node: of one process it can be had, by M in 3 Containers or `kubecase memory`",
    "/etc and container stores as files: the capture holds what differs, up to its limits",
)


def _get(means: Means, name: str, path: str) -> Item:
    def read() -> Iterator[bytes]:
        with means.cluster.api.stream(path, accept="*/*") as stream:
            yield from stream.blocks()

    return Item(name, f"GET {path}", read)


def _pods(means: Means, node: str) -> Iterator[bytes]:
    pods = Surroundings(means.cluster).pods_on(node)
    yield json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}).encode() + b"\n"
