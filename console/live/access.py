"""What is learned on connecting: who we are, what we may see and what not, whose clock is right.

One namespace only is a way of working: what is refused everywhere is asked for there. Nothing is
changed in the cluster, and what is refused is said in words.
"""

from __future__ import annotations

from dataclasses import replace

from console.case.text import visible
from console.live.api import ApiError, ClusterApi, Forbidden
from console.live.clock import Clock, fetch_version
from console.live.identity import fetch_identity
from console.live.inventory import ClusterInfo
from console.live.reviews import Right, fetch_rights, fetch_rules, hidden

_RBAC = "rbac.authorization.k8s.io"
_HOOKS = "admissionregistration.k8s.io"
# What an investigation reads.
READ = (
    "pods", "nodes", "namespaces", "events", "deployments.apps", "replicasets.apps",
    "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch", "services",
    "endpoints", "ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io", "configmaps",
    "secrets", "serviceaccounts", f"roles.{_RBAC}", f"rolebindings.{_RBAC}",
    f"clusterroles.{_RBAC}", f"clusterrolebindings.{_RBAC}",
    f"validatingwebhookconfigurations.{_HOOKS}", f"mutatingwebhookconfigurations.{_HOOKS}",
    "certificatesigningrequests.certificates.k8s.io", "leases.coordination.k8s.io",
)  # fmt: skip
RIGHTS = (*(Right.to("list", key) for key in READ), Right.to("get", "pods/log"))
LIST_PODS = Right.to("list", "pods")


def learn(api: ClusterApi, namespace: str = "") -> ClusterInfo:
    """Everything that a screen says about a connection.

    namespace: where a right that is not had everywhere is asked for; by default the context's own,
    or the service account's. Raises Unreachable, or ApiError where we are not known at all.
    """
    notes: list[str] = []
    warnings: list[str] = []
    version, clock = _version(api, notes, warnings)
    identity = fetch_identity(api)
    notes.append(f"who we are is from {identity.source}")
    if weak := _weakness(api):
        warnings.append(weak)
    place = namespace or own_namespace(api, identity.user)
    everywhere = fetch_rights(api, RIGHTS)
    narrow = {
        right: replace(right, namespace=place)
        for right, is_had in everywhere.items()
        if not is_had and not right.is_cluster_wide
    }
    here = fetch_rights(api, list(narrow.values()))
    can, cannot = [], []
    for right, is_had in everywhere.items():
        smaller = narrow.get(right)
        if is_had:
            can.append(f"{right}" if right.is_cluster_wide else f"{right} everywhere")
        elif smaller and here[smaller]:
            can.append(f"{smaller}")
            cannot.append(f"{hidden(right)} outside {place}")
        else:
            cannot.append(hidden(smaller or right))
    if not everywhere[LIST_PODS]:
        warnings.append(
            f"pods are seen in the namespace {place} only" if here[narrow[LIST_PODS]]
            else f"pods are seen neither everywhere nor in {place}: name a namespace with -n"
        )  # fmt: skip
    try:
        notes += [f"rule in {place}: {line}" for line in fetch_rules(api, place)]
    except ApiError as error:
        warnings.append(f"the rules of this identity are not told: {error.what}")
    return ClusterInfo(
        api.name, api.server, visible(version), visible(identity.user),
        tuple(map(visible, identity.groups)), clock.skew_s if clock else None,
        tuple(map(visible, can)), tuple(map(visible, cannot)), tuple(map(visible, notes)),
        tuple(map(visible, warnings)),
    )  # fmt: skip


def _weakness(api: ClusterApi) -> str:
    """Why what the server says may be somebody else's words; "" if nothing speaks for it."""
    if not api.server.startswith("https"):
        return "the connection is not encrypted: whoever is in between reads and changes it"
    if api.credentials.is_trusting:
        return (
            "the server's certificate is not checked (insecure-skip-tls-verify): whoever is in "
            "between reads and changes what it says"
        )
    return ""


def own_namespace(api: ClusterApi, user: str) -> str:
    """The context's, else that of `system:serviceaccount:shop:web`, else `default`."""
    parts = user.split(":")
    is_account = parts[:2] == ["system", "serviceaccount"] and len(parts) == 4
    return api.namespace or (parts[2] if is_account else "default")


def _version(api: ClusterApi, notes: list[str], warnings: list[str]) -> tuple[str, Clock | None]:
    try:
        version, clock = fetch_version(api)
    except Forbidden as error:
        if error.status == 401:
            raise
        warnings.append("no right to ask for the version; the server's clock is not known")
        return "", None
    if clock:
        notes.append(str(clock))
    else:
        warnings.append("the server does not tell its time")
    return version, clock
