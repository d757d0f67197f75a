"""Volumes and who claims them."""

from __future__ import annotations

from console.live.cells import State, Value, columns, joined, quantity
from console.live.doc import Doc, mapping, text, texts
from console.live.kinds.base import age, name, of_doc

_MODES = {
    "ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}  # fmt: skip


def _modes(doc: Doc, *path: str) -> str | None:
    return joined([_MODES.get(mode, mode) for mode in texts(doc, *path, "accessModes")])


def _phase(doc: Doc) -> str:
    is_ending = text(doc, "metadata", "deletionTimestamp")
    return "Terminating" if is_ending else text(doc, "status", "phase") or "Unknown"


def _class(doc: Doc) -> str | None:
    old = text(doc, "metadata", "annotations", "volume.beta.kubernetes.io/storage-class")
    return old or text(doc, "spec", "storageClassName") or None


def _claim(doc: Doc) -> tuple[Value, ...]:
    return (
        name(doc),
        _phase(doc),
        text(doc, "spec", "volumeName") or None,
        quantity(text(doc, "status", "capacity", "storage")),
        _modes(doc, "status"),
        _class(doc),
        age(doc),
        text(doc, "spec", "volumeMode") or None,
    )


def _volume(doc: Doc) -> tuple[Value, ...]:
    claim = mapping(doc, "spec", "claimRef")
    return (
        name(doc),
        quantity(text(doc, "spec", "capacity", "storage")),
        _modes(doc, "spec"),
        text(doc, "spec", "persistentVolumeReclaimPolicy") or None,
        _phase(doc),
        f"{text(claim, 'namespace')}/{text(claim, 'name')}" if claim else None,
        _class(doc),
        age(doc),
        _source(doc),
    )


def _source(doc: Doc) -> str | None:
    """What kind of storage it is, and for a path of the node which."""
    spec = mapping(doc, "spec")
    for kind in ("hostPath", "local"):
        if kind in spec:
            return f"{kind} {text(spec, kind, 'path')}"
    if "csi" in spec:
        return f"csi {text(spec, 'csi', 'driver')}"
    known = ("nfs", "awsElasticBlockStore", "gcePersistentDisk", "azureDisk", "azureFile", "iscsi",
             "rbd", "cephfs", "fc", "glusterfs")  # fmt: skip
    return next((kind for kind in known if kind in spec), None)


def _storage_class(doc: Doc) -> tuple[Value, ...]:
    default = text(doc, "metadata", "annotations", "storageclass.kubernetes.io/is-default-class")
    return (
        name(doc) + (" (default)" if default == "true" else ""),
        text(doc, "provisioner"),
        text(doc, "reclaimPolicy") or "Delete",
        text(doc, "volumeBindingMode") or None,
        age(doc),
    )


def _state(doc: Doc) -> State:
    states: dict[str, State] = {"Bound": "ok", "Available": "ok", "Pending": "pending"}
    return states.get(_phase(doc), "bad")


TABLES = {
    "persistentvolumeclaims": of_doc(
        columns("NAME STATUS VOLUME CAPACITY> ACCESS_MODES STORAGECLASS AGE> +VOLUMEMODE"),
        _claim, _state,
    ),
    "persistentvolumes": of_doc(
        columns(
            "NAME CAPACITY> ACCESS_MODES RECLAIM_POLICY STATUS CLAIM STORAGECLASS AGE> +SOURCE"
        ),
        _volume, _state,
    ),
    "storageclasses.storage.k8s.io": of_doc(
        columns("NAME PROVISIONER RECLAIMPOLICY VOLUMEBINDINGMODE AGE>"), _storage_class
    ),
}  # fmt: skip
