"""May this identity preserve and contain? The server is asked; a probe is tried in a dry run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from console.case.text import visible
from console.live.api import ApiError
from console.live.readiness.base import Check, Look
from console.live.reviews import Right

GRANT = "give the responders' role: "
_TO = Right.to
SNAPSHOT = (
    _TO("get", "pods"), _TO("list", "pods"), _TO("get", "pods/log"), _TO("list", "events"),
    _TO("list", "replicasets.apps"), _TO("list", "networkpolicies.networking.k8s.io"),
    _TO("list", "rolebindings.rbac.authorization.k8s.io"),
)  # fmt: skip
STATS = (_TO("get", "nodes/proxy"),)
ISOLATE = (
    _TO("create", "networkpolicies.networking.k8s.io"),
    _TO("delete", "networkpolicies.networking.k8s.io"), _TO("patch", "pods"),
    _TO("get", "services"), _TO("list", "endpoints"),
)  # fmt: skip
CORDON = (_TO("patch", "nodes"), _TO("create", "pods/eviction"))
REVOKE = (
    _TO("delete", "rolebindings.rbac.authorization.k8s.io"),
    _TO("delete", "clusterrolebindings.rbac.authorization.k8s.io"), _TO("delete", "secrets"),
)  # fmt: skip
PROBE = (
    _TO("create", "pods"), _TO("delete", "pods"), _TO("get", "pods/log"),
    _TO("create", "pods/exec"),
)  # fmt: skip


def checks(look: Look) -> Iterator[Check]:
    yield _rights(look, "snapshot", "may preserve a pod: its spec, logs, events, owners", SNAPSHOT)
    yield _rights(look, "stats", "may read what containers use, from the kubelets", STATS)
    yield _probe(look)
    yield _memory(look)
    yield _rights(look, "isolate", "may isolate a pod and keep it", ISOLATE)
    yield _rights(look, "cordon", "may cordon and empty a node", CORDON)
    yield _rights(look, "revoke", "may take rights and tokens away", REVOKE)


def _rights(look: Look, id_: str, title: str, wanted: Sequence[Right]) -> Check:
    lacking, where = look.missing(wanted)
    if not lacking:
        return Check(id_, title, "yes", f"{', '.join(map(str, wanted))}: {where}")
    words = ", ".join(map(str, lacking))
    return Check(id_, title, "no", f"no right to {words}", GRANT + words)


def _probe(look: Look) -> Check:
    """Rights are not all: admission may refuse a pod that sees the host. Nothing is stored."""
    id_, title = "probe", "may start a node probe beside a suspect"
    lacking, where = look.missing(PROBE)
    if lacking:
        words = ", ".join(map(str, lacking))
        return Check(id_, title, "no", f"no right to {words}", GRANT + words)
    path = f"/api/v1/namespaces/{look.namespace}/pods"
    try:
        look.api.request("POST", path, params={"dryRun": "All"}, body=PROBE_POD)
    except ApiError as error:
        return Check(id_, title, "no", f"a dry run in {look.namespace} is refused: {error.what}",
                     "keep a namespace where responders may run pods with hostPID and hostPath"
                     " (pod-security.kubernetes.io/enforce: privileged)")  # fmt: skip
    return Check(id_, title, "yes", f"rights {where}; a dry run in {look.namespace} is admitted")


# Sees the host's processes and files, changes nothing, and is never stored: dryRun=All.
PROBE_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"generateName": "kubecase-readiness-"},
    "spec": {
        "hostPID": True,
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "containers": [
            {
                "name": "probe",
                "image": "busybox",
                "securityContext": {
                    "readOnlyRootFilesystem": True,
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"], "add": ["SYS_PTRACE", "DAC_READ_SEARCH"]},
                },
                "volumeMounts": [{"name": "host", "mountPath": "/host", "readOnly": True}],
            }
        ],
        "volumes": [{"name": "host", "hostPath": {"path": "/"}}],
    },
}


def _memory(look: Look) -> Check:
    """Source: Kubernetes, forensic container checkpointing; on by default from 1.30 on."""
    id_, title = "checkpoint", "the kubelets can write a container's memory to a file"
    instead = "the node probe reads the memory of single processes instead"
    found = re.match(r"v1\.(\d+)", look.version)
    if not found:
        return Check(id_, title, "could not look", "the version is not known", instead)
    if int(found[1]) < 25:
        return Check(id_, title, "no", f"{visible(look.version)} has no checkpoints", instead)
    lacking, _ = look.missing([_TO("create", "nodes/proxy")])
    if lacking:
        return Check(id_, title, "no", "no right to create nodes/proxy", f"{GRANT}{lacking[0]}")
    return Check(
        id_, title, "could not look",
        f"{visible(look.version)} has checkpoints; whether the runtime does them shows only by"
        " making one",
        "try it on a harmless pod: POST /api/v1/nodes/NODE/proxy/checkpoint/NS/POD/CONTAINER",
    )  # fmt: skip
