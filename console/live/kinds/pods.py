"""Pods: what kubectl shows, and in words what makes each dangerous."""

from __future__ import annotations

from console.live.cells import columns, share
from console.live.kinds.base import Facts, KindTable
from console.live.podrisk import pod_risks
from console.live.pods import Terminated, parse_pod, registry_of, state_of, summary_of
from console.live.siblings import parts_of

COLUMNS = columns(
    "NAME READY STATUS RST> AGE> NODE IP IMAGE RISK +QOS +ACCOUNT +LAST_END +OWNER +HOST_IP"
)


def facts(raw: bytes) -> Facts:
    pod = parse_pod(raw)
    summary, owner = summary_of(pod), pod.metadata.owner
    return Facts(
        (
            pod.metadata.name,
            share(summary.ready, summary.total),
            summary.status,
            summary.restarts,
            pod.metadata.created,
            pod.spec.nodeName or None,
            pod.status.podIP or None,
            ",".join(_short(c.image) for c in pod.spec.containers or ()),
            pod.status.qosClass or None,
            pod.spec.service_account,
            _last_end(summary.last),
            f"{owner.kind}/{owner.name}" if owner else None,
            pod.status.hostIP or None,
        ),
        pod.metadata.labels or {},
        state_of(summary),
        tuple(pod_risks(pod)),
        "" if pod.spec.automountServiceAccountToken is False else pod.spec.service_account,
        tuple({registry_of(c.image) for c in pod.spec.all_containers}),
        f"{pod.metadata.namespace}/{owner.name if owner else pod.metadata.name}",
        parts_of(pod),
    )


def _short(image: str) -> str:
    """Without the registry, and with the first digits of a digest."""
    name, _, digest = image.partition("@sha256:")
    registry = registry_of(image)
    name = name.removeprefix(f"{registry}/")
    return f"{name}@{digest[:4]}…" if digest else name


def _last_end(ended: Terminated | None) -> str | None:
    if ended is None:
        return None
    return f"{ended.reason or 'ended'} {ended.exitCode} {ended.finishedAt or ''}".strip()


TABLES = {"pods": KindTable(COLUMNS, facts)}
