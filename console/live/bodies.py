"""One object's versions from the steps of its life: whole bodies as they are, the rest merged.

What is not certain of a version stands in its note: where its fields are from, since when they are
not known, what was inferred.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from console.live.history import Step
from console.live.inventory import Kind, Obj, Origin, Ref
from console.live.kindnames import BUILT_IN_GROUPS
from console.live.patches import NO_BASE, apply_patch

UNKNOWN_BEFORE = "existed before, unknown since"
NO_CONTENT = "known by name only: no content in the evidence"
ENGINE = "docker"  # whose objects are as it gives them
_NODE_USER = "system:node:"
Document = dict[str, Any]


class Version:
    """The newest version of one life, as step after step is taken."""

    def __init__(self, kind: Kind, ref: Ref, cite: Callable[[Step], str]) -> None:
        self.kind, self.ref = kind, ref
        self._cite = cite
        self._raw = b""
        self._doc: Document | None = None  # decoded only where something is merged
        self._origin: Origin = "audit"
        self._seen: datetime | None = None
        self._citation = ""
        self._notes: list[str] = []  # of the body
        self._has_base = False
        self.lasting: list[str] = []  # of the life
        self.is_partial = False

    @property
    def has_body(self) -> bool:
        return bool(self._raw) or self._doc is not None

    def take(self, step: Step, document: str | None) -> None:
        """Go on to the next step. document: the JSON that it brings, if it brings any."""
        self._seen = step.ts
        if step.uid and not self.ref.uid:
            self.ref = Ref(
                self.ref.cluster, self.ref.kind, self.ref.namespace, self.ref.name, step.uid
            )
        if not self._citation or step.body_kind:
            self._citation, self._origin = self._cite(step), step.origin
        decoded = _decoded(document) if document and step.body_kind not in ("", "full") else None
        if document and step.body_kind == "full":
            self._take_whole(step, document)
        elif decoded is not None:
            self._merge(step, decoded)
        elif step.effect in ("create", "write"):
            if step.subresource != "binding":
                self.blind(step.ts, is_status=step.subresource == "status")
            if step.subresource == "status" and step.who.startswith(_NODE_USER):
                self.reported_by(step.who)

    def _take_whole(self, step: Step, document: str) -> None:
        self._raw, self._doc = document.encode(), None
        self._notes = [step.note] if step.note and step.effect != "end" else []
        self.is_partial = False
        self._has_base = True
        if _needs_care(document):
            self._doc = _decoded(document)
            if not isinstance(self._doc, dict):
                self._doc = {}
            for name in ("@type", "_context"):
                self._doc.pop(name, None)
        if self.kind.group != ENGINE and f'"kind":"{self.kind.kind}"' not in document:
            self._change({"apiVersion": self.kind.api_version, "kind": self.kind.kind} | self.doc())

    def _merge(self, step: Step, part: Any) -> None:
        doc = self.doc()
        note = "" if self._has_base else NO_BASE
        if step.body_kind == "patch":
            done = apply_patch(
                doc if self._has_base else None, _without_type(part),
                is_built_in=self.kind.group in BUILT_IN_GROUPS, subresource=step.subresource,
            )  # fmt: skip
            self._change(done.doc if self._has_base else doc | done.doc)
            note = done.note
        elif isinstance(part, dict):
            self._change(_with_part(doc, step.body_kind, part))
        if note:
            self.is_partial = True
            self._note(note)

    def blind(self, ts: datetime, *, is_status: bool) -> None:
        """Something wrote it, and the evidence does not have what."""
        self.is_partial = True
        if not self.has_body:
            return
        what = "status" if is_status else "content"
        self._notes = [note for note in self._notes if not note.startswith(f"{what} changed")]
        self._note(f"{what} changed at {ts:%H:%M:%S}, to what is not in the evidence")

    def reported_by(self, who: str) -> None:
        """The kubelet that reports a pod's status is the one of its node."""
        if self.kind.key == "pods" and self._has_base:
            doc = self.doc()
            spec = doc.get("spec")
            if isinstance(spec, dict) and not spec.get("nodeName"):
                self._change({**doc, "spec": {**spec, "nodeName": who.removeprefix(_NODE_USER)}})
                self._note("its node inferred from who reports its status")

    def doc(self) -> Document:
        """The body so far, decoded; to be changed by `_change` only."""
        if self._doc is None:
            found = _decoded(self._raw.decode()) if self._raw else None
            self._doc = found if isinstance(found, dict) else {}
        return self._doc

    def obj(self, *, gone: datetime | None = None) -> Obj:
        if not self.has_body and not self._notes:
            self._note(NO_CONTENT)
        if self._doc is not None or not self._raw:
            self._raw = msgspec.json.encode(self._named(self.doc()))
        assert self._seen is not None  # a life has at least one step
        notes = [*self.lasting, *self._notes]
        return Obj(
            self.ref, self._raw, self._seen, self._origin, gone,
            self.is_partial or not self._has_base, "; ".join(dict.fromkeys(notes)), self._citation,
        )  # fmt: skip

    def _named(self, doc: Document) -> Document:
        """What is known of any object: its kind and name, where the body does not say them."""
        metadata = doc.get("metadata")
        known = {"name": self.ref.name}
        if self.ref.namespace:
            known["namespace"] = self.ref.namespace
        if self.ref.uid:
            known["uid"] = self.ref.uid
        named = {"apiVersion": self.kind.api_version, "kind": self.kind.kind} | doc
        return named | {"metadata": (metadata if isinstance(metadata, dict) else {}) | known}

    def _change(self, doc: Document) -> None:
        self._doc, self._raw = doc, b""

    def _note(self, note: str) -> None:
        if note not in self._notes:
            self._notes.append(note)


def _with_part(doc: Document, body_kind: str, part: Document) -> Document:
    """The object after a write of one of its sub-resources."""
    spec = doc.get("spec")
    spec = dict(spec) if isinstance(spec, dict) else {}
    inner = part.get("spec")
    if body_kind == "status":
        return {**doc, "status": part.get("status")}
    if body_kind == "scale":
        if isinstance(inner, dict) and "replicas" in inner:
            spec["replicas"] = inner["replicas"]
    elif body_kind == "binding":
        target = part.get("target")
        if isinstance(target, dict) and "name" in target:
            spec["nodeName"] = target["name"]
    elif body_kind == "ephemeral" and "ephemeralContainers" in part:
        spec["ephemeralContainers"] = part["ephemeralContainers"]
    return {**doc, "spec": spec}


def _needs_care(document: str) -> bool:
    """GKE's type, and what an ingest added to an item of a list."""
    return '"@type"' in document or '"_context"' in document


def _without_type(part: Any) -> Any:
    if isinstance(part, dict) and "@type" in part:
        return {name: value for name, value in part.items() if name != "@type"}
    return part


def _decoded(document: str) -> Any:
    try:
        return msgspec.json.decode(document.encode())
    except (msgspec.DecodeError, RecursionError):
        return None
