#!/usr/bin/env python3
"""Thousands of pods on nodes that do not exist, written through the API: create N | churn SECONDS | heartbeat | clear."""

import argparse
import datetime
import http.client
import json
import multiprocessing
import random
import ssl
import time

ap = argparse.ArgumentParser()
ap.add_argument("--lab", required=True)
ap.add_argument("--port", type=int, required=True)
ap.add_argument("--nodes", type=int, default=500)
ap.add_argument("--workers", type=int, default=8)
ap.add_argument("what", choices=["create", "churn", "heartbeat", "clear"])
ap.add_argument("n", type=int, nargs="?", default=5000)
A = ap.parse_args()
NS = [f"team-{i:02d}" for i in range(20)]
APPS = ["cart", "checkout", "search", "auth", "mail", "ledger", "image", "price", "stock", "report"]
LBL = "kubecase-lab/fake"
PER_NODE = -(-A.n // A.nodes)


# addresses inside the lab's own bridge network, where nobody answers: nothing sent to them leaves the machine
def node_ip(i):
    return f"10.211.{250 + i // 250 % 4}.{i % 250 + 1}"


def pod_ip(i):
    return f"10.211.{16 + i // 250 % 230}.{i % 250 + 2}"


class Api:
    def __init__(self):
        ctx = ssl.create_default_context(cafile=f"{A.lab}/pki/ca.crt")
        ctx.load_cert_chain(f"{A.lab}/pki/admin.crt", f"{A.lab}/pki/admin.key")
        self.c = http.client.HTTPSConnection("127.0.0.1", A.port, context=ctx, timeout=60)

    def __call__(self, verb, path, body=None, ok=(200, 201, 202), ctype="application/json"):
        for attempt in range(6):
            try:
                self.c.request(
                    verb, path, None if body is None else json.dumps(body), {"Content-Type": ctype}
                )
                r = self.c.getresponse()
                data = r.read()
            except (OSError, http.client.HTTPException):
                self.c.close()
                time.sleep(0.2 * attempt)
                continue
            if r.status in (429, 500, 504):
                time.sleep(0.2 * (attempt + 1))
                continue
            if r.status not in ok:
                raise SystemExit(f"{verb} {path}: {r.status} {data[:300]!r}")
            return r.status, json.loads(data)
        raise SystemExit(f"{verb} {path}: gave up")


def now():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def node(api, i):
    name, t = f"fake-{i:03d}", now()
    api(
        "POST",
        "/api/v1/nodes",
        {
            "metadata": {
                "name": name,
                "labels": {
                    LBL: "true",
                    "kubernetes.io/hostname": name,
                    "kubernetes.io/os": "linux",
                },
            },
            "spec": {
                "taints": [{"key": LBL, "effect": "NoSchedule"}],
                "podCIDR": f"10.211.{16 + i % 230}.0/24",
            },
        },
        ok=(201, 409),
    )
    res = {"cpu": "64", "memory": "256Gi", "pods": "500", "ephemeral-storage": "500Gi"}
    cond = [
        {
            "type": k,
            "status": s,
            "reason": r,
            "message": "",
            "lastHeartbeatTime": t,
            "lastTransitionTime": t,
        }
        for k, s, r in (
            ("Ready", "True", "KubeletReady"),
            ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            ("PIDPressure", "False", "KubeletHasSufficientPID"),
        )
    ]
    api(
        "PATCH",
        f"/api/v1/nodes/{name}/status",
        {
            "status": {
                "capacity": res,
                "allocatable": res,
                "conditions": cond,
                "addresses": [
                    {"type": "InternalIP", "address": node_ip(i)},
                    {"type": "Hostname", "address": name},
                ],
                "nodeInfo": {
                    "kubeletVersion": "v1.20.2",
                    "containerRuntimeVersion": "docker://20.10.24",
                    "osImage": "Debian GNU/Linux 12",
                    "kernelVersion": "6.1.0",
                    "operatingSystem": "linux",
                    "architecture": "amd64",
                    "machineID": f"{i:032x}",
                    "systemUUID": f"{i:032x}",
                    "bootID": f"{i:032x}",
                    "kubeProxyVersion": "v1.20.2",
                },
            }
        },
        ctype="application/strategic-merge-patch+json",
    )
    lease(api, name)


def lease(api, name):
    base = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
    spec = {"spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micro()}}
    s, _ = api("PATCH", f"{base}/{name}", spec, ok=(200, 404), ctype="application/merge-patch+json")
    if s == 404:
        api("POST", base, {"metadata": {"name": name}, **spec}, ok=(201, 409))


def plan(i):
    ns, app = NS[i % len(NS)], APPS[i // len(NS) % len(APPS)]
    r = random.Random(i)
    h = f"{abs(hash_(ns + app)):010x}"[:10]
    return ns, app, h, f"{app}-{h}-{r.getrandbits(25):05x}{i:05d}"[:60], r


def hash_(s):
    x = 5381
    for ch in s:
        x = (x * 33 + ord(ch)) & 0xFFFFFFFFFF
    return x


def pods(args):
    k, n = args
    api = Api()
    for i in range(k, n, A.workers):
        ns, app, h, name, r = plan(i)
        nd = f"fake-{i // PER_NODE:03d}"
        t = now()
        img = f"registry.example/{app}:{1 + r.randrange(3)}.{r.randrange(10)}"
        sha = f"{r.getrandbits(256):064x}"
        cid = f"{r.getrandbits(256):064x}"
        _s, _o = api(
            "POST",
            f"/api/v1/namespaces/{ns}/pods",
            {
                "metadata": {
                    "name": name,
                    "labels": {"app": app, "pod-template-hash": h, LBL: "true"},
                },
                "spec": {
                    "nodeName": nd,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 0,
                    "tolerations": [{"operator": "Exists"}],
                    "containers": [
                        {
                            "name": app,
                            "image": img,
                            "ports": [{"containerPort": 8080}],
                            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
                        }
                    ],
                },
            },
            ok=(201, 409),
        )
        x = r.random()
        crash, pend = x < 0.01, 0.01 <= x < 0.015
        if pend:
            st = {
                "phase": "Pending",
                "containerStatuses": [
                    {
                        "name": app,
                        "image": img,
                        "imageID": "",
                        "ready": False,
                        "restartCount": 0,
                        "state": {
                            "waiting": {
                                "reason": "ImagePullBackOff",
                                "message": f'Back-off pulling image "{img}"',
                            }
                        },
                    }
                ],
            }
        else:
            state = (
                {
                    "waiting": {
                        "reason": "CrashLoopBackOff",
                        "message": "back-off 5m0s restarting failed container",
                    }
                }
                if crash
                else {"running": {"startedAt": t}}
            )
            st = {
                "phase": "Running",
                "hostIP": node_ip(i // PER_NODE),
                "podIP": pod_ip(i),
                "startTime": t,
                "containerStatuses": [
                    {
                        "name": app,
                        "image": img,
                        "imageID": f"docker-pullable://registry.example/{app}@sha256:{sha}",
                        "containerID": f"docker://{cid}",
                        "ready": not crash,
                        "started": not crash,
                        "restartCount": r.randrange(1, 40) if crash else r.choice([0, 0, 0, 0, 1]),
                        "state": state,
                    }
                ],
            }
            st["podIPs"] = [{"ip": st["podIP"]}]
        ok = "False" if crash or pend else "True"
        st["conditions"] = [
            {"type": c, "status": v, "lastTransitionTime": t}
            for c, v in (
                ("Initialized", "True"),
                ("Ready", ok),
                ("ContainersReady", ok),
                ("PodScheduled", "True"),
            )
        ]
        st["qosClass"] = "Burstable"
        api(
            "PATCH",
            f"/api/v1/namespaces/{ns}/pods/{name}/status",
            {"status": st},
            ctype="application/merge-patch+json",
        )


def owners(api, n):
    """Real ReplicaSets and Deployments around the pods: their controllers adopt pods that match."""
    want = {}
    for i in range(n):
        ns, app, h, _, _ = plan(i)
        want[ns, app, h] = want.get((ns, app, h), 0) + 1

    def template(app, extra):
        return {
            "metadata": {"labels": {"app": app, LBL: "true", **extra}},
            "spec": {
                "nodeSelector": {LBL: "true"},
                "tolerations": [{"operator": "Exists"}],
                "terminationGracePeriodSeconds": 0,
                "containers": [
                    {
                        "name": app,
                        "image": f"registry.example/{app}:1.0",
                        "imagePullPolicy": "Never",
                    }
                ],
            },
        }

    for (ns, app, h), k in want.items():
        t = template(app, {"pod-template-hash": h})
        api(
            "POST",
            f"/apis/apps/v1/namespaces/{ns}/replicasets",
            {
                "metadata": {
                    "name": f"{app}-{h}",
                    "labels": t["metadata"]["labels"],
                    "annotations": {
                        "deployment.kubernetes.io/revision": "1",
                        "deployment.kubernetes.io/desired-replicas": str(k),
                    },
                },
                "spec": {
                    "replicas": k,
                    "selector": {"matchLabels": t["metadata"]["labels"]},
                    "template": t,
                },
            },
            ok=(201, 409),
        )
    deadline = time.time() + 180
    while time.time() < deadline:
        rs = list(api("GET", f"/apis/apps/v1/replicasets?labelSelector={LBL}%3Dtrue")[1]["items"])
        if all(r["status"].get("replicas", 0) == r["spec"]["replicas"] for r in rs):
            break
        time.sleep(0.5)
    time.sleep(2)  # the deployment controller must have seen the ReplicaSets, or it makes its own
    for (ns, app, _), k in want.items():
        api(
            "POST",
            f"/apis/apps/v1/namespaces/{ns}/deployments",
            {
                "metadata": {"name": app, "labels": {"app": app, LBL: "true"}},
                "spec": {
                    "replicas": k,
                    "selector": {"matchLabels": {"app": app, LBL: "true"}},
                    "template": template(app, {}),
                },
            },
            ok=(201, 409),
        )
    return len(want)


def churn(api, seconds):
    """Change the status of random pods, at most 100 a second, so that watches have something to do."""
    items = [
        p
        for p in api("GET", f"/api/v1/pods?labelSelector={LBL}%3Dtrue")[1]["items"]
        if p["status"].get("containerStatuses")
    ]
    end, k = time.time() + min(seconds, 600), 0
    while items and time.time() < end:
        p = random.choice(items)
        c = p["status"]["containerStatuses"]
        c[0]["restartCount"] += 1
        api(
            "PATCH",
            f"/api/v1/namespaces/{p['metadata']['namespace']}/pods/{p['metadata']['name']}/status",
            {"status": {"containerStatuses": c}},
            ok=(200, 404),
            ctype="application/merge-patch+json",
        )
        k += 1
        time.sleep(0.01)
    print(f"{k} status changes")


def main():
    api = Api()
    t0 = time.time()
    if A.what == "create":
        for ns in NS:
            api(
                "POST",
                "/api/v1/namespaces",
                {"metadata": {"name": ns, "labels": {LBL: "true"}}},
                ok=(201, 409),
            )
        for ns in NS:
            for _ in range(200):
                if (
                    api("GET", f"/api/v1/namespaces/{ns}/serviceaccounts/default", ok=(200, 404))[0]
                    == 200
                ):
                    break
                time.sleep(0.05)
        nn = -(-A.n // PER_NODE)
        for i in range(nn):
            node(api, i)
        with multiprocessing.Pool(A.workers) as p:
            p.map(pods, [(k, A.n) for k in range(A.workers)], chunksize=1)
        dt = time.time() - t0
        t1 = time.time()
        k = owners(api, A.n)
        print(f"{k} deployments took them over in {time.time() - t1:.1f} s")
        print(
            f"{A.n} pods on {nn} fake nodes in {len(NS)} namespaces: {dt:.1f} s, {A.n / dt:.0f} pods/s"
        )
    elif A.what == "churn":
        churn(api, A.n)
    elif A.what == "heartbeat":
        while True:
            names = [
                o["metadata"]["name"]
                for o in api("GET", f"/api/v1/nodes?labelSelector={LBL}%3Dtrue")[1]["items"]
            ]
            for n in names:
                lease(api, n)
            time.sleep(10)
    else:
        for ns in NS:
            for kind in ("deployments", "replicasets"):
                api(
                    "DELETE",
                    f"/apis/apps/v1/namespaces/{ns}/{kind}?labelSelector={LBL}%3Dtrue",
                    {"propagationPolicy": "Orphan"},
                    ok=(200, 202, 404),
                )
        for ns in NS:
            api(
                "DELETE",
                f"/api/v1/namespaces/{ns}/pods?labelSelector={LBL}%3Dtrue",
                {"gracePeriodSeconds": 0},
                ok=(200, 202, 404),
            )
        api("DELETE", f"/api/v1/nodes?labelSelector={LBL}%3Dtrue")
        for ns in NS:
            api("DELETE", f"/api/v1/namespaces/{ns}", ok=(200, 202, 404, 409))
        print(f"cleared in {time.time() - t0:.1f} s")


if __name__ == "__main__":
    main()
