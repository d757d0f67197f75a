"""Reading and changing objects of one cluster by plain requests, without waiting for a mirror.

Secrets are only ever asked for as metadata, so that no value can reach a journal or a screen.
Writes go out under our field manager and, with `dry_run`, change nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from console.case.text import visible
from console.errors import UsageError
from console.live.api import JSON_TYPE, MERGE_PATCH, ClusterApi, Forbidden, NotFound
from console.live.discovery import discover
from console.live.inventory import Kind
from console.live.kindnames import find_kind
from console.live.redact import LAST_APPLIED
from console.live.reviews import Right

FIELD_MANAGER = "kubecase"
PAGE = 500
# Source: Kubernetes API concepts, "Metadata-only fetches".
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

Doc = dict[str, Any]


class Cluster:
    """One cluster, read and changed by direct requests."""

    def __init__(self, api: ClusterApi) -> None:
        self.api = api
        self._kinds: list[Kind] = []

    def kind(self, text: str) -> Kind:
        """By resource, singular, short name, kind, or key. Raises UsageError."""
        if not self._kinds:
            self._kinds = discover(self.api)
        found = find_kind(self._kinds, text)
        if found is None:
            raise UsageError("this cluster serves no such kind", where=visible(text[:80]))
        return found

    # -- reading

    def get(self, kind: str, namespace: str, name: str) -> Doc:
        """One object; of a Secret only its metadata. Raises NotFound, Forbidden …

        Who may list and not get finds it in the list.
        """
        found = self.kind(kind)
        path = found.path(namespace, name)
        try:
            return self.read(path)
        except Forbidden as refused:
            try:
                listed = self.objects(kind, namespace, fields=f"metadata.name={name}")
            except Forbidden:
                raise refused from None
            if not listed:
                what = f'{found.resource} "{visible(name)}" not found'
                raise NotFound(404, "NotFound", what, where=f"{self.api.name} {path}") from refused
            return listed[0]

    def read(self, path: str) -> Doc:
        """The object at a path of the API."""
        if is_secret(path):
            return _bare(_doc(self.api.get(path, accept=METADATA)))
        return _doc(self.api.get(path))

    def find(self, kind: str, namespace: str, name: str) -> Doc | None:
        """Like `get`, None where it is not there."""
        try:
            return self.get(kind, namespace, name)
        except NotFound:
            return None

    def objects(
        self, kind: str, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> list[Doc]:
        """All objects of a kind, page by page; namespace "" is all of them."""
        found = self.kind(kind)
        path = found.path(namespace)
        accept = METADATA_LIST if is_secret(path) else JSON_TYPE
        items: list[Doc] = []
        token: str | None = None
        while True:
            asked = {"limit": PAGE, "continue": token, "labelSelector": labels or None,
                     "fieldSelector": fields or None}  # fmt: skip
            page = _doc(self.api.request("GET", path, params=asked, accept=accept).body)
            for item in page.get("items") or []:
                item["kind"], item["apiVersion"] = found.kind, found.api_version
                items.append(_bare(item) if is_secret(path) else item)
            token = page.get("metadata", {}).get("continue") or None
            if token is None:
                return items

    def can(self, right: Right) -> bool:
        """Whether this identity has a right. Source: SelfSubjectAccessReview."""
        attributes = {
            "verb": right.verb, "group": right.group, "resource": right.resource,
            "subresource": right.subresource, "namespace": right.namespace, "name": right.name,
        }  # fmt: skip
        reply = self.api.request(
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            body={
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": {k: v for k, v in attributes.items() if v}},
            },
        )
        return bool(_doc(reply.body).get("status", {}).get("allowed"))

    # -- changing

    def patch(
        self, path: str, body: Mapping[str, Any], *, dry_run: bool = False,
        content_type: str = MERGE_PATCH,
    ) -> Doc:  # fmt: skip
        """A JSON merge patch; put uid and resourceVersion into it and a late change is a Conflict.

        Source: RFC 7396; Kubernetes API concepts, "Resource versions", "Dry-run".
        """
        reply = self.api.request(
            "PATCH", path, params=_params(dry_run), body=body, content_type=content_type,
            accept=METADATA if is_secret(path) else JSON_TYPE,
        )  # fmt: skip
        return _doc(reply.body)

    def create(self, path: str, body: Mapping[str, Any], *, dry_run: bool = False) -> Doc:
        reply = self.api.request(
            "POST", path, params=_params(dry_run), body=body,
            accept=METADATA if is_secret(path) else JSON_TYPE,
        )  # fmt: skip
        return _doc(reply.body)

    def delete(
        self, path: str, *, uid: str, resource_version: str = "", grace_s: int | None = None,
        propagation: str = "Background", dry_run: bool = False,
    ) -> None:  # fmt: skip
        """Delete exactly that object. Raises Conflict if another one has its name now."""
        wanted = {"uid": uid} | ({"resourceVersion": resource_version} if resource_version else {})
        body: Doc = {
            "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": wanted,
            "propagationPolicy": propagation,
        }  # fmt: skip
        if grace_s is not None:
            body["gracePeriodSeconds"] = grace_s
        if dry_run:
            body["dryRun"] = ["All"]
        self.api.request(
            "DELETE", path, body=body, accept=METADATA if is_secret(path) else JSON_TYPE
        )


def is_secret(path: str) -> bool:
    """Whether a path of the API is of Secrets."""
    parts = path.strip("/").split("/")
    return parts[:2] == ["api", "v1"] and "secrets" in parts[2:5]


def _bare(doc: Doc) -> Doc:
    """A Secret's metadata, without the copy of its values that `kubectl apply` leaves there."""
    doc["apiVersion"], doc["kind"] = "v1", "Secret"
    (doc["metadata"].get("annotations") or {}).pop(LAST_APPLIED, None)
    return doc


def _params(dry_run: bool) -> dict[str, str]:
    return {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})


def _doc(body: bytes) -> Doc:
    decoded = json.loads(body)
    return decoded if isinstance(decoded, dict) else {}
