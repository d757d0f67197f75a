"""Play the incident on a node of its own, answer it with kubecase, and pack the case.

    python -m tests.incident.incident OUT

OUT gets `case/`, `incident.tar.zst` (its bundle) and `ground_truth.json`, which the console never
reads. Takes about ten minutes; tests/incident/README.md tells the story.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NODE_DIR = Path(os.environ.get("KUBECASE_INCIDENT_DIR", "/tmp/kubecase-incident"))
LAB = NODE_DIR / "lab"
C2_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "metrics-relay", "namespace": "sandbox"},
    "spec": {
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "containers": [{"name": "relay", "image": "lab/c2:1", "imagePullPolicy": "Never"}],
    },
}


def say(text: str) -> None:
    sys.stderr.write(f"incident: {text}\n")


def run(*args: object, ok: Sequence[int] = (0,), stdin: str = "") -> str:
    """What the command prints; other exit codes than `ok` end the run."""
    done = subprocess.run([*map(str, args)], capture_output=True, text=True, input=stdin)
    if done.returncode not in ok:
        raise SystemExit(f"{args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def on_node(*args: object) -> str:
    return run(HERE / "node.sh", "in", *args)


def beside(*args: object, ok: Sequence[int] = (0,), stdin: str = "") -> str:
    return run(HERE / "node.sh", "beside", *args, ok=ok, stdin=stdin)


def kubectl(*args: object, ok: Sequence[int] = (0,), stdin: str = "") -> str:
    return beside("kubectl", *args, ok=ok, stdin=stdin)


def wait_for(what: str, namespace: str, pod: str, text: str, seconds: int = 240) -> str:
    """The pod's log, once it holds text."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        log = kubectl("-n", namespace, "logs", pod, ok=(0, 1))
        if "ATTACK FAILED" in log:
            raise SystemExit(log)
        if text in log:
            return log
        time.sleep(2)
    raise SystemExit(f"no {what} in {seconds} s:\n{log}")


def credentials(folder: Path) -> None:
    """Certificates of three people, from the cluster's own authority; a key of the operators."""
    folder.mkdir(parents=True, exist_ok=True)
    ca = LAB / "pki"
    admin = (LAB / "admin.kubeconfig").read_text()
    for name, group in (("anna", "developers"), ("ben", "developers"), ("rita", "system:masters")):
        key, crt = folder / f"{name}.key", folder / f"{name}.crt"
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-keyout", key, "-subj", f"/O={group}/CN={name}", "-out", f"{crt}.csr")  # fmt: skip
        run("openssl", "x509", "-req", "-in", f"{crt}.csr", "-CA", ca / "ca.crt", "-CAkey",
            ca / "ca.key", "-CAcreateserial", "-days", "30", "-out", crt)  # fmt: skip
        (folder / name).write_text(
            re.sub(
                r"user: \{client-certificate-data.*\}",
                f"user: {{client-certificate: {crt}, client-key: {key}}}}}",
                admin,
            ).replace("kubecase-lab", "shop")
        )
    (folder / "ops").unlink(missing_ok=True)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ops", "-f", folder / "ops")
    public = (folder / "ops.pub").read_text().strip()
    on_node("sh", "-c", f"echo '{public}' >/home/ops/.ssh/authorized_keys")
    on_node("chown", "ops:", "/home/ops/.ssh/authorized_keys")


class Analyst:
    """Rita, who answers the incident by kubecase's own commands."""

    def __init__(self, case: Path, people: Path) -> None:
        self.case = case
        self.env = {
            "XDG_CONFIG_HOME": str(people / "config"),
            "XDG_CACHE_HOME": str(people / "cache"),
            "KUBECASE_ANALYST": "rita",
            "PYTHONPATH": str(ROOT),
        }
        self.kubeconfig = people / "rita"
        self.is_online = True

    def command(self, *args: object) -> list[str]:
        env = [f"{name}={value}" for name, value in self.env.items()]
        chair = [str(HERE / "node.sh"), "beside"] if self.is_online else []
        return [*chair, "env", *env, f"KUBECONFIG={self.kubeconfig}",
                sys.executable, "-m", "console", *map(str, args)]  # fmt: skip

    def __call__(self, name: str, *args: object, ok: Sequence[int] = (0,)) -> str:
        say(f"kubecase {name} {' '.join(map(str, args))[:100]}")
        return run(*self.command(name, self.case, *args), ok=ok)

    def quietly(self, *args: object) -> str:
        return run(*self.command(args[0], self.case, *args[1:]))

    def first_event(self, *args: str) -> str:
        """The citation of the first event that a filter lets through."""
        line = self.quietly(
            "events", *args, "--limit", "1", "--json", "--columns", "evidence,path,line"
        )
        if not line.strip():
            raise SystemExit(f"no event for {args}")
        row = json.loads(line.splitlines()[0])
        member = row["path"].partition("!")[2]
        return f"{row['evidence']}{'!' + member if member else ''}:{row['line']}"


def stage(people: Path) -> None:
    say("a node, a cluster, a shop")
    run(HERE / "node.sh", "up")
    credentials(people)
    beside(HERE / "images.sh")
    kubectl("apply", "-f", HERE / "shop.yaml")
    for name in ("web", "cart", "payments"):
        kubectl("-n", "shop", "rollout", "status", f"deployment/{name}", "--timeout=120s")


def truths(log: str, ci_log: str) -> list[dict[str, Any]]:
    """What the attacker logged, and before it the change that let them in, from CI's own log."""
    steps = [json.loads(line[6:]) for line in log.splitlines() if line.startswith("TRUTH ")]
    [deployed] = re.findall(r'time=(\S+) level=info msg="deploy web build', ci_log)
    cause = {"step": "1", "ts": deployed, "namespace": "shop", "object": "web",
             "name": "a CI change widens web's rights and mounts a host path",
             "kind": "deployment", "text": "web-debug"}  # fmt: skip
    return [cause, *steps]


def play(out: Path) -> None:
    people, case = NODE_DIR / "people", out / "case"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    stage(people)
    since = int(time.time())
    analyst = Analyst(case, people)
    analyst("new", "--title", "Web shop: from a search page to root on the node")
    recording = subprocess.Popen(
        analyst.command("record", case), stdout=subprocess.DEVNULL, start_new_session=True
    )
    others = subprocess.Popen(
        [HERE / "node.sh", "beside", HERE / "people.sh", people], start_new_session=True
    )
    try:
        say("recording; the shop goes about its day")
        ci_log = wait_for("change by CI", "ci", "runner", "web is rolled out")
        time.sleep(20)
        kubectl("--kubeconfig", people / "ben", "create", "-f", "-", stdin=json.dumps(C2_POD))
        log = wait_for("end of the attack", "sandbox", "metrics-relay", "ATTACK DONE")
        steps = truths(log, ci_log)
        (out / "ground_truth.json").write_text(json.dumps(steps, indent=1) + "\n")
        time.sleep(70)  # cron has its minute
        respond(analyst, steps)
        time.sleep(20)
    finally:
        os.killpg(others.pid, signal.SIGKILL)
        os.killpg(recording.pid, signal.SIGINT)
        recording.wait(timeout=60)
    logs = collect(out, since)
    run(HERE / "node.sh", "down")
    analyst.is_online = False
    analyst("add", logs, "--cluster", "shop", "--node", "node-1", "--source",
            "collected from node-1 by its operators", ok=(0, 1))  # fmt: skip
    conclude(analyst, out)


if __name__ == "__main__":
    from tests.incident.response import collect, conclude, respond

    play(Path(sys.argv[1]).absolute())
