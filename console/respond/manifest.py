"""Objects as text to compare and to keep, without what a server writes and without secrets."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from console.case.journal import canonical
from console.case.text import visible
from console.live.redact import LAST_APPLIED, Redactor
from console.respond.cluster import Doc

ACCOUNT = "kubernetes.io/service-account.name"
ACCOUNT_UID = "kubernetes.io/service-account.uid"
# written by servers and controllers, at times of their own
_SERVERS = ("resourceVersion", "managedFields", "generation", "selfLink")
_BORN = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


def clean(doc: Mapping[str, Any]) -> Doc:
    """Without status and what the server keeps for itself; Secrets without values."""
    kept = deepcopy(dict(doc))
    kept.pop("status", None)
    meta = kept.get("metadata") or {}
    for name in _SERVERS:
        meta.pop(name, None)
    return redact(kept)


def redact(doc: Doc) -> Doc:
    """Values of a Secret taken out, also from the copy that kubectl keeps in an annotation."""
    if doc.get("kind") == "Secret":
        for name in ("data", "stringData"):
            if doc.get(name):
                doc[name] = dict.fromkeys(doc[name], "")
        annotations = (doc.get("metadata") or {}).get("annotations") or {}
        annotations.pop(LAST_APPLIED, None)
    return doc


def reborn(doc: Mapping[str, Any]) -> Doc:
    """A manifest that makes the object again."""
    kept = clean(doc)
    for name in _BORN:
        kept["metadata"].pop(name, None)
    if kept.get("kind") == "Secret":
        annotations = kept["metadata"].get("annotations") or {}
        # the token controller writes a new token, and the account's uid, where it finds the name
        annotations.pop(ACCOUNT_UID, None)
        is_token = ACCOUNT in annotations
        kept["type"] = "kubernetes.io/service-account-token" if is_token else "Opaque"
    return kept


def fingerprint(doc: Mapping[str, Any]) -> str:
    """Grows another when anybody changes what the object asks for; not by its status.

    Nor by finalizers: controllers put them on and take them off as they work.
    """
    kept = clean(doc)
    (kept.get("metadata") or {}).pop("finalizers", None)
    return hashlib.sha256(canonical(kept)).hexdigest()


def as_lines(doc: Mapping[str, Any] | None, redactor: Redactor) -> list[str]:
    """YAML, line by line, safe to show: passwords in a spec are masked, ConfigMap values hashed."""
    import yaml

    if doc is None:
        return []
    kept = clean(doc)
    # kubectl's copy of all the rest
    ((kept.get("metadata") or {}).get("annotations") or {}).pop(LAST_APPLIED, None)
    shown = redactor.mask_all(kept)
    text = yaml.safe_dump(shown, sort_keys=True, allow_unicode=True, width=100)
    return [visible(line) for line in text.splitlines()]


def diff(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    """Lines that go (`-`) and come (`+`) with two around them; no header."""
    redactor = Redactor()  # one for both: equal secrets have equal masks
    lines = difflib.unified_diff(
        as_lines(before, redactor), as_lines(after, redactor), n=2, lineterm=""
    )
    return [line for line in lines if not line.startswith(("---", "+++"))]
