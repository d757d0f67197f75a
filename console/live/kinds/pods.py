"""Pods: what kubectl shows, and in words what makes each dangerous."""

from __future__ import annotations

from console.live.cells import Cell, columns, share
from console.live.kinds.base import Facts, KindTable
from console.live.pods import Pod, parse_pod, state_of, summary_of
from console.live.risk import pod_risks, words, worst

COLUMNS = columns(
    "NAME READY STATUS RST> AGE> NODE IP IMAGE RISK +QOS +ACCOUNT +LAST_END +OWNER +HOST_IP"
)
RISK_INDEX = next(i for i, column in enumerate(COLUMNS) if column.name == "RISK")


def facts(raw: bytes) -> Facts:
    pod = parse_pod(raw)
    summary, risks = summary_of(pod), pod_risks(pod)
    severity = worst(risks)
    owner = pod.metadata.owner
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
            Cell(words(risks), severity),
            pod.status.qosClass or None,
            pod.spec.service_account,
            _last_end(pod),
            f"{owner.kind}/{owner.name}" if owner else None,
            pod.status.hostIP or None,
        ),
        pod.metadata.labels or {},
        state_of(summary),
        severity,
        "" if pod.spec.automountServiceAccountToken is False else pod.spec.service_account,
    )


def _short(image: str) -> str:
    """Without the registry, and with the first digits of a digest."""
    name, _, digest = image.partition("@sha256:")
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        name = rest
    return f"{name}@{digest[:4]}…" if digest else name


def _last_end(pod: Pod) -> str | None:
    ended = summary_of(pod).last
    if ended is None:
        return None
    return f"{ended.reason or 'ended'} {ended.exitCode} {ended.finishedAt or ''}".strip()


TABLES = {"pods": KindTable(COLUMNS, facts)}
