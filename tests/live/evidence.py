"""Audit lines, dumps and recordings as files, with the shapes that API servers and kubectl write."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 11, 24, 10, 0, 0)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stamp(seconds: float) -> str:
    return at(seconds).isoformat(timespec="microseconds") + "Z"


def pod(name: str = "web", uid: str = "u1", version: str = "1", **more: Any) -> dict[str, Any]:
    """A pod as the API server has it; more: `created` (seconds), metadata fields, spec, status."""
    metadata = {
        "name": name, "namespace": "shop", "uid": uid, "resourceVersion": version,
        "creationTimestamp": at(more.pop("created", 0)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata | more.pop("metadata", {}),
        "spec": {"containers": [{"name": "c", "image": more.pop("image", "shop:1")}]}
        | more.pop("spec", {}),
        "status": more.pop("status", {"phase": "Pending"}),
    }


def audit(
    seconds: float, verb: str, resource: str = "pods", name: str | None = "web", *,
    request: Any = None, response: Any = None, code: int = 200, user: str = "ana",
    subresource: str = "", group: str = "", namespace: str | None = "shop", query: str = "",
    **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """One ResponseComplete line, at the level that its bodies need."""
    level = "RequestResponse" if response is not None else "Request" if request else "Metadata"
    ref: dict[str, Any] = {"resource": resource, "apiVersion": "v1"}
    ref |= {"name": name} if name else {}
    ref |= {"namespace": namespace} if namespace else {}
    ref |= {"apiGroup": group} if group else {}
    ref |= {"subresource": subresource} if subresource else {}
    line: dict[str, Any] = {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": level,
        "auditID": f"{seconds}-{verb}-{resource}-{name}-{subresource}", "stage": "ResponseComplete",
        "requestURI": f"/api/v1/namespaces/{namespace}/{resource}/{name}{query}", "verb": verb,
        "user": {"username": user}, "sourceIPs": ["10.0.0.1"], "userAgent": "kubectl/v1.20.2",
        "objectRef": ref, "responseStatus": {"metadata": {}, "code": code},
        "requestReceivedTimestamp": stamp(seconds), "stageTimestamp": stamp(seconds + 0.001),
    }  # fmt: skip
    line |= {"requestObject": request} if request is not None else {}
    line |= {"responseObject": response} if response is not None else {}
    line |= more
    return {key: value for key, value in line.items() if value is not ...}


def watch(seconds: float, type_: str, object_: Any = None, kind: str = "pods", **more: Any) -> Any:
    """A line of our own recording."""
    line = {"kubecase": "watch/v1", "at": stamp(seconds), "cluster": "lab", "kind": kind,
            "type": type_, **more}  # fmt: skip
    return line if object_ is None else {**line, "object": object_}


def write_lines(path: Path, lines: Sequence[Any]) -> Path:
    text = [line if isinstance(line, str) else json.dumps(line, separators=(",", ":"))
            for line in lines]  # fmt: skip
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


def write_dump(path: Path, items: Sequence[Any], written_s: float, kind: str = "List") -> Path:
    """What `kubectl get -o json` prints, with the time at which it was written."""
    path.write_text(
        json.dumps({"apiVersion": "v1", "kind": kind, "items": list(items)}, indent=4),
        encoding="utf-8",
    )
    moment = at(written_s).replace(tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return path
