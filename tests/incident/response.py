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


def respond(analyst: Analyst, out: Path, steps: list[dict[str, Any]], since: int) -> None:
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


FINDINGS = (
    # title, severity, technique, the filter of the event that it rests on
    ("The search page runs what it is given", "critical", "T1190",
     "category:http search?q=lamp%20/dev/null"),
    ("All secrets were listed by the web shop's account, from a pod that is not its own",
     "critical", "T1552.007", "actor:system:serviceaccount:shop:web activity:list object:secrets"),
    ("CI gave the web shop's account rights over all secrets and pods", "high", "T1098.006",
     "actor:system:serviceaccount:ci:deployer object_kind:clusterrolebindings activity:create"),
)  # fmt: skip


def conclude(analyst: Analyst, out: Path, steps: list[dict[str, Any]], since: int) -> None:
    """Afterwards: the logs, what was found, what is to do; then the bundle."""
    logs = collect(out, since)
    analyst(
        "add",
        logs,
        "--cluster",
        "shop",
        "--node",
        "node-1",
        "--source",
        "collected from node-1 by its operators",
        ok=(0, 1),
    )
    analyst("export", "-o", out / "incident.tar.zst")
    print(json.dumps({"bundle": (out / "incident.tar.zst").stat().st_size}))
