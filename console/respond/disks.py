"""A node's whole disk, as its provider would snapshot it: found out, shown as commands, never run.

kubecase has no provider's credentials, and none of this was tried on a real provider. The commands
are made of what the node says of itself, which whoever holds its kubelet can write: quoted.
Source: Node.spec.providerID as the cloud controllers of aws, gce and azure write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from shlex import quote
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import CaseError

if TYPE_CHECKING:
    from console.respond.cluster import Cluster, Doc

UNTRIED = "not tried on a real provider"
_NAME = r"[A-Za-z0-9._-]{1,120}"


def _aws(found: re.Match[str]) -> list[str]:
    zone, instance = found[1], found[2]
    region = quote(zone.rstrip("abcdefghijklmnopqrstuvwxyz") or zone)
    return [
        f"aws ec2 create-snapshots --region {region} --copy-tags-from-source volume"
        f" --instance-specification InstanceId={quote(instance)} --description kubecase"
    ]


def _gce(found: re.Match[str]) -> list[str]:
    project, zone, name = map(quote, found.groups())
    disks = f"gcloud compute instances describe {name} --project {project} --zone {zone}"
    return [
        f"{disks} --format 'value(disks[].source.basename())'",
        f"gcloud compute disks snapshot DISK --project {project} --zone {zone}  # each of them",
    ]


def _azure(found: re.Match[str]) -> list[str]:
    group, name = quote(found[1]), quote(found[2])
    return [
        f"az vm show -g {group} -n {name} --query storageProfile  # the ids of its disks",
        f"az snapshot create -g {group} -n NAME --source DISK_ID  # each of them",
    ]


_PROVIDERS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], list[str]]], ...] = (
    ("AWS", re.compile(rf"aws:///({_NAME})/(i-[0-9a-f]{{1,20}})"), _aws),
    ("Google Cloud", re.compile(rf"gce://({_NAME})/({_NAME})/({_NAME})"), _gce),
    ("Azure", re.compile(
        rf"azure:///subscriptions/{_NAME}/resourceGroups/({_NAME})/providers/"
        rf"Microsoft\.Compute/virtualMachines/({_NAME})", re.IGNORECASE), _azure),
)  # fmt: skip


def of_node(node: Doc) -> tuple[str, ...]:
    """What would have the whole disk, in words; where no provider is known, that."""
    said = str((node.get("spec") or {}).get("providerID") or "")
    for name, pattern, make in _PROVIDERS:
        if found := pattern.fullmatch(said):
            lines = (
                f"whole disk by {name} (shown only, {UNTRIED}): {command}"
                for command in make(found)
            )
            return tuple(lines)
    why = (
        f"provider {visible(said[:120])} is not known here"
        if said
        else "the node names no provider"
    )
    return (f"whole disk of the node, by its provider: {why}",)


def attached(cluster: Cluster, node: str) -> tuple[str, ...]:
    """The CSI volumes at a node that a VolumeSnapshot could have, in words."""
    try:
        found = cluster.objects("volumeattachments.storage.k8s.io")
        lines = [
            line for one in found
            if one["spec"].get("nodeName") == node
            for line in _claim(cluster, one["spec"])
        ]  # fmt: skip
    except CaseError as error:
        return (f"attached volumes: {error.what}",)
    return tuple(lines)


def _claim(cluster: Cluster, spec: dict[str, Any]) -> list[str]:
    name = (spec.get("source") or {}).get("persistentVolumeName")
    volume = cluster.find("persistentvolumes", "", str(name)) if name else None
    claim = ((volume or {}).get("spec") or {}).get("claimRef") or {}
    if not claim:
        return []
    target = visible(f"pvc/{claim.get('namespace')}/{claim.get('name')}")
    driver = visible(str(spec.get("attacher")))
    return [f"volume of {driver}: snapshot-volume on {target} has its driver take it"]
