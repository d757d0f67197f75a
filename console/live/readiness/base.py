"""What a check says, and what all checks look at; nothing is fetched twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from console.errors import CaseError
from console.live.api import ClusterApi, Forbidden
from console.live.clock import Clock
from console.live.inventory import Kind
from console.live.reviews import Right, fetch_rights, hidden

Answer = Literal["yes", "no", "could not look"]
Doc = dict[str, Any]
PAGE = 500
MOST = 5000  # objects of one kind; past that a check says what it has seen


@dataclass(frozen=True, slots=True)
class Check:
    """evidence: what was seen. advice: what to do, empty where nothing is missing."""

    id: str
    title: str
    answer: Answer
    evidence: str
    advice: str = ""


class Look:
    """One cluster, read once. Where a right is missing everywhere, `namespace` is looked at alone.

    kinds: what the server serves. clock: the server's, None where it is not known.
    """

    def __init__(
        self, api: ClusterApi, kinds: Sequence[Kind], namespace: str, *, version: str = "",
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self.api, self.namespace = api, namespace
        self.version, self.clock = version, clock
        self._kinds = {kind.key: kind for kind in kinds}
        self._lists: dict[str, list[Doc] | str] = {}
        self._partial: set[str] = set()

    def serves(self, key: str) -> bool:
        return key in self._kinds

    def objects(self, key: str) -> list[Doc] | str:
        """The objects, or in words why they are not seen. Raises Unreachable."""
        if key not in self._lists:
            self._lists[key] = self._fetch(key)
        return self._lists[key]

    def only_here(self, key: str) -> str:
        """In words, if one namespace is all that is seen: what is not there may be elsewhere."""
        if key not in self._partial:
            return ""
        return f"{hidden(Right.to('list', key))} outside {self.namespace}"

    def _fetch(self, key: str) -> list[Doc] | str:
        kind = self._kinds.get(key)
        if kind is None:
            return f"the server does not serve {key}"
        try:
            return self._pages(kind.path())
        except Forbidden:
            pass
        right = Right.to("list", key)
        if not kind.is_namespaced:
            return hidden(right)
        try:
            found = self._pages(kind.path(self.namespace))
            self._partial.add(key)
            return found
        except Forbidden:
            return hidden(replace(right, namespace=self.namespace))

    def _pages(self, path: str) -> list[Doc]:
        found: list[Doc] = []
        token: str | None = None
        while len(found) < MOST:
            page = self.api.get_json(path, limit=PAGE, **{"continue": token})
            found += page.get("items") or ()
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                break
        return found

    def get_text(self, path: str) -> tuple[str, str]:
        """The body, and in words why there is none."""
        try:
            return self.api.get(path, accept="*/*").decode("utf-8", "replace"), ""
        except Forbidden:
            return "", f"no right to get {path}"
        except CaseError as error:
            return "", error.what

    def missing(self, wanted: Sequence[Right]) -> tuple[list[Right], str]:
        """Those of these rights that are not had, everywhere or else in `namespace`; and where."""
        everywhere = fetch_rights(self.api, wanted)
        lacking = [right for right, is_had in everywhere.items() if not is_had]
        if not lacking:
            return [], "everywhere"
        narrow = [
            right if right.is_cluster_wide else replace(right, namespace=self.namespace)
            for right in wanted
        ]
        here = fetch_rights(self.api, narrow)
        return [right for right, is_had in here.items() if not is_had], f"in {self.namespace}"


def name_of(document: Doc) -> str:
    meta = document.get("metadata") or {}
    place = f"{meta['namespace']}/" if meta.get("namespace") else ""
    return f"{place}{meta.get('name', '')}"


def flags_of(pod: Doc) -> dict[str, str]:
    """`--name=value` of its first container's command, by name without dashes."""
    containers = (pod.get("spec") or {}).get("containers") or [{}]
    words = [*(containers[0].get("command") or ()), *(containers[0].get("args") or ())]
    pairs = (str(word).lstrip("-").partition("=") for word in words if str(word).startswith("--"))
    return {name: value for name, _, value in pairs}


def api_server_flags(look: Look) -> tuple[dict[str, str], str]:
    """Of the API server's own pod, and its name; a managed or bare one shows no pod."""
    pods = look.objects("pods")
    for pod in pods if isinstance(pods, list) else ():
        labels = (pod.get("metadata") or {}).get("labels") or {}
        if labels.get("component") == "kube-apiserver":
            return flags_of(pod), name_of(pod)
    return {}, ""
