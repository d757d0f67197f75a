"""`make bench`: prints a table and writes build/bench.json. Inputs are real samples, multiplied."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

import duckdb

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.service import add_paths
from tests.bench import live, respond, visibility
from tests.bench.large import build_large
from tests.bench.screen import cursor_keys, first_frames

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "data" / "sample"
FACTOR = int(os.environ.get("KUBECASE_BENCH_FACTOR", "20"))
EVENTS = int(os.environ.get("KUBECASE_BENCH_EVENTS", "10000000"))
RUNS = 9
LASTING = 30
BARE = """
create table bare.t as select auditID, stage, level, requestURI, verb, "user".username as u,
"user".uid as uid, "user".groups as g, impersonatedUser.username as iu, sourceIPs, userAgent,
objectRef.resource as a, objectRef.namespace as b, objectRef.name as c, objectRef.subresource as d,
objectRef.apiGroup as e, objectRef.apiVersion as f, responseStatus.code as code,
responseStatus.status as st, responseStatus.reason as re, responseStatus.message as m,
requestReceivedTimestamp, stageTimestamp,
annotations->>'$."authorization.k8s.io/decision"' as decision
from read_json($path, format = 'newline_delimited', columns = {
'auditID': 'VARCHAR', 'stage': 'VARCHAR', 'level': 'VARCHAR', 'requestURI': 'VARCHAR',
'verb': 'VARCHAR', 'user': 'STRUCT(username VARCHAR, uid VARCHAR, groups VARCHAR[])',
'impersonatedUser': 'STRUCT(username VARCHAR, groups VARCHAR[])', 'sourceIPs': 'VARCHAR[]',
'userAgent': 'VARCHAR', 'objectRef': 'STRUCT(resource VARCHAR, namespace VARCHAR, name VARCHAR,
subresource VARCHAR, apiGroup VARCHAR, apiVersion VARCHAR)', 'responseStatus': 'STRUCT(code INT,
status VARCHAR, reason VARCHAR, message VARCHAR)', 'requestReceivedTimestamp': 'TIMESTAMP',
'stageTimestamp': 'TIMESTAMP', 'annotations': 'JSON'})
"""


@dataclass(frozen=True)
class Result:
    """ratio: yardstick divided by value for times (above 1 is faster than the yardstick)."""

    name: str
    value: float
    unit: str
    yardstick: float | None
    ratio: float | None
    goal: str
    met: bool | None


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def multiply(source: bytes, target: Path, factor: int, pattern: bytes) -> None:
    """The same lines `factor` times; a part of each is changed so that they stay different."""
    with target.open("wb") as handle:
        for number in range(factor):
            stamp = b"%08x" % (number * 7919)
            handle.write(re.sub(pattern, lambda m, s=stamp: m[1] + s, source))


def ingest(folder: Path, name: str, path: Path) -> tuple[float, Path]:
    case = Case.create(folder / f"case-{name}", title=name)
    return timed(lambda: list(add_paths(case, [path]))), case.folder


def bare_insert(folder: Path, path: Path) -> float:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{folder / 'bare.duckdb'}' as bare")
        return timed(lambda: connection.execute(BARE, {"path": str(path)}))


def lnav_index(path: Path) -> float | None:
    """How long lnav takes to index the file and count its lines; None where there is no lnav."""
    if shutil.which("lnav") is None:
        return None
    command = ["lnav", "-n", "-c", ";select count(*) from all_logs", str(path)]
    return timed(lambda: subprocess.run(command, capture_output=True, check=True))


def result(
    name: str, value: float, yardstick: float | None, goal: str, wanted: float, unit: str = "s"
) -> Result:
    ratio = yardstick / value if yardstick else None
    met = None if ratio is None else ratio >= wanted
    return Result(name, round(value, 4), unit, yardstick and round(yardstick, 4),
                  ratio and round(ratio, 3), goal, met)  # fmt: skip


def ingest_results(folder: Path) -> tuple[list[Result], Path, Path]:
    audit = folder / "audit.jsonl"
    raw = gzip.decompress((SAMPLE / "lab_incident" / "audit.log.gz").read_bytes())
    multiply(raw, audit, FACTOR, rb'("auditID":")[0-9a-f]{8}')
    bare = min(bare_insert(fresh(folder), audit) for _ in range(2))
    seconds, case = ingest(folder, "audit", audit)
    index = sum(path.stat().st_size for path in (case / "index").glob("*.duckdb"))
    share = 100 * index / audit.stat().st_size
    results = [
        result(f"ingest audit, {audit.stat().st_size / 1e6:.0f} MB / bare typed insert", seconds,
               bare, "≥ 0.9", 0.9),
        Result("index of the audit log, share of the input", round(share, 2), "%", None, None,
               "≤ 15 %", share <= 15),
    ]  # fmt: skip
    for name, sample, factor, goal, wanted in (
        ("syslog", SAMPLE / "sshd" / "elastic_examples_auth.log", FACTOR, "≥ 3 × lnav", 3.0),
        ("combined access", SAMPLE / "access" / "elastic_examples_apache_logs.log", FACTOR * 2,
         "≥ 1 × lnav", 1.0),
    ):  # fmt: skip
        path = folder / f"{name.split()[0]}.log"
        multiply(sample.read_bytes(), path, factor, rb"(\Z)")
        seconds, small = ingest(folder, name.split()[0], path)
        results.append(
            result(f"ingest {name}, {path.stat().st_size / 1e6:.0f} MB / lnav's index", seconds,
                   lnav_index(path), goal, wanted)
        )  # fmt: skip
    return results, case, small


def search_results(folder: Path) -> list[Result]:
    """Of whole audit records, where the text is what costs."""
    workspace = Workspace.open(folder)
    timeline, cursor = workspace.timeline(), workspace.index.cursor()
    results = []
    for kind, word in (("word", "zzq-not-there-zzq"), ("address", "198.51.100.231"),
                       ("hash", "9b74c9897bac770ffc029102a200c5de")):  # fmt: skip
        wanted = workspace.filter(word)
        scan = median(
            timed(lambda w=word: cursor.execute(
                "select count(*) from events where contains(lower(message), $w)"
                " or contains(lower(fields), $w)", {"w": w}).fetchall())
            for _ in range(3)
        )  # fmt: skip
        seconds = []
        for _ in range(5):
            workspace.index.forget_relations()
            seconds.append(timed(lambda f=wanted: timeline.count(f)))
        results.append(
            result(f"search of a rare {kind} / DuckDB's bare scan", median(seconds), scan,
                   "≥ 4 (≤ 0.25 × the scan)", 4.0)
        )  # fmt: skip
    workspace.close()
    return results


def screen_results(folder: Path, growing: Path, more: Path) -> list[Result]:
    """The console itself; keys also while an ingest into the same case runs."""
    ours, minimal = first_frames(folder)
    _, size = cursor_keys(folder)
    large = more.with_name("growing.log")
    with large.open("wb") as handle:  # it has to last as long as the keys do
        for _ in range(LASTING):
            handle.write(more.read_bytes())
    adding = subprocess.Popen([sys.executable, "-m", "console", "add", str(growing), str(large)])
    try:
        seconds, _ = cursor_keys(growing)
        was_running = adding.poll() is None
    finally:
        adding.kill()
        adding.wait()
    name = "key to first byte, p95, while an ingest runs"
    return [
        result("first frame / a minimal Textual app", ours, minimal, "≤ 1.3 × (≥ 0.77)", 1 / 1.3),
        Result("bytes of a cursor key, 200×50", size, "B", None, None, "≤ 3,072 B", size <= 3072),
        Result(name if was_running else f"{name} (it ended before)", round(seconds, 4), "s", None,
               None, "< 0.033 s", seconds < 0.033),
    ]  # fmt: skip


def fresh(folder: Path) -> Path:
    (folder / "bare.duckdb").unlink(missing_ok=True)
    return folder


def query_results(folder: Path) -> list[Result]:
    began = time.perf_counter()
    workspace = Workspace.open(folder)
    opened = time.perf_counter() - began
    timeline = workspace.timeline()
    extent = timeline.extent()
    assert extent.first
    assert extent.last
    first, last = extent.first, extent.last

    def p95(run: Callable[[], object]) -> float:
        times = [timed(run) for _ in range(RUNS)]
        return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]

    columns = ["ts", "actor", "activity", "message"]
    narrow = workspace.filter("verb:get status:404")
    results = [
        Result(f"open a case of {extent.events:,} events", round(opened, 4), "s", None, None,
               "< 1 s", opened < 1),
        Result("first page of a column filter, p95",
               round(page := p95(lambda: timeline.after(narrow, None, 100, columns)), 4), "s", None,
               None, "< 0.05 s", page < 0.05),
        Result("the same with its histogram, p95", round(both := page + p95(
               lambda: timeline.histogram(narrow, first, last, 120)), 4), "s", None, None,
               "< 0.15 s", both < 0.15),
        Result("jump to the last line, p95", round(end := p95(
               lambda: timeline.before(workspace.filter(""), None, 100, columns)), 4), "s",
               None, None, "as the first", None),
    ]  # fmt: skip
    assert end > 0
    workspace.close()
    return results


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        results, audit, small = ingest_results(folder)
        results += search_results(audit)
        large = build_large(folder / "large", small, EVENTS)
        results += query_results(large)
        results += screen_results(large, audit, folder / "syslog.log")
    results += live.results(result)
    results += respond.results(result)
    results += visibility.results(result)
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / "bench.json").write_text(json.dumps([asdict(one) for one in results], indent=2))
    for one in results:
        ratio = f"{one.ratio:.2f} ×" if one.ratio is not None else "–"
        yard = f"{one.yardstick:.3f}" if one.yardstick is not None else "no yardstick"
        sign = {True: "met", False: "NOT MET", None: "–"}[one.met]
        line = f"{one.name:<62} {one.value:>9.3f} {one.unit:<2} {yard:>13} {ratio:>9}"
        print(f"{line}  goal {one.goal}: {sign}", file=sys.stdout)  # noqa: T201


if __name__ == "__main__":
    main()
