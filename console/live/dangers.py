"""Rights that make their holder more than it seems: what each is good for to an intruder.

Source: Kubernetes documentation, "Role Based Access Control Good Practices" (escalation risks).
Severities are OCSF's, of the right over the whole cluster and over one namespace.
"""

from __future__ import annotations

from dataclasses import dataclass

WRITE = ("create", "update", "patch")
READ = ("get", "list", "watch")
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Danger:
    """words: what the holder does. Any of `verbs` on any of `resources` is it."""

    id: str
    words: str
    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    of_cluster: int
    of_namespace: int
    why: str
    attack: str


EVERYTHING = Danger(
    "everything", "everything", ("*",), ("*",), 5, 4,
    "every verb on every resource", "T1098.006",
)  # fmt: skip
MASTERS = Danger(
    "masters", "everything, past RBAC", ("*",), ("*",), 5, 5,
    "the API server lets system:masters do all, whatever roles say; it can't be taken away by RBAC",
    "T1078",
)  # fmt: skip

DANGERS = (
    Danger(
        "escalate", "escalate roles", ("escalate",), (f"roles.{_RBAC}", f"clusterroles.{_RBAC}"),
        5, 4, "may write rights into a role that it does not have itself", "T1098.006",
    ),
    Danger(
        "bind", "bind any role", ("bind",), (f"roles.{_RBAC}", f"clusterroles.{_RBAC}"),
        5, 4, "may bind roles to itself whose rights it does not have", "T1098.006",
    ),
    Danger(
        "impersonate", "impersonate", ("impersonate",),
        ("users", "groups", "serviceaccounts", "uids.authentication.k8s.io"),
        5, 4, "may act as somebody else, as cluster admin too", "T1134",
    ),
    Danger(
        "kubelet", "kubelet API", ("get", "create"), ("nodes/proxy",),
        5, 5, "runs commands in every pod through the kubelet, past admission and audit", "T1609",
    ),
    Danger(
        "webhooks", "write webhooks", WRITE,
        ("mutatingwebhookconfigurations.admissionregistration.k8s.io",
         "validatingwebhookconfigurations.admissionregistration.k8s.io"),
        5, 5, "reads and changes every object that is written, secrets and pods too", "T1546",
    ),
    Danger(
        "read-secrets", "read secrets", READ, ("secrets",),
        5, 4, "a list holds the values too, and with them the tokens of service accounts",
        "T1552.007",
    ),
    Danger(
        "mint-tokens", "mint tokens", ("create",), ("serviceaccounts/token",),
        5, 4, "gets a token of any service account there", "T1528",
    ),
    Danger(
        "exec", "exec into pods", ("create", "get"), ("pods/exec", "pods/attach"),
        5, 4, "runs commands in running pods, and so has their tokens and secrets", "T1609",
    ),
    Danger(
        "debug", "add containers", ("update", "patch"), ("pods/ephemeralcontainers",),
        5, 4, "puts a container of its own into running pods", "T1609",
    ),
    Danger(
        "start-pods", "start pods", ("create",),
        ("pods", "replicationcontrollers"),
        5, 4, "a pod of its own uses any service account and secret of the namespace, and any node "
        "where admission does not forbid it", "T1610",
    ),
    Danger(
        "change-workloads", "change workloads", WRITE,
        ("deployments.apps", "daemonsets.apps", "statefulsets.apps", "replicasets.apps",
         "jobs.batch", "cronjobs.batch"),
        5, 4, "their controllers start the pods that it writes down, with any service account "
        "and secret of the namespace", "T1610",
    ),
    Danger(
        "write-bindings", "write bindings", WRITE,
        (f"rolebindings.{_RBAC}", f"clusterrolebindings.{_RBAC}"),
        4, 3, "hands on the rights that it has", "T1098.006",
    ),
    Danger(
        "write-roles", "write roles", WRITE, (f"roles.{_RBAC}", f"clusterroles.{_RBAC}"),
        4, 3, "changes what others may do, within its own rights", "T1098.006",
    ),
    Danger(
        "approve-certificates", "approve certificates", ("update", "patch"),
        ("certificatesigningrequests.certificates.k8s.io/approval",),
        4, 4, "signs a client certificate for any name; it holds until it expires", "T1098",
    ),
    Danger(
        "make-volumes", "make volumes", ("create",), ("persistentvolumes",),
        4, 4, "a volume with a path of the node gives its files to a pod", "T1611",
    ),
    Danger(
        "write-nodes", "write nodes", ("update", "patch"), ("nodes", "nodes/status"),
        4, 4, "moves pods to a node of its choice by taints and labels", "T1610",
    ),
    Danger(
        "write-namespaces", "label namespaces", ("update", "patch"), ("namespaces",),
        3, 3, "a label takes away a namespace's pod security", "T1562",
    ),
    Danger(
        "write-policies", "write network policies", (*WRITE, "delete"),
        ("networkpolicies.networking.k8s.io",),
        3, 2, "opens ways between pods that are closed", "T1562",
    ),
    Danger(
        "delete-events", "delete events", ("delete", "deletecollection"),
        ("events", "events.events.k8s.io"),
        3, 3, "takes away what tells of its pods", "T1070",
    ),
    Danger(
        "port-forward", "port-forward", ("create", "get"), ("pods/portforward",),
        3, 3, "reaches ports of pods from outside, past network policies", "T1090",
    ),
    Danger(
        "write-config", "write config maps", WRITE, ("configmaps",),
        3, 2, "changes what programs are told, in kube-system also DNS and the mapping of accounts",
        "T1565.001",
    ),
    Danger(
        "delete-pods", "delete pods", ("delete", "deletecollection"), ("pods", "pods/eviction"),
        2, 2, "takes away workloads, and with them evidence", "T1070",
    ),
)  # fmt: skip
