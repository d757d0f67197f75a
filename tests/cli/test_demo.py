"""The demo without a terminal, and the commands on its case."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def kubecase(*args: object, code: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "console", *map(str, args)],
        capture_output=True,
        text=True,
        input=stdin,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_help_and_version_load_nothing_heavy() -> None:
    code = (
        "import sys, runpy; sys.argv = ['kubecase', %r]\n"
        "try: runpy.run_module('console', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "heavy = {'textual', 'kubernetes', 'docker', 'duckdb', 'numpy'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    for option in ("--help", "--version"):
        done = subprocess.run([sys.executable, "-c", code % option], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_demo_as_json(tmp_path: Path) -> None:
    summary = json.loads(kubecase("demo", "--json", "--folder", tmp_path / "demo").stdout)
    assert summary["title"] == "Web shop: from a search page to root on the node"
    assert summary["sources"] == 90
    assert summary["formats"]["k8s_audit"] > 4000
    assert summary["lines"] > summary["events"] > 8000
    assert summary["first"] < summary["last"]
    assert {"host-access-pod", "secrets-listed", "web-shell", "tracks-covered"} <= {
        hit["hunt"] for hit in summary["stands_out"]
    }
    text = kubecase("demo", "--no-tui", "--folder", tmp_path / "demo").stdout
    assert "what stands out" in text


def test_events_headless(demo_folder: Path) -> None:
    done = kubecase(
        "events", demo_folder, "verb:create resource:pods -user:system:kube-*", "--json"
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert any("dbg" in row["message"] for row in rows)
    count = kubecase("events", demo_folder, "", "--count").stdout.strip()
    assert int(count) > 6000
    assert (
        kubecase("events", demo_folder, "requestObject.spec.hostPID:true", "--count").stdout
        == "1\n"
    )


def test_events_formats(demo_folder: Path, tmp_path: Path) -> None:
    import duckdb

    kubecase(
        "events",
        demo_folder,
        "user:*ci-deployer*",
        "--format",
        "parquet",
        "-o",
        tmp_path / "e.parquet",
    )
    [(count,)] = duckdb.sql(f"select count(*) from '{tmp_path / 'e.parquet'}'").fetchall()
    assert count > 10
    csv = kubecase("events", demo_folder, "user:*ci-deployer*", "--format", "csv").stdout
    assert csv.startswith("seq,ts,")


def test_a_bad_filter_points_at_its_place(demo_folder: Path) -> None:
    done = kubecase("events", demo_folder, "user:(ana", code=2)
    assert "character" in done.stderr


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "copy events to '/tmp/kubecase-stolen.csv'",
        "attach '/tmp/kubecase-x.duckdb'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "create table t as select 1",
        "delete from events",
        "select 1; select 2",
        "pragma database_list",
        "select getenv('HOME')",
        "from '/etc/passwd'",
        "select",
    ],
)
def test_sql_reads_the_case_and_nothing_else(demo_folder: Path, query: str) -> None:
    done = kubecase("sql", demo_folder, query, code=2)
    assert "root:" not in done.stdout
    assert not Path("/tmp/kubecase-stolen.csv").exists()


def test_sql_answers(demo_folder: Path) -> None:
    done = kubecase("sql", demo_folder, "select count(*) as n from events", "--json")
    assert json.loads(done.stdout)["n"] > 6000


def test_pivot_headless(demo_folder: Path) -> None:
    done = kubecase(
        "pivot", demo_folder, "user=system:serviceaccount:shop:default", "user-secrets", "--json"
    )
    rows = json.loads(done.stdout)["rows"]
    assert {row["outcome"] for row in rows} == {"ok", "denied"}
    assert all(row["evidence"] and row["line"] for row in rows)
    kubecase("pivot", demo_folder, "nonsense", code=2)
    unknown = kubecase("pivot", demo_folder, "user=nobody-here")
    assert unknown.stderr == "nothing in this case has user=nobody-here\n"


def test_stdin_and_hostile_text(tmp_path: Path) -> None:
    case = tmp_path / "case"
    kubecase("new", case, "--title", "\x1b[2Jtitle [bold]x")
    hostile = (
        'Mar  3 14:05:06 h sshd[1]: Invalid user \x1b]0;pwned\x07=cmd|"x" from 203.0.113.9 port 1\n'
    )
    kubecase("add", case, "-", stdin=hostile)
    table = kubecase("events", case).stdout
    assert "\x1b" not in table
    assert "\\x1b" in table
    csv = kubecase("events", case, "--format", "csv", "--columns", "actor").stdout
    assert "\x1b" not in csv
    report = kubecase("report", case, "--format", "html").stdout
    assert "\x1b" not in report
    assert "<script" not in report


def test_formula_injection_is_neutralised(tmp_path: Path) -> None:
    case = tmp_path / "case"
    kubecase("new", case, "--title", "t")
    kubecase("add", case, "-", stdin='=HYPERLINK("http://x")\n+1\n@SUM(A1)\n')
    csv = kubecase("events", case, "--format", "csv", "--columns", "message").stdout
    assert all(line.lstrip('"').startswith("'") for line in csv.splitlines()[1:])


def test_wrong_use_is_one_line_and_exit_code_two(tmp_path: Path) -> None:
    for args in (
        ["verify", tmp_path / "none"],
        ["add", tmp_path, "x"],
        ["open", tmp_path],
        ["nonsense"],
    ):
        done = kubecase(*args, code=2)
        assert done.stderr.strip()


def test_two_processes_and_an_ingest_share_a_case(tmp_path: Path) -> None:
    """Readers, writers of notes and two ingests at once; a killed one locks nobody out."""
    from tests.conftest import SAMPLE

    case = tmp_path / "case"
    kubecase("new", case, "--title", "shared")
    run = [sys.executable, "-m", "console"]
    adds = [
        subprocess.Popen([*run, "add", str(case), str(SAMPLE / name)], stdout=subprocess.DEVNULL)
        for name in ("sshd", "lab_incident", "hubble")
    ]
    killed = subprocess.Popen([*run, "add", str(case), str(SAMPLE / "zeek")])
    notes = [subprocess.Popen([*run, "note", str(case), f"note {n}"]) for n in range(4)]
    readers = [
        subprocess.Popen([*run, "events", str(case), "--count"], stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    killed.kill()
    for process in (*adds, *notes, *readers):
        assert process.wait(timeout=120) == 0
    killed.wait()
    kubecase("add", case, SAMPLE / "zeek")
    count = int(kubecase("events", case, "--count").stdout)
    assert count == int(kubecase("sql", case, "select count(*) from (select distinct evidence, path,"
                        " line, part from events)", "--json").stdout.split(":")[1].strip(" }\n"))  # fmt: skip
    entries = [json.loads(line) for line in kubecase("journal", case, "--json").stdout.splitlines()]
    assert sum(entry["kind"] == "note" for entry in entries) == 4
    kubecase("verify", case)
    assert os.path.exists(case)
