"""Which kinds a server serves, in which version: asked, never assumed, so that 1.20 and 1.36 work.

Servers from 1.26 on tell it in two answers (aggregated discovery), older ones in one for each group
and version. A group whose own API server does not answer (metrics.k8s.io with its pod gone) costs
its kinds and a note, not the rest.
Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from console.case.text import visible
from console.errors import CaseError
from console.live.api import ClusterApi
from console.live.inventory import Kind

_LIST = "as=APIGroupDiscoveryList"
AGGREGATED = (
    f"application/json;g=apidiscovery.k8s.io;v=v2;{_LIST},"
    f"application/json;g=apidiscovery.k8s.io;v=v2beta1;{_LIST},application/json"
)
PARALLEL = 8


@dataclass(frozen=True, slots=True)
class Served:
    """kinds: in the server's order of groups, one version of each. notes: what did not answer."""

    kinds: tuple[Kind, ...]
    notes: tuple[str, ...] = ()


def discover(api: ClusterApi) -> list[Kind]:
    """Every kind, in the version that its group prefers. Raises ApiError or Unreachable."""
    return list(fetch_served(api).kinds)


def fetch_served(api: ClusterApi) -> Served:
    """Like `discover`, and which groups did not answer."""
    import json

    kinds: list[Kind] = []
    notes: list[str] = []
    for root in ("/api", "/apis"):
        answer = json.loads(api.get(root, accept=AGGREGATED))
        if answer.get("kind") == "APIGroupDiscoveryList":
            found = _aggregated(answer, notes)
        else:
            found = _group_by_group(api, root, answer, notes)
        kinds += found
    return Served(tuple(_first_of_each(kinds)), tuple(notes))


def _first_of_each(kinds: Sequence[Kind]) -> Iterator[Kind]:
    seen: set[str] = set()
    for kind in kinds:
        if kind.key not in seen:
            seen.add(kind.key)
            yield kind


# -- 1.26 and later


def _aggregated(answer: dict[str, Any], notes: list[str]) -> Iterator[Kind]:
    """Source: apidiscovery.k8s.io/v2, APIGroupDiscoveryList; the first version is preferred."""
    for item in answer.get("items") or ():
        group = str((item.get("metadata") or {}).get("name", ""))
        for version in item.get("versions") or ():
            name = str(version.get("version", ""))
            if version.get("freshness") == "Stale":
                notes.append(
                    f"{visible(group)}/{visible(name)} does not answer: kinds may be missing"
                )
            for resource in version.get("resources") or ():
                said = resource.get("responseKind") or {}
                yield Kind(
                    group, name, str(resource.get("resource", "")), str(said.get("kind", "")),
                    resource.get("scope") == "Namespaced", tuple(resource.get("verbs") or ()),
                    tuple(resource.get("shortNames") or ()),
                )  # fmt: skip


# -- before


def _group_by_group(
    api: ClusterApi, root: str, answer: dict[str, Any], notes: list[str]
) -> Iterator[Kind]:
    """Source: meta/v1, APIVersions (of /api), APIGroupList (of /apis), APIResourceList."""
    if root == "/api":
        asked = [("", str(version)) for version in answer.get("versions") or ()]
    else:
        asked = [
            (str(group["name"]), version)
            for group in answer.get("groups") or ()
            for version in _preferred_first(group)
        ]
    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(lambda at: _fetch_resources(api, *at), asked))
    for (group, version), resources in zip(asked, answers, strict=True):
        if isinstance(resources, CaseError):
            notes.append(f"{visible(group)}/{visible(version)} does not answer: {resources.what}")
            continue
        for resource in resources:
            if "/" not in resource["name"]:  # else a subresource
                yield Kind(
                    group, version, str(resource["name"]), str(resource.get("kind", "")),
                    bool(resource.get("namespaced")), tuple(resource.get("verbs") or ()),
                    tuple(resource.get("shortNames") or ()),
                )  # fmt: skip


def _preferred_first(group: dict[str, Any]) -> list[str]:
    preferred = (group.get("preferredVersion") or {}).get("version")
    versions = [str(version["version"]) for version in group.get("versions") or ()]
    return sorted(versions, key=lambda version: version != preferred)


def _fetch_resources(api: ClusterApi, group: str, version: str) -> list[dict[str, Any]] | CaseError:
    try:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        return list(api.get_json(path).get("resources") or ())
    except CaseError as error:
        return error
