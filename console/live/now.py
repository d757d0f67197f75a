"""What an entity of the timeline is in a cluster at the moment that is shown: alive, where, how
dangerous, since when; in words, each with the object that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from console.live.doc import items, text, texts
from console.live.inventory import Inventory, Obj, Ref
from console.live.judging import risks_of
from console.live.lifetimes import lifetimes
from console.live.rbac import Subject
from console.live.relations import pod_of_container, pods_by_ip, pods_of_image
from console.live.rights import rights_of

MOST = 6  # of objects that are told one by one
HIGH = 4  # OCSF's severity
WORKLOADS = (
    "deployments.apps", "statefulsets.apps", "daemonsets.apps", "replicasets.apps",
    "cronjobs.batch", "jobs.batch",
)  # fmt: skip
_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class Said:
    """ref: the object that it speaks of, if there is one. The words hold the attacker's text."""

    words: str
    ref: Ref | None = None
    is_bad: bool = False


def read_now(inventory: Inventory, type: str, value: str) -> list[Said]:
    """type, value: of `console.case.entities`. Empty where an inventory can't say anything of
    such a type; else at least one line, if need be that nothing of it is there."""
    read = _READ.get(type)
    if read is None or not inventory.kinds():
        return []
    found = list(read(inventory, value))
    if len(found) > MOST:
        found = [*found[:MOST], Said(f"and {len(found) - MOST} more")]
    return found or [Said(f"no {type} of that name is known here")]


def _named(*kinds: str) -> Callable[[Inventory, str], Iterator[Said]]:
    def read(inventory: Inventory, name: str) -> Iterator[Said]:
        lives = lifetimes(inventory, kinds, [name])
        for life in sorted(lives, key=lambda life: (life.gone is not None, life.start)):
            obj = inventory.get(life.ref)
            if obj is None:
                continue
            node = text(obj.doc, "spec", "nodeName") if life.ref.kind == "pods" else ""
            yield Said(f"{life}" + (f", on {node}" if node else ""), life.ref)
            yield from _risks(inventory, obj)

    return read


def _risks(inventory: Inventory, obj: Obj) -> Iterator[Said]:
    risks = risks_of(inventory, obj)
    if risks:
        words = ", ".join(dict.fromkeys(risk.words for risk in risks))
        yield Said(f"risk: {words}", obj.ref, max(risk.severity for risk in risks) >= HIGH)


def _address(inventory: Inventory, address: str) -> Iterator[Said]:
    for pod in pods_by_ip(inventory, address):
        gone = f", deleted {pod.gone:%H:%M:%S}" if pod.gone else ""
        yield Said(f"the address of {pod.ref}{gone}", pod.ref)
    for service in inventory.objects("services"):
        ips = {text(service.doc, "spec", "clusterIP"), *texts(service.doc, "spec", "clusterIPs")}
        if address in ips:
            yield Said(f"the address of {service.ref}", service.ref)
    for node in inventory.objects("nodes"):
        if any(text(one, "address") == address for one in items(node.doc, "status", "addresses")):
            yield Said(f"the address of {node.ref}", node.ref)


def _outside(inventory: Inventory, address: str) -> Iterator[Said]:
    found = list(_address(inventory, address))
    unseen = [
        feed.reason or f"{feed.kind} {feed.state}"
        for kind in ("pods", "services", "nodes")
        for feed in inventory.feeds(kind)
        if feed.state not in ("live", "recorded")
    ]
    if found:
        yield from found
    elif unseen:
        yield Said(f"nothing that is seen has this address; not seen: {'; '.join(unseen)}")
    else:
        yield Said("no pod, service or node has this address: it is from outside")


def _user(inventory: Inventory, name: str) -> Iterator[Said]:
    """What the account may do, the worst first, and which pods have its token."""
    if not name.startswith(_ACCOUNT):
        yield from _rights(inventory, Subject("User", name))
        return
    namespace, _, account = name.removeprefix(_ACCOUNT).partition(":")
    ref = Ref("", "serviceaccounts", namespace, account)
    known = inventory.get(ref)
    if known is not None:
        gone = f"deleted {known.gone:%Y-%m-%d %H:%M:%S}" if known.gone else "is there"
        yield Said(f"{known.ref} {gone}", known.ref)
    yield from _rights(inventory, Subject("ServiceAccount", account, namespace))
    pods = [
        pod for pod in inventory.objects("pods", namespace, with_gone=False)
        if pod.doc.get("spec")  # else its account is not known
        and (text(pod.doc, "spec", "serviceAccountName") or "default") == account
    ]  # fmt: skip
    if pods:
        names = ", ".join(pod.ref.name for pod in pods[:MOST])
        yield Said(f"{len(pods)} pods run under it: {names}", pods[0].ref)


def _rights(inventory: Inventory, subject: Subject) -> Iterator[Said]:
    found = rights_of(inventory, subject)
    for right in [right for right in found.rights if right.dangers][:3]:
        words = ", ".join(danger.words for danger in right.dangers)
        place = right.namespace or "everywhere"
        yield Said(f"may {words} ({right.what}) {place}", right.binding, right.severity >= HIGH)
    if not found.rights:
        hidden = "; ".join(found.hidden)
        yield Said(f"no role is bound to it that is seen here{'; ' if hidden else ''}{hidden}")


def _image(inventory: Inventory, image: str) -> Iterator[Said]:
    uses = pods_of_image(inventory, image)
    there = [use.obj for use in uses if use.obj.gone is None]
    for pod in there:
        yield Said(f"run by {pod.ref}", pod.ref)
    if uses and not there:
        yield Said(f"no pod runs it any more; {len(uses)} did, the last {uses[-1].obj.ref}",
                   uses[-1].obj.ref)  # fmt: skip


def _container(inventory: Inventory, value: str) -> Iterator[Said]:
    found = pod_of_container(inventory, value)
    if found is not None:
        pod, name = found
        gone = f", deleted {pod.gone:%H:%M:%S}" if pod.gone else ""
        yield Said(f"container {name} of {pod.ref}{gone}", pod.ref)
    for obj in inventory.objects("containers.docker"):
        if obj.ref.name == value or (len(value) >= 12 and obj.ref.uid.startswith(value)):
            state = text(obj.doc, "State", "Status")
            yield Said(f"{obj.ref} {'removed' if obj.gone else state}", obj.ref)


_READ: Mapping[str, Callable[[Inventory, str], Iterator[Said]]] = {
    "pod": _named("pods"), "node": _named("nodes"), "workload": _named(*WORKLOADS),
    "namespace": _named("namespaces"), "ip": _outside, "user": _user, "image": _image,
    "container": _container,
}  # fmt: skip
