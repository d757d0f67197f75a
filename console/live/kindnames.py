"""One key per kind, whatever the evidence calls it: `pods`, `Pod`, `networkpolicys`, an old group.

An audit log has the resource and its group, a dump the kind, a recording the key. Offline there is
no discovery to ask, so: the built-in kinds by table, others by what their lines say of themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.live.inventory import Kind

# `group/version resource Kind short…`; a trailing `*` on the resource: not in a namespace.
# Source: `kubectl api-resources` of 1.20 to 1.36.
_TABLE = """
v1 configmaps ConfigMap cm
v1 endpoints Endpoints ep
v1 events Event ev
v1 limitranges LimitRange limits
v1 namespaces* Namespace ns
v1 nodes* Node no
v1 persistentvolumeclaims PersistentVolumeClaim pvc
v1 persistentvolumes* PersistentVolume pv
v1 pods Pod po
v1 podtemplates PodTemplate
v1 replicationcontrollers ReplicationController rc
v1 resourcequotas ResourceQuota quota
v1 secrets Secret
v1 serviceaccounts ServiceAccount sa
v1 services Service svc
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations* MutatingWebhookConfiguration
admissionregistration.k8s.io/v1 validatingadmissionpolicies* ValidatingAdmissionPolicy
admissionregistration.k8s.io/v1 validatingadmissionpolicybindings* ValidatingAdmissionPolicyBinding
admissionregistration.k8s.io/v1 validatingwebhookconfigurations* ValidatingWebhookConfiguration
apiextensions.k8s.io/v1 customresourcedefinitions* CustomResourceDefinition crd crds
apiregistration.k8s.io/v1 apiservices* APIService
apps/v1 controllerrevisions ControllerRevision
apps/v1 daemonsets DaemonSet ds
apps/v1 deployments Deployment deploy
apps/v1 replicasets ReplicaSet rs
apps/v1 statefulsets StatefulSet sts
autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler hpa
batch/v1 cronjobs CronJob cj
batch/v1 jobs Job
certificates.k8s.io/v1 certificatesigningrequests* CertificateSigningRequest csr
coordination.k8s.io/v1 leases Lease
discovery.k8s.io/v1 endpointslices EndpointSlice
flowcontrol.apiserver.k8s.io/v1 flowschemas* FlowSchema
flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations* PriorityLevelConfiguration
networking.k8s.io/v1 ingressclasses* IngressClass
networking.k8s.io/v1 ingresses Ingress ing
networking.k8s.io/v1 networkpolicies NetworkPolicy netpol
node.k8s.io/v1 runtimeclasses* RuntimeClass
policy/v1 poddisruptionbudgets PodDisruptionBudget pdb
policy/v1beta1 podsecuritypolicies* PodSecurityPolicy psp
rbac.authorization.k8s.io/v1 clusterrolebindings* ClusterRoleBinding
rbac.authorization.k8s.io/v1 clusterroles* ClusterRole
rbac.authorization.k8s.io/v1 rolebindings RoleBinding
rbac.authorization.k8s.io/v1 roles Role
scheduling.k8s.io/v1 priorityclasses* PriorityClass pc
storage.k8s.io/v1 csidrivers* CSIDriver
storage.k8s.io/v1 csinodes* CSINode
storage.k8s.io/v1 csistoragecapacities CSIStorageCapacity
storage.k8s.io/v1 storageclasses* StorageClass sc
storage.k8s.io/v1 volumeattachments* VolumeAttachment
"""
# The same objects under a group that they have left, or have besides.
_OTHER_GROUPS: Mapping[str, str] = {
    "daemonsets.apps": "extensions",
    "deployments.apps": "extensions",
    "events": "events.k8s.io",
    "ingresses.networking.k8s.io": "extensions",
    "networkpolicies.networking.k8s.io": "extensions",
    "podsecuritypolicies.policy": "extensions",
    "replicasets.apps": "extensions",
}
# Written, but nothing that lasts: what they ask for is answered and gone.
NOT_KEPT = frozenset(
    {
        "bindings", "localsubjectaccessreviews", "selfsubjectaccessreviews",
        "selfsubjectreviews", "selfsubjectrulesreviews", "subjectaccessreviews", "tokenreviews",
    }
)  # fmt: skip


def _built_in() -> Iterable[Kind]:
    for line in _TABLE.split("\n"):
        if line:
            group_version, resource, kind, *short = line.split()
            group, _, version = group_version.rpartition("/")
            yield Kind(
                group, version, resource.rstrip("*"), kind, not resource.endswith("*"),
                ("get", "list", "watch"), tuple(short),
            )  # fmt: skip


BUILT_IN: Mapping[str, Kind] = {kind.key: kind for kind in _built_in()}
BUILT_IN_GROUPS = frozenset(kind.group for kind in BUILT_IN.values()) | {"extensions"}


def groups(kind: Kind) -> list[str]:
    """Every API group under which the evidence may have this kind."""
    other = _OTHER_GROUPS.get(kind.key)
    return [kind.group] if other is None else [kind.group, other]


def names(kind: Kind) -> list[str]:
    """Every value of the column `object_kind` under which events may have this kind."""
    lower = kind.kind.lower()
    return sorted({kind.resource, kind.key, lower, f"{lower}s", plural(kind.kind)})


def plural(kind: str) -> str:
    """The resource of a kind as English would have it: what generators of CRDs make of it."""
    lower = kind.lower()
    if lower.endswith("endpoints"):
        return lower
    if lower.endswith(("s", "x", "z", "ch", "sh")):
        return f"{lower}es"
    if lower.endswith("y") and lower[-2:-1] not in tuple("aeiou"):
        return f"{lower[:-1]}ies"
    return f"{lower}s"


def resolve(group: str, resource: str, kind: str, version: str, is_namespaced: bool) -> Kind:
    """The kind that a line speaks of. resource, kind: may be empty; what is not said is guessed."""
    for known in BUILT_IN.values():
        if group in groups(known) and (resource in names(known) or kind == known.kind):
            return known
    by_kind = plural(kind) if kind else ""
    # a dump's object_kind is a kind with an `s`; an audit log's is the resource itself
    if not resource or (kind and resource == f"{kind.lower()}s"):
        resource = by_kind
    return Kind(group, version, resource, kind or _guess_kind(resource), is_namespaced)


def _guess_kind(resource: str) -> str:
    single = f"{resource[:-3]}y" if resource.endswith("ies") else resource.removesuffix("s")
    return single[:1].upper() + single[1:]


def find_kind(kinds: Iterable[Kind], text: str) -> Kind | None:
    """By key, resource, short name, singular or kind, in any case; the built-in one first.

    `events` is the core group's, `events.events.k8s.io` the other one's; `po`, `Pod`, `deploy`,
    `deployments.apps` and `deployment.apps` are what kubectl understands too.
    """
    word, _, group = text.strip().lower().partition(".")
    for kind in sorted(kinds, key=lambda kind: kind.key not in BUILT_IN):
        words = (kind.resource, kind.kind.lower(), *(short.lower() for short in kind.short_names))
        if word in words and (not group or group in (kind.group, f"{kind.version}.{kind.group}")):
            return kind
    return None
