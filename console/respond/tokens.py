"""Tokens of service accounts: whom they let in, and what becomes of one that is made again.

The token of a secret holds names and the account's uid, and no time. Signed by RSA (PKCS #1 v1.5)
the same claims give the same bytes: a secret of that name brings the very token back, and a copy of
it works again. An EC signature is another one each time, and the server compares the token with the
secret's. Source: Kubernetes, pkg/serviceaccount/legacy.go; RFC 8017, 8.2.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import CaseError
from console.respond.manifest import ACCOUNT

if TYPE_CHECKING:
    from console.respond.blast import Surroundings
    from console.respond.cluster import Cluster, Doc

KEYS = "/openid/v1/jwks"
AUTOMATIC_UNTIL = 24  # minor version from which accounts have no token secret of their own


def after_undo(cluster: Cluster, secret: Doc) -> str:
    """What making a deleted Secret again does to its values, in words."""
    account = (secret["metadata"].get("annotations") or {}).get(ACCOUNT)
    if not account:
        return "its values were never read and are gone for good: an empty Opaque one is made"
    kinds = signers(cluster)
    if kinds == {"RSA"}:
        return (
            "it brings the SAME token back, since this cluster signs by RSA, and a stolen copy is"
            " let in again; for a token that nobody has, make a secret of another name for"
            f" {visible(account)}"
        )
    if kinds == {"EC"}:
        return (
            "the deleted token is gone for good; another one comes under that name, and who used"
            " the old one by right has to fetch it"
        )
    return (
        "it may bring the same token back (signed by RSA) or another (by EC): with what this"
        f" cluster signs is not to be seen ({KEYS})"
    )


def signers(cluster: Cluster) -> set[str]:
    """The kinds of the keys that sign tokens (`RSA`, `EC`); empty where this may not be read."""
    try:
        said = json.loads(cluster.api.get(KEYS, accept="*/*"))
        return {str(key.get("kty")) for key in said.get("keys") or []}
    except (CaseError, ValueError, AttributeError):
        return set()


def is_replaced(cluster: Cluster, secret: Doc) -> bool:
    """Whether the cluster makes another token as soon as this one is gone.

    The account names it as its own. Source: tokens_controller.go;
    LegacyServiceAccountTokenNoAutoGeneration (1.24).
    """
    meta = secret["metadata"]
    try:
        account = cluster.get("serviceaccounts", meta["namespace"], meta["annotations"][ACCOUNT])
        version = json.loads(cluster.api.get("/version"))
    except (CaseError, ValueError):
        return False
    names = {one.get("name") for one in account.get("secrets") or []}
    digits = "".join(c for c in str(version.get("minor", "")) if c.isdigit())
    return meta["name"] in names and int(digits or AUTOMATIC_UNTIL) < AUTOMATIC_UNTIL


def sessions_of(around: Surroundings, namespace: str, name: str) -> list[str]:
    """Who is let in no more when a service account is gone or another of its name.

    Source: Kubernetes, pkg/serviceaccount: a token is of one account, by its uid.
    """
    return [
        "every token of it is refused, also those that a pod or a thief holds: at once, or after"
        " the ten seconds for which an API server remembers one",
        *(
            f"pod {visible(p['metadata']['name'])} runs as it: the API server refuses it"
            for p in around.objects("pods", namespace)
            if p["spec"].get("serviceAccountName", "default") == name
        ),
    ]


def bindings_of(around: Surroundings, namespace: str, name: str) -> list[str]:
    """Names of the role bindings that give a service account its rights."""
    return [
        visible(one["metadata"]["name"])
        for kind, place in (("rolebindings", namespace), ("clusterrolebindings", ""))
        for one in around.objects(f"{kind}.rbac.authorization.k8s.io", place)
        if any(_is_account(subject, one, namespace, name) for subject in one.get("subjects") or [])
    ]


def _is_account(subject: Doc, binding: Doc, namespace: str, name: str) -> bool:
    place = subject.get("namespace", binding["metadata"].get("namespace", ""))
    return (subject.get("kind"), place, subject.get("name")) == (
        "ServiceAccount", namespace, name
    )  # fmt: skip
