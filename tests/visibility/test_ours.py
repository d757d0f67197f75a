"""A colleague's probe, whose journal came into the case after the capture: known by its id, in SQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from console.case.folder import Case
from console.visibility.capture import Subject, keep, new_id
from console.visibility.checks import Check
from console.visibility.target import Target
from tests.visibility.differing import rows_of

OWN, OTHER = "ab" * 32, "cd" * 32


def answers(case: Case, what: str, against: str) -> list[dict[str, Any]]:
    return rows_of(case, what, Target("node", "", "n1"), against)


def process(pid: int, container: str) -> dict[str, Any]:
    return {"kind": "process", "pid": pid, "ppid": 1, "name": "sh", "uid": 0, "cmdline": "sh",
            "container_of": container, "investigator": None}  # fmt: skip


def capture(case: Case, *containers: str) -> None:
    seen = tuple(f"container {id_[:12]}: pids 9 (sh)" for id_ in containers)
    rows = [
        Check("unknown-container", "Does one run that nobody knows?", "yes", seen).row(),
        *(process(pid, id_) for pid, id_ in enumerate(containers, 9)),
    ]
    keep(case, new_id(), Subject("node/n1", node="n1"), "probe", rows, raw="",
         began=datetime.now(UTC), asked={"target": "node/n1"})  # fmt: skip


def test_a_probe_that_the_journal_names_later_is_ours(case: Case) -> None:
    capture(case, OWN)
    [check] = answers(case, "checks", "node")
    assert (check["answer"], check["evidence_seen"]) == (
        "yes",
        f"container {OWN[:12]}: pids 9 (sh)",
    )
    case.record("probe.running", data={"namespace": "kubecase-probe-1", "container_id": OWN})
    [check] = answers(case, "checks", "node")
    assert (check["answer"], check["severity"]) == ("no", 1)
    assert check["evidence_seen"].startswith("the investigator's own probes by the journal")
    [row] = answers(case, "processes", "all")
    assert (row["why"], row["severity"]) == ("in the container of the investigator's probe", 2)


def test_what_the_journal_does_not_name_stays_unknown(case: Case) -> None:
    case.record("probe.running", data={"namespace": "kubecase-probe-1", "container_id": OWN})
    capture(case, OWN, OTHER)
    [check] = answers(case, "checks", "node")
    assert check["answer"] == "yes"
    why = {row["pid"]: row["why"] for row in answers(case, "processes", "all")}
    assert why == {
        9: "in the container of the investigator's probe",
        10: "of a container that the API does not know",
    }
