"""Steps made from what is there now: the plan's view of an object, with its uid and fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.case.text import visible
from console.respond.cluster import Doc
from console.respond.manifest import fingerprint
from console.respond.steps import ACTION_LABEL, NEW_OBJECT, Change, Create, Delete, Edit
from console.respond.tokens import after_undo
from console.visibility.target import Target

if TYPE_CHECKING:
    from console.respond.means import Means


def edit_of(
    means: Means, target: Target, changes: tuple[Change, ...], text: str
) -> tuple[Edit, Doc]:
    """The step that changes one object, and the object. text: `{name}` is its name."""
    kind = means.cluster.kind(target.kind)
    doc = means.cluster.get(target.kind, target.namespace, target.name)
    step = Edit(
        text=text.format(name=visible(target.name)), path=kind.path(target.namespace, target.name),
        resource=kind.resource, group=kind.group, namespace=target.namespace, name=target.name,
        uid=doc["metadata"]["uid"], seen=fingerprint(doc), changes=changes,
    )  # fmt: skip
    return step, doc


def delete_of(
    means: Means, target: Target, text: str, *, of: type[Delete] = Delete, left: str = "",
    propagation: str = "Background",
) -> tuple[Delete, Doc]:  # fmt: skip
    """The step that deletes one object, and the object. left: what undo does not bring back."""
    kind = means.cluster.kind(target.kind)
    doc = means.cluster.get(target.kind, target.namespace, target.name)
    if not left:
        left = after_undo(means.cluster, doc) if kind.key == "secrets" else NEW_OBJECT
    step = of(
        text=text.format(name=visible(target.name)), path=kind.path(target.namespace, target.name),
        resource=kind.resource, group=kind.group, namespace=target.namespace, name=target.name,
        uid=doc["metadata"]["uid"], seen=fingerprint(doc), propagation=propagation, left=left,
    )  # fmt: skip
    return step, doc


def create_of(
    means: Means, kind_text: str, namespace: str, body: Doc, mark: str, text: str
) -> Create:
    """The step that makes an object; it gets the label that says which action made it."""
    kind = means.cluster.kind(kind_text)
    body = {"apiVersion": kind.api_version, "kind": kind.kind, **body}
    body["metadata"] = {**body["metadata"], "labels": {
        **(body["metadata"].get("labels") or {}), ACTION_LABEL: mark,
        "app.kubernetes.io/managed-by": "kubecase",
    }}  # fmt: skip
    return Create(
        text=text, path=kind.path(namespace), resource=kind.resource, group=kind.group,
        namespace=namespace, name=body["metadata"]["name"], body=body,
    )  # fmt: skip
