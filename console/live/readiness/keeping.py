"""How long are events and container logs there for whoever comes later?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from console.case.text import visible
from console.live.readiness.base import Answer, Check, Doc, Look, api_server_flags, name_of
from console.live.stamps import parse_time

DAY_S = 86400
YOUNG = 0.9  # of the cluster's age: events of the first hour tell nothing of how long they stay
TRIED = 5  # nodes, until one answers
RECORD = "run `kubecase record CASE --context …` while it matters, or ship events with the logs"
SHIP = "run a log shipper on every node; a deleted pod's log is gone with it"
SHIPPERS = re.compile(
    r"fluent-?bit|fluentd|promtail|filebeat|vector|alloy|grafana-agent|otel|opentelemetry|datadog"
    r"|splunk|logstash|newrelic|dynatrace|logging-operator|cloudwatch-agent|ama-logs|omsagent"
)
_UNITS = {"h": 3600, "m": 60, "s": 1}


def checks(look: Look) -> Iterator[Check]:
    yield _events(look)
    yield _shipped(look)
    yield _rotated(look)


def _events(look: Look) -> Check:
    id_, title = "events", "Kubernetes events are kept for a day or more"
    flags, pod = api_server_flags(look)
    if pod:
        text = flags.get("event-ttl", "1h0m0s")
        seconds = sum(int(n) * _UNITS[u] for n, u in re.findall(r"(\d+)([hms])", text))
        said = f"{pod} has --event-ttl={text}" if "event-ttl" in flags else (
            f"{pod} has no --event-ttl: one hour")  # fmt: skip
        if seconds >= DAY_S:
            return Check(id_, title, "yes", said)
        return Check(id_, title, "no", said, RECORD)
    events = look.objects("events")
    if isinstance(events, str):
        return Check(id_, title, "could not look", events, RECORD)
    times = [
        parse_time(event.get("lastTimestamp") or event.get("eventTime")
                   or (event.get("metadata") or {}).get("creationTimestamp"))
        for event in events
    ]  # fmt: skip
    known = [time for time in times if time is not None]
    if not known:
        return Check(id_, title, "could not look", "there is no event", RECORD)
    now = datetime.now(UTC).replace(tzinfo=None)
    age, oldest = now - min(known), _cluster_age(look, now)
    said = f"the oldest of {len(known):,} events is {_words(age)} old"
    if age.total_seconds() >= DAY_S:
        return Check(id_, title, "yes", said)
    if oldest is not None and age > oldest * YOUNG:
        return Check(id_, title, "could not look", f"{said}, and the cluster hardly older", RECORD)
    return Check(id_, title, "no", f"{said}; the default is one hour", RECORD)


def _cluster_age(look: Look, now: datetime) -> timedelta | None:
    """Since its namespace kube-system was made, the first thing in any cluster."""
    for item in found if isinstance(found := look.objects("namespaces"), list) else ():
        meta = item.get("metadata") or {}
        if meta.get("name") == "kube-system":
            made = parse_time(meta.get("creationTimestamp"))
            return now - made if made else None
    return None


def _shipped(look: Look) -> Check:
    id_, title = "log-shipper", "container logs leave the nodes"
    found = look.objects("daemonsets.apps")
    if isinstance(found, str):
        return Check(id_, title, "could not look", found, SHIP)
    shippers = [
        name_of(item)
        for item in found
        if SHIPPERS.search(name_of(item)) or any(SHIPPERS.search(image) for image in images(item))
    ]
    if shippers:
        return Check(id_, title, "yes", f"daemon set {', '.join(shippers)}")
    if where := look.only_here("daemonsets.apps"):
        return Check(id_, title, "could not look", where, SHIP)
    return Check(id_, title, "no", f"none of {len(found)} daemon sets is a known log shipper", SHIP)


def _rotated(look: Look) -> Check:
    id_, title = "log-rotation", "how much of a container's log its node keeps is known"
    nodes = look.objects("nodes")
    if isinstance(nodes, str):
        return Check(id_, title, "could not look", nodes)
    if not nodes:
        return Check(id_, title, "could not look", "there is no node")
    by_runtime: dict[str, list[Doc]] = {}  # one of each that tells: they decide it
    for node in nodes:
        told = ((node.get("status") or {}).get("nodeInfo") or {}).get("containerRuntimeVersion", "")
        by_runtime.setdefault(str(told), []).append(node)
    said, hint = [], ""
    answer: Answer = "yes"
    for runtime, alike in by_runtime.items():
        config: Doc = {}
        name, why = "", ""
        for node in alike[:TRIED]:
            name = visible(name_of(node))
            config, why = _kubelet_config(look, name_of(node))
            if config:
                break
        if not config:
            answer = "could not look"
            said.append(f"{name}: {why}")
        elif runtime.startswith("docker"):
            answer, hint = (
                "could not look",
                "look at /etc/docker/daemon.json: max-size and max-file",
            )
            said.append(f"{name} runs {visible(runtime)}: the engine's log-opts decide")
        else:
            size = config.get("containerLogMaxSize", "10Mi")
            files = config.get("containerLogMaxFiles", 5)
            said.append(f"{name}: {files} files of {size} a container")
    return Check(id_, title, answer, "; ".join(said), hint)


def _kubelet_config(look: Look, node: str) -> tuple[Doc, str]:
    """What it says of itself; or, in words, why not."""
    text, why = look.get_text(f"/api/v1/nodes/{node}/proxy/configz")
    try:
        found = json.loads(text).get("kubeletconfig") if text else None
    except (ValueError, AttributeError):
        return {}, "the kubelet's configuration can't be read"
    return (found, "") if isinstance(found, dict) else ({}, why)


def images(workload: dict[str, object]) -> list[str]:
    spec = workload.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    inner = template.get("spec") if isinstance(template, dict) else None
    containers = inner.get("containers") if isinstance(inner, dict) else None
    return [str(c.get("image", "")) for c in containers or () if isinstance(c, dict)]


def _words(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 2 * DAY_S else f"{seconds // DAY_S} days"
