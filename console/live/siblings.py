"""What one pod has that the others of its owner have not: they are made from one template.

A pod that somebody changed by hand, or put among them by their labels, is the one that differs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence

from console.live.pods import Container, Pod

PARTS = ("image", "command", "mounts", "rights", "account", "labels", "host")
# Labels and volumes that a controller, or the admission of tokens, gives to each pod anew.
_OWN_LABELS = frozenset(
    ("statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "job-completion-index",
     "batch.kubernetes.io/job-completion-index", "controller-revision-hash",
     "pod-template-generation")
)  # fmt: skip
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


def parts_of(pod: Pod) -> tuple[int, ...]:
    """A number for each of PARTS, the same where two pods have the same."""
    spec, labels = pod.spec, pod.metadata.labels or {}
    images: list[str] = []
    commands: list[object] = []
    mounts: list[object] = [v.hostPath.path for v in spec.volumes or () if v.hostPath]
    rights = [str(spec.securityContext)] if spec.securityContext else []
    for container in spec.all_containers:
        images += (container.name, container.image)
        if container.command or container.args:
            commands.append(
                (container.name, *(container.command or ()), "", *(container.args or ()))
            )
        if container.volumeMounts:
            mounts.append(_mounts(container))
        if container.securityContext:
            rights.append(f"{container.name} {container.securityContext}")
    return (
        hash(tuple(images)), hash(tuple(commands)), hash(tuple(mounts)), hash(tuple(rights)),
        hash((spec.service_account, spec.automountServiceAccountToken)),
        hash(frozenset(label for label in labels.items() if label[0] not in _OWN_LABELS)),
        hash((spec.hostPID, spec.hostIPC, spec.hostNetwork)),
    )  # fmt: skip


def _mounts(container: Container) -> tuple[tuple[str, bool], ...]:
    return tuple(
        (mount.mountPath, bool(mount.readOnly))
        for mount in container.volumeMounts or ()
        if mount.mountPath != TOKEN_PATH
    )


def unlike(pods: Sequence[tuple[Hashable, tuple[int, ...]]]) -> Mapping[int, Sequence[str]]:
    """Of pods as (owner, parts): the places of those that differ, and in what.

    What more than half of an owner's pods have is what is usual there.
    """
    first: dict[Hashable, tuple[int, ...]] = {}
    mixed = {owner for owner, parts in pods if first.setdefault(owner, parts) != parts}
    families: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, (owner, _) in enumerate(pods) if mixed else ():
        if owner in mixed:
            families[owner].append(place)
    found: defaultdict[int, list[str]] = defaultdict(list)
    for family in families.values():
        columns = zip(*(pods[place][1] for place in family), strict=True)
        for name, column in zip(PARTS, columns, strict=True):
            if len(set(column)) == 1:
                continue
            counts = Counter(column)
            for place, value in zip(family, column, strict=True):
                if 2 * counts[value] <= len(family):
                    found[place].append(name)
    return found
