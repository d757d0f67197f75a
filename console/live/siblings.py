"""What one pod has that the others of its owner have not: they are made from one template.

A pod that somebody changed by hand, or put among them by their labels, is the one that differs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

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
    spec, all_containers = pod.spec, pod.spec.all_containers
    labels = pod.metadata.labels or {}
    found = (
        tuple((c.name, c.image) for c in all_containers),
        tuple((*(c.command or ()), "", *(c.args or ())) for c in all_containers),
        (tuple(map(_mounts, all_containers)),
         tuple(v.hostPath.path for v in spec.volumes or () if v.hostPath)),
        (str(spec.securityContext), tuple(str(c.securityContext) for c in all_containers)),
        (spec.service_account, spec.automountServiceAccountToken),
        tuple(sorted(label for label in labels.items() if label[0] not in _OWN_LABELS)),
        (spec.hostPID, spec.hostIPC, spec.hostNetwork),
    )  # fmt: skip
    return tuple(map(hash, found))


def _mounts(container: Container) -> tuple[tuple[str, bool], ...]:
    return tuple(
        (mount.mountPath, bool(mount.readOnly))
        for mount in container.volumeMounts or ()
        if mount.mountPath != TOKEN_PATH
    )


def unlike(
    pods: Iterable[tuple[str, str, tuple[int, ...]]],
) -> Mapping[str, Sequence[str]]:
    """Of pods as (key, owner, parts): those that differ, and in what; at most half may have it."""
    families: defaultdict[str, list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    for key, owner, parts in pods:
        families[owner].append((key, parts))
    found: dict[str, list[str]] = {}
    for family in families.values():
        if len({parts for _, parts in family}) < 2:
            continue
        for at, name in enumerate(PARTS):
            counts = Counter(parts[at] for _, parts in family)
            for key, parts in family:
                if len(counts) > 1 and 2 * counts[parts[at]] <= len(family):
                    found.setdefault(key, []).append(name)
    return found
