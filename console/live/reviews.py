"""Has this identity a right? The server is asked, so that webhooks and every authorizer count.

Source: authorization.k8s.io/v1, SelfSubjectAccessReview and SelfSubjectRulesReview. Both change
nothing. Where even asking is refused, a list of one object is tried; no Secret's value can come.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from console.live.api import TABLE, ApiError, ClusterApi, Forbidden, NotFound
from console.live.inventory import Kind

PARALLEL = 8
ROOT = "/apis/authorization.k8s.io/v1"
CLUSTER_WIDE = frozenset((
    "nodes", "namespaces", "clusterroles", "clusterrolebindings", "certificatesigningrequests",
    "persistentvolumes", "customresourcedefinitions", "validatingwebhookconfigurations",
    "mutatingwebhookconfigurations",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on a resource, as RBAC names it. namespace "" is all of them."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        what = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {what}{place}"

    @property
    def is_cluster_wide(self) -> bool:
        return self.resource in CLUSTER_WIDE

    @classmethod
    def to(cls, verb: str, key: str, namespace: str = "") -> Right:
        """key: a `Kind.key`, with a subresource behind a slash: `pods/log`, `deployments.apps`."""
        resource, _, subresource = key.partition("/")
        resource, _, group = resource.partition(".")
        place = "" if resource in CLUSTER_WIDE else namespace
        return cls(verb, resource, group, place, subresource=subresource)


def hidden(right: Right) -> str:
    """What is said instead of an empty table: `no right to list secrets in shop`."""
    return f"no right to {right}"


def fetch_rights(api: ClusterApi, rights: Sequence[Right]) -> dict[Right, bool]:
    """Which of these this identity has, asked side by side. Raises Unreachable, ApiError."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        return dict(zip(rights, pool.map(lambda right: may(api, right), rights), strict=True))


def may(api: ClusterApi, right: Right) -> bool:
    """Raises Unreachable; ApiError where the server does not know us at all (401) or fails."""
    attributes = {
        "verb": right.verb, "group": right.group, "resource": right.resource,
        "subresource": right.subresource, "namespace": right.namespace, "name": right.name,
    }  # fmt: skip
    try:
        answer = _review(api, "SelfSubjectAccessReview", {"resourceAttributes": attributes})
    except Forbidden as error:
        if error.status == 401:
            raise
        return right.verb == "list" and _can_list(api, right)
    return bool(answer.get("allowed"))


def fetch_rules(api: ClusterApi, namespace: str) -> list[str]:
    """All rules for one namespace, each as a line (`get,list pods, pods/log`).

    The last line says so where the server calls its answer incomplete.
    Raises ApiError, Unreachable.
    """
    status = _review(api, "SelfSubjectRulesReview", {"namespace": namespace})
    lines = []
    for rule in status.get("resourceRules") or ():
        names = [
            resource if group in ("", "*") else f"{resource}.{group}"
            for resource in rule.get("resources") or ()
            for group in rule.get("apiGroups") or ("",)
        ]
        only = rule.get("resourceNames") or ()
        suffix = f" named {', '.join(only)}" if only else ""
        lines.append(f"{','.join(rule.get('verbs') or ())} {', '.join(names)}{suffix}")
    if status.get("incomplete"):
        lines.append(f"incomplete, says the server: {status.get('evaluationError', '')}")
    return lines


def _review(api: ClusterApi, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
    answer = json.loads(api.request("POST", f"{ROOT}/{kind.lower()}s", body=body).body)
    status = answer.get("status")
    return status if isinstance(status, dict) else {}


def _can_list(api: ClusterApi, right: Right) -> bool:
    """As a Table of one row: its names and nothing else. v1 is what 1.21 and later serve of all."""
    kind = Kind(right.group, "v1", right.resource, "", bool(right.namespace))
    try:
        api.get(kind.path(right.namespace), accept=TABLE, limit=1)
    except (Forbidden, NotFound):
        return False
    except ApiError:
        return True  # it failed on the way, not for want of a right
    return True
