"""What makes a pod dangerous, from its spec and status alone, and a workload from its template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from console.live.pods import (
    Container,
    ContainerStatus,
    Fact,
    Meta,
    Pod,
    PodSpec,
    Security,
    Terminated,
)
from console.live.risk import Risk, by_severity

MANY_RESTARTS = 5
ROOT_CAPABILITIES = frozenset({"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "BPF"})
STRONG_CAPABILITIES = frozenset(
    {"SYS_PTRACE", "DAC_READ_SEARCH", "NET_ADMIN", "SYS_BOOT", "MAC_ADMIN", "PERFMON", "SYSLOG"}
)
# Docker's default set: adding one of these changes nothing. Source: moby oci/caps/defaults.go
DEFAULT_CAPABILITIES = frozenset(
    {
        "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID",
        "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
    }
)  # fmt: skip
_SOCKET = re.compile(r"\.sock$|^/(var/)?run/(docker|containerd|crio|k3s/containerd)/?$")
_SENSITIVE = (
    "/proc", "/sys", "/dev", "/etc", "/root", "/home", "/boot", "/run", "/var", "/usr", "/bin",
    "/sbin", "/lib", "/lib64", "/opt",
)  # fmt: skip
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
_CONTROL_PLANE = ("kube-apiserver-", "kube-controller-manager-", "kube-scheduler-", "etcd-")


def pod_risks(pod: Pod) -> list[Risk]:
    """The worst first."""
    annotations = pod.metadata.annotations or {}
    found = [*spec_risks(pod.spec, annotations), *_status_risks(pod)]
    if pod.is_mirror:
        is_known = pod.metadata.namespace == "kube-system" and pod.metadata.name.startswith(
            _CONTROL_PLANE
        )
        found.append(
            Risk(
                "static-pod", "static pod", 1 if is_known else 3,
                "a file on the node runs it: no admission checks it, and deleting it in the API "
                "does not end it", "T1543.005",
            )
        )  # fmt: skip
    return by_severity(found)


def spec_risks(spec: PodSpec, annotations: Mapping[str, str] | None = None) -> list[Risk]:
    """Of a pod or of a workload's template; the worst first."""
    found = [*host_namespaces(spec), *_host_paths(spec)]
    for container in spec.all_containers:
        found += _container_risks(container, spec.securityContext or Security())
    for container in spec.ephemeralContainers or ():
        found.append(
            Risk(
                "ephemeral", f"ephemeral {container.name}", 3,
                "a container was put into the running pod afterwards, as a debugger or an "
                "intruder does; it can't be taken out again", "T1609", container.name,
            )
        )  # fmt: skip
    if spec.shareProcessNamespace:
        found.append(
            Risk(
                "share-pid", "shared PIDs", 2,
                "its containers see each other's processes, with their environment and, through "
                "/proc/PID/root, their files", "T1552.007",
            )
        )  # fmt: skip
    found += _profiles(spec, annotations or {})
    return by_severity(found)


def host_namespaces(spec: PodSpec) -> Iterator[Risk]:
    if spec.hostPID:
        yield Risk(
            "host-pid", "hostPID", 4,
            "it sees every process of the node, and with ptrace or the same uid can enter them",
            "T1611",
        )  # fmt: skip
    if spec.hostNetwork:
        yield Risk(
            "host-network", "hostNetwork", 3,
            "it listens and speaks as the node: no network policy holds it, and it reaches what "
            "listens on the node's loopback", "T1611",
        )  # fmt: skip
    if spec.hostIPC:
        yield Risk(
            "host-ipc", "hostIPC", 3,
            "it reads and writes the shared memory of processes outside of it", "T1611",
        )  # fmt: skip


def _host_paths(spec: PodSpec) -> Iterator[Risk]:
    mounts = {volume.name: volume.hostPath.path for volume in spec.volumes or () if volume.hostPath}
    if not mounts:
        return
    writers = {
        mount.name
        for container in spec.all_containers
        for mount in container.volumeMounts or ()
        if not mount.readOnly
    }
    for name, path in mounts.items():
        yield host_path(path, name in writers)


def host_path(path: str, is_writable: bool) -> Risk:
    clean = re.sub(r"/+", "/", path).rstrip("/") or "/"
    shown = f"hostPath {clean}" + ("" if is_writable else " ro")
    if _SOCKET.search(clean):
        return Risk(
            "runtime-socket", clean.rsplit("/", 1)[1] or clean, 5,
            f"{clean}: who speaks to a runtime's socket starts privileged containers, which is "
            "root on the node", "T1611",
        )  # fmt: skip
    if clean == "/":
        return Risk(
            "host-root", shown, 5 if is_writable else 4,
            "the whole disk of the node is in the container: "
            + ("files can be planted that the node runs" if is_writable else
               "keys, tokens and the other pods' volumes can be read"), "T1611",
        )  # fmt: skip
    if any(clean == place or clean.startswith(f"{place}/") for place in _SENSITIVE):
        return Risk(
            "host-path", shown, 4 if is_writable else 3,
            f"{clean} belongs to the node: " + (
                "writing there changes what the node does" if is_writable
                else "reading there shows its secrets or its logs"), "T1611",
        )  # fmt: skip
    return Risk("host-path", shown, 2, f"{clean} of the node is shared with the container", "T1611")


def _container_risks(container: Container, of_pod: Security) -> Iterator[Risk]:
    own, where = container.securityContext or Security(), container.name
    if own.privileged:
        yield privileged(where)
    yield from capability_risks(own, where)
    if own.procMount == "Unmasked":
        yield Risk(
            "proc-unmasked", "unmasked /proc", 4,
            "kernel settings such as core_pattern are writable through /proc", "T1611", where,
        )  # fmt: skip
    directory = container.workingDir or ""
    if re.match(r"/proc/(self|thread-self|\d+)/fd(/|$)", re.sub(r"/+", "/", directory)):
        yield Risk(
            "working-dir-fd", "workingDir /proc/self/fd", 5,
            "a working directory that is a leaked descriptor leaves the container for the node's "
            "disk (runc before 1.1.12, CVE-2024-21626)", "T1611", where,
        )  # fmt: skip
    user = own.runAsUser if own.runAsUser is not None else of_pod.runAsUser
    must = own.runAsNonRoot if own.runAsNonRoot is not None else of_pod.runAsNonRoot
    if user == 0:
        yield Risk("uid-0", "uid 0", 2, "it says that it runs as root", "T1611", where)
    elif user is None and not must:
        yield Risk(
            "may-be-root", "may be root", 1,
            "nothing forbids the image to run as root (no runAsUser, no runAsNonRoot)", "T1611",
            where,
        )  # fmt: skip
    if not own.readOnlyRootFilesystem:
        yield Risk(
            "writable-root", "writable root", 1,
            "tools can be dropped into its file system and run", "T1105", where,
        )  # fmt: skip
    if not (container.resources and container.resources.limits):
        yield Risk(
            "no-limits", "no limits", 1,
            "it may use all of the node's CPU and memory, as a miner would", "T1496", where,
        )  # fmt: skip
    yield from _image(container.image, where)


def privileged(where: str) -> Risk:
    return Risk(
        "privileged", "priv", 5,
        "a privileged container has all capabilities and the node's devices: it is root on the "
        "node for whoever runs code in it", "T1611", where,
    )  # fmt: skip


def capability_risks(own: Security, where: str) -> Iterator[Risk]:
    if own.privileged or own.capabilities is None:  # privileged has them all
        return
    for name in own.capabilities.add or ():
        cap = name.upper().removeprefix("CAP_")
        if cap in ROOT_CAPABILITIES:
            severity, why = 5, "with it, root in the container is as good as root on the node"
        elif cap in STRONG_CAPABILITIES:
            severity, why = 4 if cap == "SYS_PTRACE" else 3, "it reaches past the container's walls"
        elif cap in DEFAULT_CAPABILITIES:
            continue
        else:
            severity, why = 2, "a capability that containers don't have by default"
        yield Risk("capability", cap, severity, why, "T1611", where)


def _image(image: str, where: str) -> Iterator[Risk]:
    if not image or "@sha256:" in image:
        return
    last = image.rsplit("/", 1)[-1]
    tag = last.partition(":")[2]
    word = f"tag {tag}" if tag else "no tag"
    yield Risk(
        "image-tag", word, 1,
        f"{image} is named by a tag, not by digest: what runs may differ from what was checked",
        "T1525", where,
    )  # fmt: skip


def _profiles(spec: PodSpec, annotations: Mapping[str, str]) -> Iterator[Risk]:
    """seccomp and AppArmor switched off, by field or by the annotations of older versions."""
    of_pod = spec.securityContext or Security()
    if annotations.get(_SECCOMP) == "unconfined":
        yield unconfined("seccomp", "")
    for key, value in annotations.items():
        if key.startswith(_APPARMOR) and value == "unconfined":
            yield unconfined("AppArmor", key.removeprefix(_APPARMOR))
    for where, own in [("", of_pod)] + [
        (c.name, c.securityContext) for c in spec.all_containers if c.securityContext
    ]:
        if own.seccompProfile and own.seccompProfile.type == "Unconfined":
            yield unconfined("seccomp", where)
        if own.appArmorProfile and own.appArmorProfile.type == "Unconfined":
            yield unconfined("AppArmor", where)


def unconfined(what: str, where: str) -> Risk:
    return Risk(
        f"{what.lower()}-off", f"no {what}", 2,
        f"{what} is switched off: kernel calls that it would refuse are open to an exploit",
        "T1068", where,
    )  # fmt: skip


def _status_risks(pod: Pod) -> Iterator[Risk]:
    status = pod.status
    for container in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ())):
        if container.restartCount >= MANY_RESTARTS:
            yield Risk(
                "restarts", f"{container.restartCount} restarts", 2,
                "a container that keeps crashing hides its traces with each start, and crashes "
                "can be failed attempts to exploit it", "T1190", container.name,
            )  # fmt: skip
        ended = _last_end(container)
        if ended is not None:
            yield from _exit_risk(ended, container.name)


def _last_end(container: ContainerStatus) -> Terminated | None:
    for state in (container.state, container.lastState):
        if state and state.terminated:
            return state.terminated
    return None


def _exit_risk(ended: Terminated, where: str) -> Iterator[Risk]:
    if ended.reason == "OOMKilled":
        yield Risk(
            "oom", "OOM", 2, "it was killed for its use of memory: a leak, or work that is not "
            "its own", "T1496", where,
        )  # fmt: skip
    elif ended.exitCode in (132, 134, 135, 136, 139):
        signal = ended.exitCode - 128
        yield Risk(
            "crash-signal", f"exit {ended.exitCode}", 3,
            f"it died of signal {signal}, as a program does whose memory was corrupted",
            "T1190", where,
        )  # fmt: skip


# -- workloads


class _Template(Fact):
    metadata: Meta = msgspec.field(default_factory=Meta)
    spec: PodSpec = msgspec.field(default_factory=PodSpec)


class _JobSpec(Fact):
    template: _Template | None = None


class _JobTemplate(Fact):
    spec: _JobSpec | None = None


class _WorkloadSpec(Fact):
    template: _Template | None = None
    jobTemplate: _JobTemplate | None = None


class _Workload(Fact):
    spec: _WorkloadSpec | None = None


_decode_workload = msgspec.json.Decoder(_Workload, strict=False).decode


def template_of(raw: bytes) -> tuple[PodSpec, Mapping[str, str]] | None:
    """The pod's spec and annotations in a workload, of a CronJob too; None where there is none."""
    spec = _decode_workload(raw).spec
    template = spec.template if spec else None
    if spec and template is None and spec.jobTemplate and spec.jobTemplate.spec:
        template = spec.jobTemplate.spec.template
    return (template.spec, template.metadata.annotations or {}) if template else None


def template_risks(raw: bytes) -> list[Risk]:
    """Of the pods that a workload makes, whether it made any yet or not."""
    found = template_of(raw)
    return spec_risks(*found) if found else []
