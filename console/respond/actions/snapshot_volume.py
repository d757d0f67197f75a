"""Have a claim's volume snapshotted by its CSI driver; it stays with the provider of the storage.

Tried against a fake provider alone, and the plan says so. Source: snapshot.storage.k8s.io/v1,
VolumeSnapshot, VolumeSnapshotClass, VolumeSnapshotContent.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import UsageError
from console.respond.action import Action, Plan, Verdict, option
from console.respond.blast import Surroundings
from console.respond.disks import UNTRIED
from console.respond.edits import create_of
from console.respond.steps import Create, Step

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means

GROUP = "snapshot.storage.k8s.io"
KIND, CLASSES = f"volumesnapshots.{GROUP}", f"volumesnapshotclasses.{GROUP}"
CONTENTS = f"volumesnapshotcontents.{GROUP}"
DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"
POLL_S = 1.0


@dataclass(frozen=True)
class SnapshotVolume(Action):
    id = "snapshot-volume"
    title = "Snapshot its volume by the CSI driver"
    kinds = ("persistentvolumeclaims",)
    by: str = option("", "the VolumeSnapshotClass; by default the driver's own")
    wait_s: int = option(60, "how long it may take to be ready, in seconds")

    def plan(self, means: Means, mark: str) -> Plan:
        claim = means.cluster.get("persistentvolumeclaims", self.target.namespace, self.target.name)
        driver = self._driver(means, claim)
        chosen = self._class(means, driver)
        name = f"kubecase-{mark}"
        body = {
            "metadata": {"name": name},
            "spec": {
                "volumeSnapshotClassName": chosen["metadata"]["name"],
                "source": {"persistentVolumeClaimName": self.target.name},
            },
        }
        step = create_of(
            means, KIND, self.target.namespace, body, mark,
            f"create VolumeSnapshot {name} of {visible(self.target.name)} by {visible(driver)}",
        )  # fmt: skip
        around = Surroundings(means.cluster)
        hits = [
            f"pod {visible(pod['metadata']['name'])} uses the volume, and runs on"
            for pod in around.objects("pods", self.target.namespace)
            if self.target.name in _claims(pod)
        ]
        policy = str(chosen.get("deletionPolicy", ""))
        cannot = (
            f"{UNTRIED}: against a fake one alone",
            "what processes hold in memory and did not write is not in it",
            "nothing comes into the case but its handle: the bytes stay with the provider",
            f"undo deletes it; the class says {visible(policy)}: "
            + ("the provider's copy goes with it" if policy == "Delete" else "a copy stays there"),
        )
        return Plan((step,), tuple(hits), cannot, tuple(around.hidden))

    def verify(
        self, means: Means, steps: Sequence[Step], befores: Sequence[Any], baseline: Any
    ) -> Verdict:
        """Ready, as the driver says it; with the provider's own name for it."""
        [step] = (one for one in steps if isinstance(one, Create))
        deadline = time.monotonic() + self.wait_s
        while True:
            found = means.cluster.find(KIND, self.target.namespace, step.name)
            if found is None:
                return Verdict("not held", "the VolumeSnapshot is gone")
            status = found.get("status") or {}
            if status.get("error"):
                why = visible(str(status["error"].get("message", ""))[:300])
                return Verdict("not held", f"the driver says: {why}")
            if status.get("readyToUse"):
                return Verdict("held", f"ready, as the driver says ({UNTRIED})",
                               self._details(means, status))  # fmt: skip
            if time.monotonic() > deadline:
                return Verdict("unknown", f"not ready after {self.wait_s} s: verify again")
            means.pause(min(POLL_S, max(self.wait_s, 0.1)))

    def _details(self, means: Means, status: Doc) -> tuple[str, ...]:
        content = str(status.get("boundVolumeSnapshotContentName", ""))
        found = means.cluster.find(CONTENTS, "", content) if content else None
        handle = ((found or {}).get("status") or {}).get("snapshotHandle", "not told")
        return (
            f"handle at the provider: {visible(str(handle)[:200])}",
            f"taken {visible(str(status.get('creationTime', 'at an unknown time')))}",
            f"size {visible(str(status.get('restoreSize', 'not told')))}",
        )

    def _driver(self, means: Means, claim: Doc) -> str:
        name = (claim.get("spec") or {}).get("volumeName")
        if not name:
            raise UsageError("the claim has no volume yet", where=visible(str(self.target)))
        volume = means.cluster.get("persistentvolumes", "", str(name))
        driver = (volume["spec"].get("csi") or {}).get("driver")
        if not driver:
            kinds = ", ".join(key for key in volume["spec"] if isinstance(volume["spec"][key], dict)
                              and key not in ("capacity", "claimRef", "nodeAffinity"))  # fmt: skip
            raise UsageError(
                f"its volume is not of a CSI driver ({visible(kinds)})", where=visible(str(name)),
                hint="kubecase snapshot pod/… --volumes takes its files",
                keys="s on a pod that mounts it takes its files",
            )  # fmt: skip
        return str(driver)

    def _class(self, means: Means, driver: str) -> Doc:
        """Raises UsageError where the cluster has no snapshots, or no class of the driver."""
        found = [one for one in means.cluster.objects(CLASSES) if one.get("driver") == driver]
        if self.by:
            found = [one for one in found if one["metadata"]["name"] == self.by]
        if not found:
            raise UsageError(
                "no VolumeSnapshotClass of its driver", where=visible(driver),
                hint="kubecase snapshot pod/… --volumes takes its files",
                keys="s on a pod that mounts it takes its files",
            )  # fmt: skip
        found.sort(key=lambda one: (_comes_later(one), one["metadata"]["name"]))
        return found[0]


def _comes_later(one: Doc) -> bool:
    """Whether it is not the default."""
    return (one["metadata"].get("annotations") or {}).get(DEFAULT) != "true"


def _claims(pod: Doc) -> set[str]:
    volumes = pod["spec"].get("volumes") or []
    return {str((one.get("persistentVolumeClaim") or {}).get("claimName")) for one in volumes}
