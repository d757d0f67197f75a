"""Who the server takes us for; where it can't be asked, who our own credentials say we are.

A token is read for its claims and never kept, shown or sent elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.live.api import ClusterApi, Forbidden, NotFound

if TYPE_CHECKING:
    from console.live.credentials import Credentials

VERSIONS = ("v1", "v1beta1", "v1alpha1")  # of SelfSubjectReview: 1.28, 1.27, 1.26


@dataclass(frozen=True, slots=True)
class Identity:
    """source: who says so, in words."""

    user: str
    groups: tuple[str, ...]
    source: str


def fetch_identity(api: ClusterApi) -> Identity:
    """Asks the server (SelfSubjectReview); older ones don't tell. Raises Unreachable, ApiError."""
    for version in VERSIONS:
        path = f"/apis/authentication.k8s.io/{version}/selfsubjectreviews"
        body = {"apiVersion": f"authentication.k8s.io/{version}", "kind": "SelfSubjectReview"}
        try:
            answer = json.loads(api.request("POST", path, body=body).body)
        except (NotFound, Forbidden):
            continue
        info = (answer.get("status") or {}).get("userInfo") or {}
        return Identity(
            str(info.get("username", "")), tuple(map(str, info.get("groups") or ())), "the server"
        )
    return read_identity(api.credentials)


def read_identity(credentials: Credentials) -> Identity:
    """From the client certificate's subject, the token's claims, or the kubeconfig's user name."""
    scheme, _, token = credentials.authorization().partition(" ")
    if scheme.lower() == "bearer" and token:
        return _of_token(token)
    if credentials.certificate:
        return _of_certificate(credentials.certificate)
    if credentials.username:
        return Identity(credentials.username, (), "the kubeconfig")
    return Identity("system:anonymous", ("system:unauthenticated",), "no credentials")


def _of_certificate(pem: bytes) -> Identity:
    """CN is the user, each O a group. Source: Kubernetes, X509 client certificates."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        subject = x509.load_pem_x509_certificate(pem).subject
    except ValueError:
        return Identity("", (), "a certificate that can't be read")
    names = [str(a.value) for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    groups = [str(a.value) for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    return Identity(names[0] if names else "", tuple(groups), "the client certificate")


def _of_token(token: str) -> Identity:
    """Source: RFC 7519. Whether its signature holds is for the server to say."""
    parts = token.split(".")
    claims: Any = None
    if len(parts) == 3:
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except (ValueError, binascii.Error):
            claims = None
    if not isinstance(claims, dict):
        return Identity("", (), "a token that does not tell")
    groups = claims.get("groups")
    return Identity(
        str(claims.get("email") or claims.get("sub") or ""),
        tuple(map(str, groups)) if isinstance(groups, list) else (),
        "the token's own claims",
    )
