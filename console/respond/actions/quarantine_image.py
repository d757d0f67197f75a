"""Keep an image from being started again, and list everything that uses it, by digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import UsageError
from console.respond.action import Action, Plan
from console.respond.blast import Surroundings
from console.respond.edits import create_of
from console.respond.steps import Step
from console.visibility.target import IMAGE

if TYPE_CHECKING:
    from console.respond.cluster import Doc
    from console.respond.means import Means

POLICY = "validatingadmissionpolicies.admissionregistration.k8s.io"
BINDING = "validatingadmissionpolicybindings.admissionregistration.k8s.io"


@dataclass(frozen=True)
class QuarantineImage(Action):
    id = "quarantine-image"
    title = "Quarantine: who uses this image; refuse it where the cluster can"
    kinds = (IMAGE,)

    def plan(self, means: Means, mark: str) -> Plan:
        around = Surroundings(means.cluster)
        users = [pod for pod in around.objects("pods") if self.target.name in _images(pod)]
        # the same bytes under other names
        digests = {d for pod in users for d in _digests(pod, self.target.name)}
        also = [p for p in around.objects("pods") if p not in users and digests & _images(p)]
        hits = [f"pod {_name(pod)} runs it" for pod in users]
        hits += [f"pod {_name(pod)} runs the same digest under another name" for pod in also]
        hits += [f"digest {visible(digest)}" for digest in sorted(digests)]
        steps, cannot = self._steps(means, mark)
        return Plan(steps, tuple(hits), (*cannot, "what runs goes on"), tuple(around.hidden))

    def _steps(self, means: Means, mark: str) -> tuple[tuple[Step, ...], tuple[str, ...]]:
        name = self.target.name
        if any(char in name for char in "'\\") or not name.isprintable():
            raise UsageError("no name of an image", where=visible(name[:80]))
        try:
            means.cluster.kind(POLICY)
        except UsageError:
            return (), ("this cluster serves no ValidatingAdmissionPolicy: nothing refuses it",)
        policy = {
            "metadata": {"name": f"kubecase-{mark}"},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [{
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
                    "resources": ["pods", "pods/ephemeralcontainers"],
                }]},
                "validations": [{
                    "expression": f"object.spec.containers.all(c, c.image != '{name}')",
                    "message": "image in quarantine (kubecase)",
                }],
            },
        }  # fmt: skip
        binding = {
            "metadata": {"name": f"kubecase-{mark}"},
            "spec": {"policyName": f"kubecase-{mark}", "validationActions": ["Deny"]},
        }
        made = (
            create_of(means, POLICY, "", policy, mark, f"refuse pods with image {visible(name)}"),
            create_of(means, BINDING, "", binding, mark, "put that into force"),
        )
        return made, ("it is refused by this name only, not under another tag",)


def _images(pod: Doc) -> set[str]:
    """Names and digests of everything that a pod runs."""
    spec, status = pod["spec"], pod.get("status") or {}
    found = {
        str(one.get("image", ""))
        for part in ("containers", "initContainers") for one in spec.get(part) or []
    }  # fmt: skip
    states = [
        *(status.get("containerStatuses") or []),
        *(status.get("initContainerStatuses") or []),
    ]
    return found | {_digest(str(one.get("imageID", ""))) for one in states}


def _digests(pod: Doc, image: str) -> set[str]:
    names = {
        one["name"] for one in pod["spec"].get("containers") or [] if one.get("image") == image
    }
    return {
        _digest(str(one.get("imageID", "")))
        for one in (pod.get("status") or {}).get("containerStatuses") or []
        if one["name"] in names or _digest(str(one.get("imageID", ""))) == image
    } - {""}


def _digest(image_id: str) -> str:
    """`docker://sha256:…` and `docker-pullable://name@sha256:…` end in the digest."""
    at = image_id.rfind("sha256:")
    return image_id[at:] if at >= 0 else ""


def _name(pod: Doc) -> str:
    return visible(f"{pod['metadata']['namespace']}/{pod['metadata']['name']}")
