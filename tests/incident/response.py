"""How Rita answers the incident: by kubecase's commands and nothing else, from alert to report."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.incident.incident import Analyst

PROBE = ("--probe-image", "shop/base:1")
RULES = ("--probe-image", "lab/nettools:1")  # has iptables
C2_NAMESPACE = "sandbox_"  # the attacker's own log is no evidence that anybody would have


def respond(analyst: Analyst, steps: list[dict[str, Any]]) -> None:
    """While it goes on: look, capture, preserve, isolate."""
    suspect = next(step["object"] for step in steps if step["step"] == "3a")
    analyst("note", "Customers report a foreign script on the shop's start page. Case opened.")
    analyst("owner", "node-1", "Olga Lind, platform team, +49 30 555 0100")
    analyst("owner", "namespace=shop", "Anna Berg, shop team, +49 30 555 0101")
    look = ("--way", "probe", "--pull", "Never", "--max-file", "65536", "--yes", *PROBE)
    analyst("capture", "workload/shop/Deployment/web", *look, ok=(0, 1))
    analyst("capture", f"pod/shop/{suspect}", "--node", *look, ok=(0, 1))
    analyst("capture", "pod/batch/report-worker", *look, ok=(0, 1))
    analyst("note", "A shell of the web container talks to a pod of another namespace;"
            " the node has a new key for root.", "--entity", f"pod={suspect}")  # fmt: skip
    analyst("phase", "coordinate")
    analyst("escalate", "node-1", "The node has a key for root and a cron file that nobody of us"
            " wrote. We cordon it; please keep it running until it is preserved.")  # fmt: skip
    analyst("snapshot", f"pod/shop/{suspect}", *PROBE, ok=(0, 1))
    analyst("snapshot", "node/node-1", *PROBE, ok=(0, 1))
    analyst("phase", "resolve")
    why = ("--reason", "a shell to a pod outside of the shop goes on")
    analyst("isolate", f"shop/{suspect}", "--yes", *why, *PROBE, ok=(0, 1))
    analyst("isolate", f"shop/{suspect}", "--way", "node", "--yes", *why, *RULES, ok=(0, 1))
    analyst("isolate", "node/node-1", "--yes", "--reason", "root was reached on it", *PROBE)


def collect(out: Path, since: int) -> Path:
    """The logs of node and cluster, as they lie there; the attacker's own pod is left out."""
    from tests.incident.incident import LAB, beside, on_node, run

    logs = out / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    (logs / "var/log").mkdir(parents=True)
    for name, source in {
        "audit.log": LAB / "audit/audit.log",
        "kubelet.log": LAB / "log/kubelet.log",
        "dockerd.log": LAB / "log/dockerd.log",
    }.items():
        shutil.copy2(source, logs / "var/log" / name)
    for name in ("auth.log", "cron.log", "syslog"):
        (logs / "var/log" / name).write_text(on_node("cat", f"/var/log/{name}"))
    tar = subprocess.run(
        ["nsenter", "-t", (LAB.parent / "node.pid").read_text().strip(), "--mount", "tar", "-C", "/",
         "-chf", "-", "--exclude", f"*/{C2_NAMESPACE}*", "var/log/pods"],
        capture_output=True,
    ).stdout  # fmt: skip
    subprocess.run(["tar", "-C", str(logs), "-xf", "-"], input=tar, check=True)
    events = beside("docker", "events", "--since", since, "--until", "0s", "--format", "{{json .}}")
    (logs / "docker_events.jsonl").write_text(events)
    (logs / "ready.json").write_text(run(*_ready(), ok=(0, 1)))
    return logs


def _ready() -> list[str]:
    import sys

    from tests.incident.incident import HERE

    return [str(HERE / "node.sh"), "beside", sys.executable, "-m", "console", "ready", "--json"]


# Title, severity, techniques, and the filter of the event that it rests on. The first is the alert.
WEB = "user:system:serviceaccount:shop:web"
FINDINGS = (
    ("All secrets listed by the web shop's account, from a pod that is not its own", "critical",
     ("T1552.007",), f"{WEB} verb:list resource:secrets"),
    ("CI gave the web shop's account rights over all secrets and pods", "high",
     ("T1098.006",), "user:system:serviceaccount:ci:deployer verb:create resource:clusterrolebindings"),
    ("The search page runs what it is given", "critical",
     ("T1190", "T1059.004"), "category:http search?q=lamp%20/dev/null"),
    ("The account was refused eight kinds, then went on", "medium",
     ("T1613",), f"{WEB} outcome:denied"),
    ("A shell of the web container talks to a pod of another namespace", "critical",
     ("T1059.004",), "format:capture_socket 4444"),
    ("A setuid program in the web container", "high",
     ("T1548.001",), "format:capture_file pkexec"),
    ("A program that calls itself ssh-agent was loaded", "high",
     ("T1105", "T1036.005"), "format:capture_file .ssh-agent"),
    ("A process whose file is deleted", "high",
     ("T1070.004",), "format:capture_process .kworker"),
    ("A pod with the node's processes and root, named like the log shipper", "critical",
     ("T1610", "T1611", "T1036.005"), f"{WEB} verb:create resource:pods log-shipper-x7k2p"),
    ("The node has a new key for root", "critical",
     ("T1098.004",), "format:capture_other authorized_keys"),
    ("The node has a new cron file", "high", ("T1053.003",), "format:capture_other logsync"),
    ("root logged in on the node by that key", "critical",
     ("T1021.004",), "category:login user:root outcome:ok"),
    ("A miner in a second pod", "high", ("T1496",), f"{WEB} verb:create resource:pods report-worker"),
    ("A cron job that loads the tools again", "high",
     ("T1053.007",), f"{WEB} verb:create resource:cronjobs"),
    ("The intruder's pod was bound to cluster-admin", "critical",
     ("T1098.006",), f"{WEB} verb:create resource:clusterrolebindings"),
    ("Events of kube-system were deleted", "high", ("T1070",), f"{WEB} verb:delete resource:events"),
)  # fmt: skip
BENIGN = ("Anna looks into the cart", "user:anna verb:exec")
PLAN = {
    "open": "noticed by a customer, who called the shop",
    "stock": "audit log since the cluster began; no log shipper",
    "freeze": "recorded from before the attack on",
}


def _find(
    analyst: Analyst, title: str, severity: str, attack: list[str], cited: str, *said: str
) -> None:
    rows = analyst(
        "finding", "--add", title, "--severity", severity, *attack, "--event", cited, "--json"
    )
    [id_] = {row["id"] for row in map(json.loads, rows.splitlines()) if row["title"] == title}
    analyst("finding", "--judge", id_, *said)


def conclude(analyst: Analyst, out: Path) -> None:
    """Afterwards, from the case alone: what was found, what is to do; then the bundle."""
    for title, severity, techniques, text in FINDINGS:
        cited = analyst.first_event(text)
        attack = [part for one in techniques for part in ("--attack", one)]
        _find(analyst, title, severity, attack, cited, "--status", "real")
        analyst("tag", cited, "attack")
    title, text = BENIGN
    cited = analyst.first_event(text)
    said = ("--status", "benign", "--reason", "asked her: she does")
    _find(analyst, title, "low", ["--attack", "T1609"], cited, *said)
    analyst("phase", "improve")
    analyst("note", "CI may not bind service accounts to roles of its own making; the search page"
            " must not build a command out of what it is asked.")  # fmt: skip
    for task, word in PLAN.items():
        analyst("plan", "--done", task, "--word", word)
    analyst("verify")
    (out / "incident.tar.zst").unlink(missing_ok=True)
    analyst("export", "-o", out / "incident.tar.zst")
