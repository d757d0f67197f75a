"""Roles and bindings as the API server's RBAC authorizer reads them.

Source: kubernetes pkg/apis/rbac/v1/evaluation_helpers.go, plugin/pkg/auth/authorizer/rbac/rbac.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from console.case.text import visible
from console.errors import UsageError
from console.live.doc import Doc, dig, items, mapping, strings, text, texts
from console.live.inventory import Inventory, Obj, Ref, unseen

GROUP = "rbac.authorization.k8s.io"
ROLES, CLUSTER_ROLES = f"roles.{GROUP}", f"clusterroles.{GROUP}"
BINDINGS, CLUSTER_BINDINGS = f"rolebindings.{GROUP}", f"clusterrolebindings.{GROUP}"
RBAC_KINDS = (ROLES, CLUSTER_ROLES, BINDINGS, CLUSTER_BINDINGS)
MASTERS = "system:masters"
ACCOUNT_PREFIX = "system:serviceaccount:"

SubjectKind = Literal["User", "Group", "ServiceAccount"]


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """Who: namespace is of a service account only."""

    kind: SubjectKind
    name: str
    namespace: str = ""

    @classmethod
    def parse(cls, written: str) -> Subject:
        """`sa shop:web`, `system:serviceaccount:shop:web`, `shop/web`, `user ana`, `group devs`.

        A word alone is a user. Raises UsageError.
        """
        text_ = written.strip()
        prefix, _, rest = text_.replace("=", " ", 1).partition(" ")
        word = prefix.lower()
        if word in ("user", "group") and rest.strip():
            return _named("User" if word == "user" else "Group", rest.strip())
        if word in ("sa", "serviceaccount"):
            return _account(rest.strip(), written)
        if text_.startswith(ACCOUNT_PREFIX):
            return _account(text_.removeprefix(ACCOUNT_PREFIX), written)
        if re.fullmatch(r"[a-z0-9-]+/[a-z0-9.-]+", text_):
            return _account(text_, written)
        if not text_:
            raise UsageError("no subject", hint="sa shop:web, user ana or group devs")
        return _named("User", text_)

    @property
    def username(self) -> str:
        """As the API server and its audit log name it."""
        is_account = self.kind == "ServiceAccount"
        return f"{ACCOUNT_PREFIX}{self.namespace}:{self.name}" if is_account else self.name

    @property
    def groups(self) -> tuple[str, ...]:
        """Those that the API server adds by itself; a user's others come with its credentials."""
        if self.kind == "Group":
            return (self.name,)
        if self.kind == "ServiceAccount":
            return (
                "system:serviceaccounts", f"system:serviceaccounts:{self.namespace}",
                "system:authenticated",
            )  # fmt: skip
        if self.name == "system:anonymous":
            return ("system:unauthenticated",)
        if self.name.startswith("system:node:"):
            return ("system:nodes", "system:authenticated")
        return ("system:authenticated",)

    def __str__(self) -> str:
        if self.kind == "ServiceAccount":
            return f"sa {self.namespace}:{self.name}"
        return f"{self.kind.lower()} {self.name}"


def _named(kind: SubjectKind, name: str) -> Subject:
    if name.startswith(ACCOUNT_PREFIX) and name.count(":") == 3:
        return _account(name.removeprefix(ACCOUNT_PREFIX), name)
    return Subject(kind, name)


def _account(place: str, written: str) -> Subject:
    namespace, mark, name = place.replace("/", ":").partition(":")
    if not (mark and namespace and name):
        raise UsageError(
            "a service account without a namespace", where=visible(written)[:80], hint="sa shop:web"
        )
    return Subject("ServiceAccount", name, namespace)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do. group None: any, where the kind is not known.

    namespace "": over the whole cluster. name "": no single object, as in a list or a create.
    url: of what is no resource (`/metrics`).
    """

    verb: str
    resource: str = ""
    group: str | None = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    @classmethod
    def read(cls, doc: Doc) -> Rule:
        return cls(
            *(
                tuple(texts(doc, key))
                for key in ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
            )
        )

    def covers(self, request: Request) -> bool:
        """Whether it allows the request, if the binding reaches its namespace."""
        return self.covers_but_name(request) and (not self.names or request.name in self.names)

    def covers_but_name(self, request: Request) -> bool:
        if not ("*" in self.verbs or request.verb in self.verbs):
            return False
        if request.url:
            return any(_is_url(url, request.url) for url in self.urls)
        return self.has_group(request.group) and self.has_resource(
            request.resource, request.subresource
        )

    def has_group(self, group: str | None) -> bool:
        return (group is None and bool(self.groups)) or "*" in self.groups or group in self.groups

    def has_resource(self, resource: str, subresource: str) -> bool:
        wanted = f"{resource}/{subresource}" if subresource else resource
        if "*" in self.resources or wanted in self.resources:
            return True
        return bool(subresource) and f"*/{subresource}" in self.resources


def _is_url(pattern: str, url: str) -> bool:
    """`*` stands at the end only."""
    return url.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == url


@dataclass(frozen=True, slots=True)
class Grant:
    """One binding, read: to whom, in which namespace ("" is everywhere), by which role."""

    ref: Ref
    subjects: tuple[Subject, ...]
    namespace: str
    role: Ref


class Rbac:
    """The rules of one cluster at the moment that its inventory shows."""

    def __init__(self, cluster: str, objects: Mapping[str, Iterable[Obj]]) -> None:
        self.cluster = cluster
        self._rules: dict[tuple[str, str], tuple[Rule, ...]] = {}
        self.grants: list[Grant] = []
        cluster_roles = [obj.doc for obj in objects[CLUSTER_ROLES]]
        for doc in cluster_roles:
            self._rules["", text(doc, "metadata", "name")] = _rules_of(doc, cluster_roles)
        for obj in objects[ROLES]:
            self._rules[obj.ref.namespace, obj.ref.name] = _rules_of(obj.doc, [])
        for kind in (BINDINGS, CLUSTER_BINDINGS):
            self.grants += [self._grant(obj) for obj in objects[kind]]
        self._by_subject: dict[tuple[str, str], list[Grant]] = {}
        for grant in self.grants:
            for key in {_key(subject) for subject in grant.subjects}:
                self._by_subject.setdefault(key, []).append(grant)

    def _grant(self, obj: Obj) -> Grant:
        doc, namespace = obj.doc, obj.ref.namespace
        name = text(doc, "roleRef", "name")
        is_local = text(doc, "roleRef", "kind") == "Role"
        role = Ref(
            self.cluster, ROLES if is_local else CLUSTER_ROLES, namespace if is_local else "", name
        )
        return Grant(obj.ref, tuple(_subjects(doc, namespace)), namespace, role)

    def rules_of(self, role: Ref) -> tuple[Rule, ...] | None:
        """None where the role does not exist, or can't be seen."""
        return self._rules.get((role.namespace, role.name))

    def grants_of(
        self, subject: Subject, groups: Sequence[str] = ()
    ) -> Iterator[tuple[Grant, Subject]]:
        """The bindings that reach a subject, each with the name by which it does, once."""
        names = [subject] if subject.kind != "Group" else []
        names += [Subject("Group", group) for group in dict.fromkeys((*subject.groups, *groups))]
        reached = set()
        for name in names:
            for grant in self._by_subject.get(_key(name), ()):
                if grant.ref not in reached:
                    reached.add(grant.ref)
                    yield grant, name


def _key(subject: Subject) -> tuple[str, str]:
    """A service account may be bound as what it is, or as the user that it is to the server."""
    kind = "Group" if subject.kind == "Group" else "User"
    return kind, subject.username


def _subjects(doc: Doc, namespace: str) -> Iterator[Subject]:
    for item in items(doc, "subjects"):
        kind, name = text(item, "kind"), text(item, "name")
        if kind == "ServiceAccount":
            yield Subject("ServiceAccount", name, text(item, "namespace") or namespace)
        elif kind == "User":
            yield Subject("User", name)
        elif kind == "Group":
            yield Subject("Group", name)


def _rules_of(doc: Doc, cluster_roles: Sequence[Doc]) -> tuple[Rule, ...]:
    """Of an aggregated role also those that its selectors find, as its controller would add."""
    rules = [Rule.read(rule) for rule in items(doc, "rules")]
    selectors = items(doc, "aggregationRule", "clusterRoleSelectors")
    for other in cluster_roles if selectors else ():
        labels = strings(other, "metadata", "labels")
        if other is not doc and any(selects(selector, labels) for selector in selectors):
            rules += [Rule.read(rule) for rule in items(other, "rules")]
    return tuple(dict.fromkeys(rules))


def selects(selector: Doc, labels: Mapping[str, str]) -> bool:
    """A LabelSelector over labels; an empty one selects all. Source: meta/v1 LabelSelector."""
    for key, value in mapping(selector, "matchLabels").items():
        if labels.get(key) != value:
            return False
    for item in items(selector, "matchExpressions"):
        key, operator, values = text(item, "key"), text(item, "operator"), texts(item, "values")
        holds = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }.get(operator, False)
        if not holds:
            return False
    return True


def read_rbac(inventory: Inventory) -> list[Rbac]:
    """One per cluster that has any of it; what was deleted gives no right any more."""
    by_cluster: dict[str, dict[str, list[Obj]]] = {}
    for info in inventory.clusters():
        by_cluster[info.name] = {kind: [] for kind in RBAC_KINDS}
    for kind in RBAC_KINDS:
        for obj in inventory.objects(kind, with_gone=False):
            of_cluster = by_cluster.setdefault(obj.ref.cluster, {k: [] for k in RBAC_KINDS})
            of_cluster[kind].append(obj)
    return [Rbac(name, objects) for name, objects in by_cluster.items()]


def hidden_rbac(inventory: Inventory) -> tuple[str, ...]:
    """What roles and bindings can't be seen, so that an answer may lack rights."""
    words = []
    for kind in RBAC_KINDS:
        feeds = inventory.feeds(kind)
        if not feeds and not inventory.objects(kind):
            words.append(f"{kind}: not looked at")
        words += unseen(feeds)
    return tuple(dict.fromkeys(words))


__all__ = [
    "GROUP", "MASTERS", "RBAC_KINDS", "Grant", "Rbac", "Request", "Rule", "Subject", "dig",
    "hidden_rbac", "read_rbac", "selects",
]  # fmt: skip
