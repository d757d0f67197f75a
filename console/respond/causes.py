"""What of a workload can be the cause of a finding: image, mount, right, exposure; in words.

Compared between a bad revision and what runs after it: a rollback that leaves the cause in place
has fixed nothing, and is told so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from console.case.text import visible
from console.live.exposure import service_risks
from console.live.inventory import Obj, Ref
from console.live.podrisk import spec_risks
from console.live.pods import PodSpec
from console.live.rbac import RBAC_KINDS, Rbac, Subject
from console.live.rights import dangers_of
from console.respond.blast import matches

if TYPE_CHECKING:
    from console.respond.blast import Surroundings
    from console.respond.cluster import Doc

KINDS = ("image", "mount", "right", "exposure")
LEAST = 3  # OCSF severity: what is weaker is true of nearly every pod


@dataclass(frozen=True)
class Causes:
    """image: what is run, and how it is called. mount: volumes, privileges, host namespaces.
    right: what its service account may do. exposure: who gets in from outside."""

    image: tuple[str, ...] = ()
    mount: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    exposure: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[str, ...]:
        found: tuple[str, ...] = getattr(self, kind)
        return found


def of_template(around: Surroundings, namespace: str, template: Doc) -> Causes:
    """Of the pods that a template makes. What can't be seen is said in `around.hidden`."""
    spec: Doc = template.get("spec") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    return Causes(
        _images(spec), _mounts(spec), _rights(around, namespace, spec),
        _exposure(around, namespace, labels, spec),
    )  # fmt: skip


def of_pods(around: Surroundings, namespace: str, pods: Sequence[Doc]) -> Causes:
    """Of what runs, all pods together; images also by what they resolved to."""
    found = [
        of_template(around, namespace, {"metadata": pod["metadata"], "spec": pod["spec"]})
        for pod in pods
    ]
    joined = {
        one.name: _unique(line for causes in found for line in causes.of(one.name))
        for one in fields(Causes)
    }
    joined["image"] = _unique((*joined["image"], *_ids(pods)))
    return Causes(**joined)


def _ids(pods: Sequence[Doc]) -> list[str]:
    return [
        f"image id {visible(str(state['imageID']))}"
        for pod in pods
        for state in (pod.get("status") or {}).get("containerStatuses") or []
        if state.get("imageID")
    ]


def of_revision(pods: Sequence[Doc], template: Doc) -> list[Doc]:
    """Those pods that run what the template says, and are not ending."""
    images = {one.get("name"): one.get("image") for one in _containers(template["spec"])}
    return [
        pod for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        and images.items() <= {c["name"]: c["image"] for c in _containers(pod["spec"])}.items()
    ]  # fmt: skip


def _containers(spec: Doc) -> list[Doc]:
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]


def _images(spec: Doc) -> tuple[str, ...]:
    """Values of the environment stay out: they may be passwords."""
    lines = []
    for one in _containers(spec):
        name = visible(str(one.get("name", "")))
        lines.append(f"image {visible(str(one.get('image', '')))}")
        for field in ("command", "args"):
            if one.get(field):
                lines.append(f"{field} of {name}: {visible(' '.join(map(str, one[field])))[:200]}")
        lines += [f"env {visible(str(env.get('name')))} of {name}" for env in one.get("env") or []]
    return _unique(lines)


def _mounts(spec: Doc) -> tuple[str, ...]:
    lines = []
    for volume in spec.get("volumes") or []:
        name = str(volume.get("name", ""))
        kinds = sorted(volume.keys() - {"name"})
        if any(kind in ("projected", "secret") for kind in kinds) and "-token-" in name:
            continue  # the account's token: another name in each pod
        source = volume.get(kinds[0]) if kinds else {}
        what = ""
        if isinstance(source, Mapping):
            keys = ("path", "secretName", "claimName", "name", "server")
            what = " ".join(str(source[key]) for key in keys if source.get(key))
        lines.append(visible(f"volume {' '.join(kinds)} {what}".rstrip()))
    decoded = msgspec.convert(spec, type=PodSpec, strict=False)
    lines += [
        f"{visible(risk.words)}" + (f" ({visible(risk.where)})" if risk.where else "")
        for risk in spec_risks(decoded)
        if risk.severity >= LEAST
    ]
    return _unique(lines)


def _rights(around: Surroundings, namespace: str, spec: Doc) -> tuple[str, ...]:
    """Dangerous rights of the service account, each with the binding that gives it."""
    account = str(spec.get("serviceAccountName") or "default")
    now = datetime.now(UTC).replace(tzinfo=None)
    objects = {}
    for kind in RBAC_KINDS:
        objects[kind] = [
            Obj(
                Ref("", kind, one["metadata"].get("namespace", ""), one["metadata"]["name"]),
                msgspec.json.encode(one), now, "list",
            )
            for one in around.objects(kind)
        ]  # fmt: skip
    rbac = Rbac("", objects)
    lines = [f"service account {visible(account)}"]
    for grant, _ in rbac.grants_of(Subject("ServiceAccount", account, namespace)):
        for rule in rbac.rules_of(grant.role) or ():
            for danger in dangers_of(rule):
                scope = f"in {visible(grant.namespace)}" if grant.namespace else "everywhere"
                lines.append(f"{danger.words} {scope} by {visible(str(grant.ref))}")
    return _unique(lines)


def _exposure(
    around: Surroundings, namespace: str, labels: Mapping[str, str], spec: Doc
) -> tuple[str, ...]:
    lines = []
    names = set()
    for service in around.objects("services", namespace):
        selector = (service.get("spec") or {}).get("selector")
        if not selector or not matches(selector, labels):
            continue
        name = service["metadata"]["name"]
        names.add(name)
        lines += [f"service {visible(name)}: {visible(r.words)}" for r in service_risks(service)]
    for ingress in around.objects("ingresses.networking.k8s.io", namespace):
        said = msgspec.json.encode(ingress.get("spec") or {})
        if any(msgspec.json.encode({"name": name})[1:-1] in said for name in names):
            lines.append(f"ingress {visible(ingress['metadata']['name'])}")
    for one in _containers(spec):
        for port in one.get("ports") or []:
            if port.get("hostPort"):
                lines.append(f"port {port['hostPort']} of the node")
    return _unique(lines)


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))
