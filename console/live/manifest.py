"""An object as YAML for reading, and who set its fields.

Values of Secrets are not in it, nor what looks like a secret in an environment or an argument;
managedFields are folded into a line that says how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import yaml

from console.live.doc import Doc
from console.live.inventory import Obj
from console.live.managed import managers
from console.live.redact import LAST_APPLIED, Redactor

_redactor = Redactor()  # its masks are comparable within one run


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, lists indented as kubectl does not: below their key."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)


@dataclass(frozen=True, slots=True)
class FieldOwner:
    """Who wrote a field last. manager: the tool; ts: UTC, None where managedFields don't say."""

    path: str
    manager: str
    operation: str
    subresource: str
    ts: datetime | None


def manifest(obj: Obj, *, is_whole: bool = False) -> str:
    """is_whole: with managedFields and the copy that `kubectl apply` leaves."""
    doc = shown_doc(obj)
    folded = [] if is_whole else _fold(doc)
    written = yaml.dump(
        doc,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=120,
    )
    notes = [obj.note] if obj.note else []
    if obj.is_partial:
        notes.append("partial: only what was seen of it")
    if obj.gone:
        notes.append(f"deleted {obj.gone:%Y-%m-%d %H:%M:%S} UTC")
    return "".join(f"# {line}\n" for line in (*notes, *folded)) + written


def shown_doc(obj: Obj) -> Doc:
    """The decoded object without secrets: a live one lacks them already, evidence may hold them."""
    if obj.origin in ("watch", "list"):
        return obj.doc
    compact = msgspec.json.encode(obj.doc)  # a file may be indented; the redactor looks for JSON as
    raw = _redactor.redact(obj.ref.kind, compact)  # servers send it
    return Obj(obj.ref, raw, obj.seen, obj.origin).doc


def _fold(doc: Doc) -> list[str]:
    metadata = doc.get("metadata")
    if not isinstance(metadata, dict):
        return []
    folded = []
    fields = metadata.pop("managedFields", None)
    if isinstance(fields, list):
        folded.append(f"managedFields: {len(fields)} folded")
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and annotations.pop(LAST_APPLIED, None) is not None:
        folded.append("last-applied-configuration: folded")
        if not annotations:
            del metadata["annotations"]
    return folded


def owners_of_fields(doc: Doc) -> list[FieldOwner]:
    """Every field that managedFields name, in the order of their paths."""
    found = [
        FieldOwner(path, who.name, who.operation, who.subresource, who.ts)
        for who in managers(doc)
        for path in who.fields
    ]
    return sorted(found, key=lambda owner: (owner.path, owner.manager))
