"""The shipped incident is found again, by kubecase's own commands, from its first alert.

`tests/incident/ground_truth.json` is what the attacker logged while it was done; the console never
reads it. Each step is reached from the alert by at most four pivots, and found by name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from console.detect.demo import build_demo

# `make incident` names the folder of a run that was just played; else it is the shipped one
PLAYED = os.environ.get("KUBECASE_INCIDENT")
FOLDER = Path(PLAYED) if PLAYED else Path(__file__).parent / "incident"
TRUTH = {step["step"]: step for step in json.loads((FOLDER / "ground_truth.json").read_text())}
SUSPECT = TRUTH["3a"]["object"]
THEIRS = TRUTH["4d"]["text"].rpartition(" ")[2]  # the address that they came from
ALERT = "user:system:serviceaccount:shop:web verb:list resource:secrets"
WEB = "user=system:serviceaccount:shop:web"
# Where the alert's own cells lead: (entity, pivot), one after the other. What the first pivots answer
# holds the entity of the next one; what the last answers, or the event it cites, holds the step's text.
PATHS: dict[str, list[tuple[str, str]]] = {
    "1": [("namespace=shop", "namespace-activity"), ("workload=web", "workload-changes"),
          ("user=system:serviceaccount:ci:deployer", "user-changes")],
    "2a": [(f"ip={THEIRS}", "ip-requests")],
    "2b": [(f"ip={THEIRS}", "ip-requests")],
    "2c": [(f"ip={THEIRS}", "ip-requests")],
    "2d": [(WEB, "user-denied")],
    "2e": [(WEB, "user-secrets")],
    "3a": [(f"ip={THEIRS}", "ip-connections")],
    "3b": [(f"ip={THEIRS}", "ip-connections"), (f"pod={SUSPECT}", "pod-files")],
    "3c": [(f"ip={THEIRS}", "ip-connections"), (f"pod={SUSPECT}", "pod-files")],
    "3d": [(f"ip={THEIRS}", "ip-connections"), (f"pod={SUSPECT}", "pod-files")],
    "3e": [(f"ip={THEIRS}", "ip-connections"), (f"pod={SUSPECT}", "pod-processes")],
    "3f": [(f"ip={THEIRS}", "ip-connections"), (f"pod={SUSPECT}", "pod-files")],
    "4a": [(WEB, "user-changes")],
    "4b": [(f"ip={THEIRS}", "ip-logins"), ("node=node-1", "node-checks")],
    "4c": [(f"ip={THEIRS}", "ip-logins"), ("node=node-1", "node-checks")],
    "4d": [(f"ip={THEIRS}", "ip-logins")],
    "5a": [(WEB, "user-changes")],
    "5b": [(WEB, "user-changes")],
    "5c": [(WEB, "user-changes")],
    "5d": [(WEB, "user-changes")],
}  # fmt: skip


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, own_folders: None) -> Path:
    folder = tmp_path_factory.mktemp("incident") / "case"
    if PLAYED:
        kubecase("import", FOLDER / "incident.tar.zst", folder)
    else:
        build_demo(folder)
    return folder


def kubecase(*args: object, ok: tuple[int, ...] = (0,)) -> str:
    """Without cluster, engine or network: the environment names none."""
    hidden = {"KUBECONFIG", "DOCKER_HOST", "DOCKER_CONTEXT"}
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-m", "console", *map(str, args)],
        capture_output=True, text=True, env={**env, "KUBECONFIG": "/nonexistent"}, check=False,
    )  # fmt: skip
    assert done.returncode in ok, done.stderr
    return done.stdout


def rows(*args: object, ok: tuple[int, ...] = (0,)) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kubecase(*args, "--json", ok=ok).splitlines()]


def events(case: Path, text: str, *options: object) -> list[dict[str, Any]]:
    return rows("events", case, text, "--limit", "0", *options)


def pivot(case: Path, entity: str, name: str) -> list[dict[str, Any]]:
    [answer] = rows("pivot", case, entity, name, "--limit", "1000")
    found: list[dict[str, Any]] = answer["rows"]
    return found


def cited(case: Path, row: dict[str, Any]) -> str:
    """All of the event that an answer cites, as the case has it."""
    place = "evidence = '{evidence}' and path = '{path}' and line = {line} and part = {part}"
    return kubecase("sql", case, f"select * from events where {place.format(**row)}", "--json")


def test_the_first_alert_is_the_theft(case: Path) -> None:
    [alert] = events(case, ALERT)
    [first] = [row for row in rows("finding", case) if row["id"] == "F-1"]
    assert "secrets" in first["title"]
    assert THEIRS in json.dumps(events(case, ALERT, "--columns", "src_ip,actor,namespace"))
    assert near(alert["ts"], TRUTH["2e"]["ts"])


def near(seen: str, truth: str, seconds: int = 10) -> bool:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text.rstrip("Z"))

    return abs(at(seen) - at(truth)) < timedelta(seconds=seconds)


@pytest.mark.parametrize("step", TRUTH.values(), ids=TRUTH.keys())
def test_each_step_is_four_pivots_from_the_alert(case: Path, step: dict[str, Any]) -> None:
    path = PATHS[step["step"]]
    assert len(path) <= 4
    for (entity, name), (following, _) in pairwise(path):
        answer = pivot(case, entity, name)
        value = following.partition("=")[2]
        assert any(value in json.dumps(row) or value in cited(case, row) for row in answer), (
            entity, name, following)  # fmt: skip
    answer = pivot(case, *path[-1])
    text = step["text"]
    assert any(text in json.dumps(row) for row in answer) or any(
        text in cited(case, row) for row in answer
    ), (path, text)


def test_every_step_of_the_attacker_has_a_path() -> None:
    assert PATHS.keys() == TRUTH.keys()


def test_noise_is_nearly_all_of_it(case: Path) -> None:
    """What the attacker did, by identity, address, pods and files, is under a twentieth."""
    count = int(kubecase("events", case, "", "--count"))
    theirs = (
        "user:system:serviceaccount:shop:web", f"ip:{THEIRS}", "log-shipper-x7k2p",
        "report-worker", "report-cleanup", "metrics-relay", "logsync",
    )  # fmt: skip
    bad = int(kubecase("events", case, " or ".join(theirs), "--count"))
    assert count > 8000
    assert bad / count < 0.05, (bad, count)


def test_which_change_caused_it(case: Path) -> None:
    """Part 1: the deployment's new revision, what changed in it, who, and when."""
    text = kubecase("revisions", case, "deploy/web", "-n", "shop")
    assert "system:serviceaccount:ci:deployer" in text
    assert "hostPath" in text or "host-logs" in text
    granted = kubecase("rights", "sa shop:web", case, ok=(0, 1))
    assert "secrets" in granted


def test_which_component_and_line(case: Path) -> None:
    """Part 2: the script's file and line, by the image's source label and the request that hit it."""
    found = events(case, "eval", "--columns", "path,line,message")
    assert [
        (row["path"].partition("!")[2], row["line"]) for row in found if "!" in row["path"]
    ] == [("/var/www/cgi-bin/search", 6)]
    image = kubecase(
        "sql", case, "select fields from events where format = 'docker_inspect'", "--json"
    )
    assert "https://git.shop.example/shop/web" in image


def test_who_owns_the_node_and_was_told(case: Path) -> None:
    """Part 3."""
    [node] = [row for row in rows("owner", case) if "node-1" in json.dumps(row)]
    assert "Olga Lind" in json.dumps(node)
    assert "Olga Lind" in kubecase("journal", case)


def test_was_the_cluster_ready(case: Path) -> None:
    """Part 4: what `kubecase ready` said then, as evidence."""
    [said] = rows("sql", case, "select fields from events where path like '%ready.json' limit 1")
    assert "audit" in said["fields"]


def test_phases_and_times(case: Path) -> None:
    """Part 5."""
    [phase] = rows("phase", case)
    assert [entry["phase"] for entry in phase["history"]][-3:] == [
        "coordinate",
        "resolve",
        "improve",
    ]
    assert rows("metrics", case)


def test_four_kinds_of_logs(case: Path) -> None:
    """Part 7: network connections, logins, SSH sessions, process execution."""
    assert events(case, f"category:network ip:{THEIRS} 4444")
    assert events(case, f"category:login user:root ip:{THEIRS} outcome:ok")
    assert events(case, "category:ssh user:root verb:session_open")
    assert events(case, "category:process .sync")


def test_root_was_reached_and_the_node_is_kept(case: Path) -> None:
    """Part 8."""
    checks = {row["check_id"]: row for row in rows("diff", case, "checks", "node/node-1", ok=(1,))}
    for name in ("host-accounts", "host-persistence"):
        # the newest capture, the snapshot's, has no suspect's start to compare with
        assert checks[name]["answer"] == "yes", checks[name]
        assert checks[name]["newer"].startswith("could not look")
    kubecase("snapshot", case, "--verify")
    assert "node" in kubecase("snapshot", case, "--list")


def test_three_diffs_without_entering(case: Path) -> None:
    """Part 9."""
    target = f"pod/shop/{SUSPECT}"
    files = {row["path"]: row for row in rows("diff", case, "files", target, ok=(0, 1))}
    assert "setuid" in json.dumps(files["/tmp/.font-unix/pkexec"])
    assert files["/var/www/index.html"]["delta"] == "changed"
    assert files["/srv/shop/products.txt"]["delta"] == "deleted"
    network = json.dumps(rows("diff", case, "network", target, ok=(0, 1)))
    assert "4444" in network
    assert "sandbox/metrics-relay" in network
    processes = json.dumps(rows("diff", case, "processes", target, ok=(0, 1)))
    assert "its file was deleted" in processes
    assert "input or output is a socket" in processes


def test_contained_and_measured(case: Path) -> None:
    """A policy that the network does not apply is called that; what was done at the node holds."""
    words = {row["action"]: row["verdict"] for row in rows("actions", case)}
    assert "NOT ENFORCED" in words["isolate-pod"]
    assert "blocked" in words["isolate-pod-at-node"]


def test_nothing_was_added_or_lost(case: Path) -> None:
    kubecase("verify", case)
