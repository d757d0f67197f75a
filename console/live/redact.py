"""Before anything is kept: no value of a Secret, no value of a ConfigMap, no password in a spec.

A Secret is asked for as a Table, so that its values never leave the server; what comes is its
name, type, number of keys and metadata. Values of a ConfigMap become their SHA-256, so that a
change shows. Literal secrets in environments and arguments become the case's keyed digest, as the
index has it (`queries/ingest/mask_macros.sql`): equal secrets of a case have equal masks.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from typing import Any

import msgspec

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET_NAME = re.compile(
    r"(?i)passw|passphrase|(^|_)pwd$|secret|token|api_?key|access_?key|private_?key|credential"
)
# The same shapes as in queries/ingest/mask_rows.sql.
_SECRET_IN_TEXT = (
    re.compile(r"(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.?[A-Za-z0-9_-]*)"),
    re.compile(r"[Bb]earer\s+([A-Za-z0-9._~+/=-]{8,})"),
    re.compile(r"(?i)--?(?:\w+[-_])?(?:password|passwd|token|secret|api-?key)[= ]([^\s\"'&]{3,})"),
    re.compile(
        r"(?i)(?:^|[^a-z])(?:password|passwd|secret|token|api_?key)\s*[=:]\s*[\"']?"
        r"([^\s\"'&,;{}\[\]\\<>()]{6,})"
    ),
    re.compile(r"[a-z]://[^/\s:@\"]+:([^/\s@\"]{3,})@"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END"),
)
_SECRET_OPTION = re.compile(r"(?i)--?[\w-]*(password|passwd|token|secret|api-?key)")
# Where a literal secret can stand, also in the copy of `kubectl apply`. Looked for as bytes: many
# objects have none of it and stay the server's bytes; a regular expression costs 600 µs a pod.
_PLACES = tuple(
    quote + name + quote + b":["
    for name in (b"env", b"args", b"command")
    for quote in (b'"', b'\\"')
)
_HINTS = ("eyj", "earer", "passw", "token", "secret", "key", "://")
_LISTS = ("args", "command")
# Of the server's own kinds: parts without containers in them, which need no look.
_OWN_KINDS = frozenset(
    ("Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob")
)
_FLAT = frozenset(
    ("env", "envFrom", "args", "command", "resources", "ports", "volumes", "volumeMounts",
     "tolerations", "securityContext", "affinity", "selector", "metadata")
)  # fmt: skip


class Redactor:
    """Redacts the objects of one case; without a case, under a key that nobody keeps."""

    def __init__(self, masking_key: bytes | None = None) -> None:
        self._key = (masking_key or secrets.token_bytes(32)).hex()

    def mask(self, secret: str) -> str:
        """What stands for a secret: the start of a digest with the case's key."""
        inner = hashlib.sha256((self._key + secret).encode()).hexdigest()
        return f"‹masked:{hashlib.sha256((self._key + inner).encode()).hexdigest()[:8]}›"

    def redact(self, kind: str, raw: bytes) -> bytes:
        """The object's JSON without what must not be kept. kind: a `Kind.key`."""
        if kind == "secrets":
            return _encoded(self._secret(_decoded(raw)))
        if kind == "configmaps":
            return _encoded(self._config_map(_decoded(raw)))
        if not any(place in raw for place in _PLACES):
            return raw
        document = _decoded(raw)
        return _encoded(document) if self._mask_spec(document) else raw

    def mask_all(self, value: Any) -> Any:
        """A copy of any part of an object with all masked that may be secret.

        Beside environments and arguments: annotations, values of a ConfigMap, and what looks like
        a secret in any other text.
        """
        match value:
            case dict():
                masked = {name: self.mask_all(part) for name, part in value.items()}
                self._mask_container(masked)
                annotations = masked.get("annotations")
                if isinstance(annotations, dict):
                    self.mask_annotations(annotations)
                if value.get("kind") == "ConfigMap":
                    masked |= _hashed_parts(value)
                return masked
            case list() | tuple():
                return [self.mask_all(part) for part in value]
            case str():
                return self._masked_text(value)
            case _:
                return value

    def mask_annotations(self, annotations: dict[str, Any]) -> None:
        """In place, by name or by what looks like a secret; `kubectl apply`'s copy as a whole."""
        for name, value in annotations.items():
            if isinstance(value, str) and value:
                is_secret = name == LAST_APPLIED or _SECRET_NAME.search(name)
                annotations[name] = self.mask(value) if is_secret else self._masked_text(value)

    def _secret(self, document: dict[str, Any]) -> dict[str, Any]:
        """Metadata and type only: a server that sent values all the same is not believed."""
        kept = ("apiVersion", "kind", "metadata", "type", "dataCount", "immutable")
        bare = {name: document[name] for name in kept if name in document}
        _annotations(bare).pop(LAST_APPLIED, None)
        return bare

    def _config_map(self, document: dict[str, Any]) -> dict[str, Any]:
        document |= _hashed_parts(document)
        _annotations(document).pop(LAST_APPLIED, None)
        return document

    def _mask_spec(self, document: dict[str, Any]) -> bool:
        """Masks in place, also in the copy that `kubectl apply` leaves; True if anything was."""
        found = False
        for container in _containers(document):
            found |= self._mask_container(container)
        annotations = _annotations(document)
        applied = annotations.get(LAST_APPLIED)
        if isinstance(applied, str):
            try:
                inner = _decoded(applied.encode())
            except msgspec.DecodeError:
                inner = {}
            if inner and self._mask_spec(inner):
                annotations[LAST_APPLIED] = _encoded(inner).decode()
                found = True
        return found

    def _mask_container(self, container: dict[str, Any]) -> bool:
        found = False
        environment = container.get("env")
        for variable in environment if isinstance(environment, list) else ():
            if isinstance(variable, dict) and isinstance(variable.get("value"), str):
                value = variable["value"]
                is_secret = value and _SECRET_NAME.search(str(variable.get("name", "")))
                variable["value"] = self.mask(value) if is_secret else self._masked_text(value)
                found |= variable["value"] != value
        for name in _LISTS:
            words = container.get(name)
            if isinstance(words, list):
                container[name] = self._masked_words(words)
                found |= container[name] != words
        return found

    def _masked_words(self, words: list[Any]) -> list[Any]:
        """Arguments; one that follows a bare `--password` is its value."""
        masked: list[Any] = []
        is_value = False
        for word in words:
            if not isinstance(word, str):
                masked.append(word)
                continue
            masked.append(self.mask(word) if is_value and word else self._masked_text(word))
            is_value = _SECRET_OPTION.fullmatch(word) is not None
        return masked

    def _masked_text(self, text: str) -> str:
        lower = text.lower()
        if not any(hint in lower for hint in _HINTS):
            return text
        for pattern in _SECRET_IN_TEXT:
            for match in reversed(list(pattern.finditer(text))):
                text = text[: match.start(1)] + self.mask(match[1]) + text[match.end(1) :]
        return text


def hashed(value: object) -> str:
    """What stands for a value of a ConfigMap."""
    return f"sha256:{hashlib.sha256(str(value).encode()).hexdigest()}"


def _hashed_parts(config_map: dict[str, Any]) -> dict[str, Any]:
    """Its values, hashed."""
    return {
        part: {name: hashed(value) for name, value in values.items()}
        for part in ("data", "binaryData")
        if isinstance(values := config_map.get(part), dict)
    }


def _containers(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every container and probe, however deep its pod template lies (Pod, CronJob, a CRD's)."""
    flat = _FLAT if document.get("kind") in _OWN_KINDS else frozenset()
    waiting = [part for name, part in document.items() if name not in ("metadata", "status")]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += [part for part in item if isinstance(part, dict | list)]
        elif isinstance(item, dict):
            if "env" in item or "args" in item or "command" in item:
                yield item
            waiting += [
                part
                for name, part in item.items()
                if isinstance(part, dict | list) and name not in flat
            ]


def _annotations(document: dict[str, Any]) -> dict[str, Any]:
    metadata = document.get("metadata")
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _decoded(raw: bytes) -> dict[str, Any]:
    document = msgspec.json.decode(raw)
    return document if isinstance(document, dict) else {}


def _encoded(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document)
