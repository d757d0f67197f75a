"""The contexts of a kubeconfig, merged from several files as kubectl does it: the first that says
something wins. How each is used is for `credentials.py`.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from console.live.credentials import Part

DEFAULT_PLACE = "~/.kube/config"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # four times as fast, where it was built


@dataclass(frozen=True)
class Context:
    """One context, as it stands there. cluster_name, user_name: what it refers to."""

    name: str
    cluster_name: str
    user_name: str
    namespace: str
    is_current: bool
    cluster: Part
    user: Part


def kubeconfig_places(given: str | None) -> list[Path]:
    """The files that are there: `given`, else KUBECONFIG's list, else the one at home."""
    named = given or os.environ.get("KUBECONFIG") or DEFAULT_PLACE
    places = (Path(place).expanduser() for place in named.split(os.pathsep) if place)
    return [place for place in places if place.exists()]


def read_contexts(places: list[Path]) -> list[Context]:
    """Raises OSError, YAMLError, ValueError, TypeError or KeyError for what is no kubeconfig."""
    files = [(place.parent, _read(place)) for place in places]
    clusters, users = _named(files, "cluster"), _named(files, "user")
    current = next((said for _, file in files if (said := file.get("current-context"))), None)
    found = []
    for name, part in _named(files, "context").items():
        cluster, user = (str(part.facts.get(what) or "") for what in ("cluster", "user"))
        nothing = Part({}, part.folder)
        found.append(
            Context(
                name, cluster, user, str(part.facts.get("namespace") or ""), name == current,
                clusters.get(cluster, nothing), users.get(user, nothing),
            )
        )  # fmt: skip
    return found


def _read(place: Path) -> Mapping[str, Any]:
    with place.open("rb") as file:
        config = yaml.load(file, _Loader)  # both loaders are safe ones
    if not isinstance(config, dict):
        raise ValueError(f"{place} holds no configuration")
    return config


def _named(files: list[tuple[Path, Mapping[str, Any]]], what: str) -> dict[str, Part]:
    """The entries of `clusters`, `users` or `contexts`, by name."""
    found: dict[str, Part] = {}
    for folder, file in files:
        for entry in file.get(f"{what}s") or ():
            found.setdefault(str(entry["name"]), Part(entry.get(what) or {}, folder))
    return found
