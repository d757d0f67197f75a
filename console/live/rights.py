"""Effective rights: what a subject may do, and who may do a thing, with the binding it comes from.

Only RBAC is in the inventory: what a webhook, a cloud's IAM or the Node authorizer adds is not
known here, and is said. So is what can't be seen of roles and bindings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from weakref import WeakKeyDictionary

from console.live.dangers import DANGERS, EVERYTHING, MASTERS, Danger
from console.live.inventory import Inventory, Ref
from console.live.rbac import (
    MASTERS as MASTERS_GROUP,
)
from console.live.rbac import (
    RBAC_KINDS,
    Grant,
    Rbac,
    Request,
    Rule,
    Subject,
    hidden_rbac,
    read_rbac,
)
from console.live.risk import Risk

SUBRESOURCES = frozenset(
    {
        "approval", "attach", "binding", "ephemeralcontainers", "eviction", "exec", "finalize",
        "log", "portforward", "proxy", "scale", "status", "token",
    }
)  # fmt: skip
ALL = Rule(("*",), ("*",), ("*",), (), ("*",))


@dataclass(frozen=True, slots=True)
class Right:
    """One rule that holds for a subject. namespace "": everywhere.

    binding, role: None for what the API server gives by itself. via: as whom the subject is bound.
    """

    cluster: str
    namespace: str
    rule: Rule
    binding: Ref | None
    role: Ref | None
    via: Subject
    dangers: tuple[Danger, ...]

    @property
    def severity(self) -> int:
        return max((severity_of(d, self.namespace, self.rule) for d in self.dangers), default=0)

    @property
    def what(self) -> str:
        """`get,list secrets (only db)`, in one line."""
        if self.rule.urls and not self.rule.resources:
            return f"{','.join(self.rule.verbs)} {','.join(self.rule.urls)}"
        groups = [g for g in self.rule.groups if g]
        of = f".{'|'.join(groups)}" if groups and groups != ["*"] else ""
        names = f" (only {','.join(self.rule.names)})" if self.rule.names else ""
        return f"{','.join(self.rule.verbs)} {','.join(self.rule.resources)}{of}{names}"


@dataclass(frozen=True, slots=True)
class Rights:
    """The worst first. hidden: why there may be more. notes: what no inventory knows."""

    subject: Subject
    rights: tuple[Right, ...]
    hidden: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """A subject that may do it, over `namespace` ("" is everywhere), and by what.

    names: the only objects that it may do it to; empty for all.
    """

    subject: Subject
    cluster: str
    namespace: str
    binding: Ref | None
    role: Ref | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Holders:
    request: Request
    holders: tuple[Holder, ...]
    hidden: tuple[str, ...]


def rights_of(inventory: Inventory, subject: Subject, groups: Sequence[str] = ()) -> Rights:
    """groups: those that come with the subject's credentials, as a certificate's O."""
    found, hidden = [], list(hidden_rbac(inventory))
    for rbac in rbac_of(inventory):
        found += list(_rights(rbac, subject, groups))
        hidden += _unread(rbac, (grant for grant, _ in rbac.grants_of(subject, groups)))
    notes = []
    if subject.kind == "User" and not groups:
        notes.append("groups of a user are not stored in the cluster: rights through them lack")
    if subject.name.startswith("system:node:") or subject.name == "system:nodes":
        notes.append("what the Node authorizer allows a kubelet is not in RBAC")
    if subject.kind == "ServiceAccount" and _is_unknown(inventory, subject):
        notes.append(f"there is no {subject}: these are the rights that it would have")
    found.sort(key=lambda right: (-right.severity, right.cluster, right.namespace, right.what))
    return Rights(subject, tuple(found), tuple(dict.fromkeys(hidden)), tuple(notes))


def _is_unknown(inventory: Inventory, account: Subject) -> bool:
    """Whether all accounts of its namespace are seen, and it is not among them."""
    feeds = inventory.feeds("serviceaccounts")
    return (
        bool(feeds)
        and all(f.state == "live" and f.namespace in ("", account.namespace) for f in feeds)
        and not any(
            obj.ref.name == account.name
            for obj in inventory.objects("serviceaccounts", account.namespace)
        )
    )


def _rights(rbac: Rbac, subject: Subject, groups: Sequence[str]) -> Iterator[Right]:
    if MASTERS_GROUP in (*subject.groups, *groups):
        via = Subject("Group", MASTERS_GROUP)
        yield Right(rbac.cluster, "", ALL, None, None, via, (MASTERS,))
    for grant, via in rbac.grants_of(subject, groups):
        for rule in rbac.rules_of(grant.role) or ():
            yield Right(
                rbac.cluster, grant.namespace, rule, grant.ref, grant.role, via, dangers_of(rule)
            )


def _unread(rbac: Rbac, grants: Iterator[Grant] | Sequence[Grant]) -> list[str]:
    """Bindings whose role is not there: dangling, or not to be seen."""
    return [
        f"{grant.ref} gives {grant.role}, which is not there or not to be seen"
        for grant in grants
        if rbac.rules_of(grant.role) is None
    ]


def who_can(
    inventory: Inventory, verb: str, resource: str, namespace: str = "", name: str = ""
) -> Holders:
    """Everyone that a binding names and who may do it.

    resource: `secrets`, `deploy`, `pods/exec`, `deployments.apps/scale`, or a URL (`/metrics`).
    namespace "": anywhere, each holder with where; a holder over a namespace is in the answer.
    """
    request = parse_request(inventory, verb, resource, namespace, name)
    found: list[Holder] = []
    hidden = [*_unknown_kind(inventory, resource), *hidden_rbac(inventory)]
    for rbac in rbac_of(inventory):
        found.append(Holder(Subject("Group", MASTERS_GROUP), rbac.cluster, "", None, None))
        for grant in rbac.grants:
            if grant.namespace and (namespace not in ("", grant.namespace) or request.url):
                continue
            found += _holders(rbac, grant, request)
        hidden += _unread(
            rbac, [g for g in rbac.grants if namespace in ("", g.namespace) or not g.namespace]
        )
    found = list(dict.fromkeys(found))
    found.sort(key=lambda h: (h.cluster, h.namespace, h.subject, bool(h.names)))
    return Holders(request, tuple(found), tuple(dict.fromkeys(hidden)))


def _unknown_kind(inventory: Inventory, resource: str) -> list[str]:
    """A word that names no kind (`secert`) is answered by those who may do everything alone."""
    word = resource.partition("/")[0]
    if not word or word == "*" or inventory.find_kind(word) is not None:
        return []
    names = [kind.resource for kind in inventory.kinds()]
    close = get_close_matches(word.lower(), names, 1, 0.6)
    perhaps = f", perhaps {close[0]}" if close else ""
    return [f"no kind {word[:60]} is known here{perhaps}: who may do it by name is not told"]


def _holders(rbac: Rbac, grant: Grant, request: Request) -> Iterator[Holder]:
    for rule in rbac.rules_of(grant.role) or ():
        if rule.covers(request):
            names: tuple[str, ...] = ()
        elif not request.name and rule.covers_but_name(request):
            names = rule.names
        else:
            continue
        for subject in grant.subjects:
            yield Holder(subject, rbac.cluster, grant.namespace, grant.ref, grant.role, names)


def can(
    inventory: Inventory, subject: Subject, request: Request, groups: Sequence[str] = ()
) -> bool:
    """As the API server would answer by RBAC, in any of the clusters."""
    return any(
        right.rule.covers(request)
        and (not right.namespace or (right.namespace == request.namespace and not request.url))
        for rbac in rbac_of(inventory)
        for right in _rights(rbac, subject, groups)
    )


def parse_request(
    inventory: Inventory, verb: str, resource: str, namespace: str = "", name: str = ""
) -> Request:
    """`pods/exec` has a subresource, `secrets/db` a name, `pods/web-1/exec` both."""
    if resource.startswith("/"):
        return Request(verb.lower(), url=resource)
    kind_text, *rest = resource.split("/")
    subresource = rest.pop() if rest and rest[-1] in SUBRESOURCES else ""
    wanted_name = name or (rest[0] if rest else "")
    kind = inventory.find_kind(kind_text)
    if kind is not None:
        return Request(verb.lower(), kind.resource, kind.group, subresource, namespace, wanted_name)
    plural, dot, group = kind_text.partition(".")
    return Request(
        verb.lower(), plural.lower(), group if dot else None, subresource, namespace, wanted_name
    )


# -- dangers


def dangers_of(rule: Rule) -> tuple[Danger, ...]:
    if "*" in rule.verbs and "*" in rule.resources and "*" in rule.groups and not rule.names:
        return (EVERYTHING,)
    return tuple(danger for danger in DANGERS if _is(danger, rule))


def _is(danger: Danger, rule: Rule) -> bool:
    if not ("*" in rule.verbs or any(verb in rule.verbs for verb in danger.verbs)):
        return False
    for written in danger.resources:
        resource, _, subresource = written.partition("/")
        plural, _, group = resource.partition(".")
        if rule.has_group(group) and rule.has_resource(plural, subresource):
            # a create can't be held to a name, except where the name stands in the path
            is_void = rule.names and danger.verbs == ("create",) and not subresource
            return not is_void
    return False


def severity_of(danger: Danger, namespace: str, rule: Rule) -> int:
    """Less where it holds for one namespace only, and less again for named objects only."""
    severity = (
        danger.of_namespace if namespace and namespace != "kube-system" else danger.of_cluster
    )
    return max(1, severity - 1) if rule.names else severity


# -- tokens in pods


def token_risk(inventory: Inventory, cluster: str, namespace: str, account: str) -> Risk | None:
    """What the token of a service account is good for; None where it may do nothing dangerous."""
    return tokens(inventory).risk(cluster, namespace, account)


class Tokens:
    """Answers of `token_risk` for many pods, each account read once."""

    def __init__(self, rbacs: Sequence[Rbac]) -> None:
        self.rbacs = rbacs
        self._by_cluster = {rbac.cluster: rbac for rbac in rbacs}
        self._known: dict[tuple[str, str, str], Risk | None] = {}

    def risk(self, cluster: str, namespace: str, account: str) -> Risk | None:
        key = (cluster, namespace, account)
        if key not in self._known:
            self._known[key] = self._risk(*key)
        return self._known[key]

    def _risk(self, cluster: str, namespace: str, account: str) -> Risk | None:
        rbac = self._by_cluster.get(cluster)
        if rbac is None:
            return None
        worst: tuple[int, Right, Danger] | None = None
        count = 0
        for right in _rights(rbac, Subject("ServiceAccount", account, namespace), ()):
            for danger in right.dangers:
                count += 1
                severity = severity_of(danger, right.namespace, right.rule)
                if worst is None or severity > worst[0]:
                    worst = severity, right, danger
        if worst is None:
            return None
        severity, right, danger = worst
        where = f"in {right.namespace}" if right.namespace else "in the whole cluster"
        by = f"{right.binding} to {right.role}" if right.binding else "the API server itself"
        more = f"; {count - 1} more dangerous rights" if count > 1 else ""
        return Risk(
            "token-rights", f"token: {danger.words}" + ("" if right.namespace else " *"), severity,
            f"the token in it may {danger.words} {where} (by {by}): {danger.why}{more}",
            danger.attack,
        )  # fmt: skip


# Per inventory: its generation, the bytes of roles and bindings, and what they say.
_tokens: WeakKeyDictionary[Inventory, tuple[int, list[bytes], Tokens]] = WeakKeyDictionary()


def rbac_of(inventory: Inventory) -> Sequence[Rbac]:
    """Roles and bindings as they are now; read again only when one of them changed."""
    return tokens(inventory).rbacs


def tokens(inventory: Inventory) -> Tokens:
    generation = inventory.generation  # before it is read, so that a change while reading is seen
    kept = _tokens.get(inventory)
    if kept is not None and kept[0] == generation:
        return kept[2]
    raws = [obj.raw for kind in RBAC_KINDS for obj in inventory.objects(kind, with_gone=False)]
    # the same bytes are the same object, which makes this quick while pods change
    found = kept[2] if kept is not None and kept[1] == raws else Tokens(read_rbac(inventory))
    _tokens[inventory] = (generation, raws, found)
    return found
