"""The command: quick help, one line for what went wrong, exit codes, output that is only text."""

from __future__ import annotations

import gzip
import importlib
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from rich.cells import cell_len

from console.case.folder import Case
from console.cli import COMMANDS, cli
from console.errors import UsageError
from console.ingest.sources import RAW_CAPTURE

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SHA = "a" * 64
HEAVY = ("textual", "kubernetes", "docker", "duckdb", "cryptography", "numpy", "luqum")
IMPORTS = """
import sys
from console.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
print("OURS", *sorted(name for name in sys.modules if name.startswith("console.")))
"""


@pytest.fixture
def case(run: Run, tmp_path: Path) -> Path:
    made = run("new", "case", "--title", "web shop")
    assert made.returncode == 0, made.stderr
    return tmp_path / "case"


def loaded(*args: str) -> tuple[set[str], set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, *args], capture_output=True, text=True, check=True
    )
    *_, names, ours = done.stdout.splitlines()
    return set(names.split()[1:]), set(ours.split()[1:])


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["-h"], ["new", "--help"]])
def test_help_and_version_load_nothing_heavy(args: list[str]) -> None:
    names, _ = loaded(*args)
    assert "click" in names
    assert names.isdisjoint(HEAVY)


def test_the_console_is_loaded_without_the_index() -> None:
    """What its first frame waits for: DuckDB comes after it."""
    code = (
        "import console.app.app, console.app.screens.overview, console.case.workspace, sys\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"duckdb", "cryptography", "numpy"} & set(done.stdout.split())


def test_help_imports_no_command() -> None:
    _, ours = loaded("--help")
    assert not {name for name in ours if name.startswith("console.cli.")} - {"console.cli.output"}


def test_help_lists_every_command_with_a_line(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    for name, (_, line) in COMMANDS.items():
        assert f"{name} {line}" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_is_there(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.help


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"kubecase {version('kubecase')}\n"


@pytest.mark.parametrize(
    "args", [["nothing"], ["new"], ["new", "x"], ["--what"], ["phase", "case", "sleep"], []]
)
def test_wrong_use_is_exit_code_2(run: Run, args: list[str]) -> None:
    done = run(*args)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr


@pytest.mark.parametrize("command", ["verify", "journal", "phase", "finding"])
def test_what_is_no_case_is_one_line(run: Run, command: str) -> None:
    done = run(command, "no\x1b[31mwhere")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("kubecase: not a case (no\\x1b[31mwhere)")
    assert done.stdout == ""


def test_cancel_is_exit_code_130() -> None:
    program = (
        "import signal\n"
        "from console.cli import cli, main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # background jobs ignore it
        "cli.callback = lambda: signal.raise_signal(signal.SIGINT)\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "journal", "x"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (130, "cancelled")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(run: Run, shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert "_KUBECASE_COMPLETE" in done.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


def test_completion_knows_commands_and_options(run: Run) -> None:
    def complete(words: str, number: int) -> list[str]:
        env = {"_KUBECASE_COMPLETE": "bash_complete", "COMP_WORDS": words}
        return run(env={**env, "COMP_CWORD": str(number)}).stdout.split()

    assert complete("kubecase ve", 1) == ["plain,verify"]
    assert len(complete("kubecase ", 1)) == len(COMMANDS)
    assert "plain,--title" in complete("kubecase new --t", 2)


def test_completion_of_names_imports_no_command() -> None:
    items = cli.shell_complete(click.Context(cli), "")
    assert [(item.value, item.help) for item in items if not item.value.startswith("-")] == [
        (name, line) for name, (_, line) in sorted(COMMANDS.items())
    ]


def test_notes_tags_findings_and_phase_from_the_shell(run: Run, case: Path) -> None:
    cited = f"{SHA}!var/log/a:b.log:7"
    for args in (
        ["note", "case", "look here", "--event", cited, "--entity", "ip=203.0.113.9"],
        ["tag", "case", cited, "c2"],
        ["tag", "case", cited, "odd"],
        ["tag", "case", cited, "odd", "--remove"],
        ["finding", "case", "--add", "escape", "--severity", "high", "--event", cited],
        ["finding", "case", "--judge", "F-1", "--status", "real", "--reason", "seen live"],
        ["phase", "case", "resolve"],
        ["hypothesis", "case", "came in by the search page"],
    ):
        done = run(*args)
        assert done.returncode == 0, done.stderr
    [finding] = [json.loads(line) for line in run("finding", "case", "--json").stdout.splitlines()]
    assert (finding["id"], finding["status"], finding["reason"]) == ("F-1", "real", "seen live")
    assert finding["cites"] == [cited]
    assert json.loads(run("phase", "case", "--json").stdout)["phase"] == "resolve"
    assert run("hypothesis", "case").stdout == "came in by the search page\n"
    entries = [json.loads(line) for line in run("journal", "case", "--json").stdout.splitlines()]
    said = ["note", "tag", "tag", "untag", "finding", "finding.status", "phase", "hypothesis"]
    assert [entry["kind"] for entry in entries] == ["case.created", *said]
    assert {entry["who"] for entry in entries} == {"ann"}
    assert run("verify", "case").stdout == "everything holds\n"


@pytest.mark.parametrize(
    "args",
    [
        ["tag", "case", "nonsense", "x"],
        ["note", "case", "x", "--event", "nonsense"],
        ["note", "case", "x", "--entity", "nonsense"],
        ["finding", "case", "--judge", "F-9", "--status", "real"],
        ["finding", "case", "--judge", "F-9"],
    ],
)
def test_wrong_input_writes_nothing(run: Run, case: Path, args: list[str]) -> None:
    before = sorted((case / "journal").iterdir())
    done = run(*args)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert sorted((case / "journal").iterdir()) == before


def test_hostile_text_is_shown_as_text(run: Run, case: Path) -> None:
    title = "\x1b]0;owned\x07\u202egnp\r\n[red]x[/red]\x9b1m"
    run("note", "case", title)
    run("finding", "case", "--add", title)
    for command in ("journal", "finding"):
        printed = run(command, "case").stdout
        assert "\\x1b]0;owned\\x07\\u202egnp\\x0d\\x0a[red]x[/red]\\x9b1m" in printed
        assert not set(printed) & set("\x1b\x07\x9b\u202e\r")
        output = run(command, "case", "--json").stdout
        assert output.isascii()
        assert title in [
            text
            for line in output.splitlines()
            for value in json.loads(line).values()
            for text in (value.values() if isinstance(value, dict) else [value])
        ]


def test_verify_names_each_problem_and_exits_1(run: Run, case: Path) -> None:
    (case / "evidence" / "planted\x1b[2J").write_text("x")
    [journal] = (case / "journal").iterdir()
    journal.write_bytes(journal.read_bytes().replace(b"web shop", b"web chop"))
    done = run("verify", "case")
    assert done.returncode == 1
    changed, planted = done.stdout.splitlines()
    assert changed.startswith(f"journal/{journal.name}:1: the signature does not fit")
    assert planted.startswith("evidence/planted\\x1b[2J: ")
    done = run("verify", "case", "--json")
    assert done.returncode == 1
    problems = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(problem) for problem in problems] == [{"what", "where", "hint"}] * 2


def test_copies_of_one_analyst_merge(run: Run, case: Path, tmp_path: Path) -> None:
    shutil.copytree(case, tmp_path / "laptop")
    run("note", "case", "on the bastion")
    run("note", "laptop", "on the laptop")
    done = run("merge", "case", "laptop", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["journals"]) == 1
    printed = run("journal", "case").stdout
    assert "on the bastion" in printed
    assert "on the laptop" in printed
    assert run("verify", "case").returncode == 0
    run("new", "other", "--title", "x")
    assert run("merge", "case", "other").returncode == 2


def test_evidence_that_a_killed_run_left_unjournalled_is_healed(
    run: Run, case: Path, tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    log.write_text("2026-01-01T00:00:00Z one\n2026-01-01T00:00:01Z two\n")
    Case.open(case).store.add_file(log)  # and killed before the journal was written
    assert "no journal knows this evidence" in run("verify", "case").stdout
    assert run("add", "case", "app.log").returncode == 0
    assert run("verify", "case").stdout == "everything holds\n"
    assert run("events", "case", "--count").stdout.strip() == "2"
    assert run("add", "case", "app.log").returncode == 0
    assert run("journal", "case").stdout.count("evidence.added") == 1


def test_merge_brings_the_others_corrections_into_the_index(
    run: Run, case: Path, tmp_path: Path
) -> None:
    log = tmp_path / "app.log"
    log.write_text("2026-01-01 12:00:00 one\n")
    assert run("add", "case", "app.log").returncode == 0
    shutil.copytree(case, tmp_path / "copy")
    sha256 = Case.open(case).store.list()[0].sha256
    assert run("evidence", "set", "copy", sha256, "--tz", "Asia/Tokyo").returncode == 0
    times = [json.loads(run("events", f, "--json").stdout)["ts"] for f in ("case", "copy")]
    assert times[0].startswith("2026-01-01T12:00")
    assert times[1].startswith("2026-01-01T03:00")
    done = run("merge", "case", "copy")
    assert done.returncode == 0, done.stderr
    assert json.loads(run("events", "case", "--json").stdout)["ts"] == times[1]


def test_a_broken_format_is_named_when_evidence_is_added(
    run: Run, case: Path, tmp_path: Path
) -> None:
    own = tmp_path / "config" / "kubecase" / "formats"
    own.mkdir(parents=True)
    head = "-- id: odd\n-- title: Odd\n-- kind: record\n-- recognise: ^zzz\n-- example: zzz\n"
    (own / "odd.sql").write_text(head + "selec nonsense\n")
    (tmp_path / "app.log").write_text("zzz one\n")
    done = run("add", "case", "app.log", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["formats"] == {"text": 1}
    assert "format left out" in done.stderr
    assert "Parser Error" in done.stderr
    assert "odd.sql" in done.stderr
    listed = run("formats")
    assert listed.returncode == 1
    assert "odd.sql" in listed.stderr


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (
            "OSError(28, 'No space left on device', '/x/\\x1by')",
            "No space left on device (/x/\\x1by)",
        ),
        ("PermissionError(13, 'Permission denied', '/x')", "Permission denied (/x): make room, or"),
        ("OSError(30, 'Read-only file system')", "Read-only file system: make room"),
        (
            "duckdb.IOException('IO Error: x: No space left on device')",
            "IO Error: x: No space left",
        ),
    ],
)
def test_what_the_machine_refuses_is_one_line(raised: str, said: str) -> None:
    """A full disk in the middle of an ingest is no bug of ours, and no traceback helps."""
    done = run_raising(raised)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith(f"kubecase: {said}")


@pytest.mark.parametrize(
    "raised",
    ["OSError(9, 'Bad file descriptor')", "ValueError('x')", "duckdb.BinderException('x')"],
)
def test_a_bug_is_not_hidden(raised: str) -> None:
    done = run_raising(raised)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def run_raising(error: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import duckdb\n"
        "from console.cli import cli, main\n"
        f"def fail(): raise {error}\n"
        "cli.callback = fail\n"
        "main()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, "journal", "x"], capture_output=True, text=True, check=False
    )


def test_a_limit_below_none_is_wrong_use(run: Run, case: Path) -> None:
    assert run("events", str(case), "--limit", "-1").returncode == 2
    assert run("events", str(case), "--limit", "0").returncode == 0


def test_the_case_may_stand_first_everywhere(run: Run, case: Path) -> None:
    """`kubecase who-can CASE get secrets`, as with all other commands."""
    from console.cli.case_first import case_last

    assert case_last(str(case), "get", Path("secrets")) == ("get", "secrets", case)
    assert case_last("get", "secrets", case) == ("get", "secrets", case)
    assert case_last("get", "secrets", None) == ("get", "secrets", None)
    assert case_last(str(case), None) == (None, case)
    for args in (["who-can", str(case), "get", "secrets"], ["who-can", "get", "secrets", str(case)],
                 ["rights", str(case), "shop/web"], ["rights", "shop/web", str(case)]):  # fmt: skip
        assert "not a case" not in run(*args).stderr


LINE = b"Mar  3 14:05:06 h sshd[1]: Invalid user eve from 203.0.113.9 port 9\n"


def broken_gzip(folder: Path) -> Path:
    packed = bytearray(gzip.compress(LINE * 100))
    packed[-1] ^= 1
    (folder / "auth.log.gz").write_bytes(packed)
    return folder / "auth.log.gz"


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_what_was_not_read_is_exit_code_1(
    run: Run, case: Path, tmp_path: Path, form: list[str]
) -> None:
    (tmp_path / "good.log").write_bytes(LINE)
    good = run("add", "case", "good.log", *form)
    assert (good.returncode, good.stderr) == (0, "")
    bad = run("add", "case", str(broken_gzip(tmp_path)), *form)
    assert bad.returncode == 1
    assert "incorrect length check" in (bad.stdout if form else bad.stderr)
    assert run("reindex", "case", *form).returncode == 1


def test_raw_bytes_of_a_capture_are_no_fault(run: Run, case: Path, tmp_path: Path) -> None:
    (tmp_path / "files.raw").write_bytes(RAW_CAPTURE + bytes(9))
    added = run("add", "case", "files.raw", "--json")
    assert added.returncode == 0
    assert "raw bytes" in added.stdout


def test_merged_and_imported_evidence_that_is_not_read_whole_is_exit_code_1(
    run: Run, case: Path, tmp_path: Path
) -> None:
    shutil.copytree(case, tmp_path / "other")
    run("add", "other", str(broken_gzip(tmp_path)))
    merged = run("merge", "case", "other")
    assert (merged.returncode, merged.stderr.count("incorrect length check")) == (1, 1)
    run("export", "other", "-o", "other.tar.zst")
    taken = run("import", "other.tar.zst", "third")
    assert (taken.returncode, taken.stderr.count("incorrect length check")) == (1, 1)


@pytest.mark.parametrize("room_bytes", [0, 64, 400])  # the key, the facts, the first entry
@pytest.mark.parametrize("place", ["case", "deep/in/case", "empty"])
def test_a_case_that_finds_no_room_leaves_nothing(
    run: Run, tmp_path: Path, place: str, room_bytes: int
) -> None:
    run("new", "first", "--title", "makes the analyst's key")
    (tmp_path / "empty").mkdir()
    before = set(tmp_path.rglob("*"))

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, room_bytes))

    done = run("new", place, "--title", "web shop", preexec_fn=no_room)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert set(tmp_path.rglob("*")) == before
    assert run("new", place, "--title", "web shop").returncode == 0


def test_a_case_that_can_t_be_made_takes_nothing_of_others(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "theirs").write_text("x")
    with pytest.raises(UsageError):
        Case.create(tmp_path / "case", title="web shop")
    assert (tmp_path / "case" / "theirs").read_text() == "x"


@pytest.mark.parametrize("name", ["report.docx", "report.htm1", "report.pdf"])
def test_a_report_in_an_unknown_form_is_wrong_use(run: Run, case: Path, name: str) -> None:
    done = run("report", "case", "-o", name)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert ".md" in line
    assert ".html" in line
    assert not (case.parent / name).exists()
    assert run("report", "case", "-o", name, "--format", "md").returncode == 0


@pytest.mark.parametrize(
    ("name", "start"), [("a.HTML", "<!"), ("a.htm", "<!"), ("a.md", "# "), ("a", "# ")]
)
def test_a_report_s_form_is_by_the_file_s_name(run: Run, case: Path, name: str, start: str) -> None:
    assert run("report", "case", "-o", name).returncode == 0
    assert (case.parent / name).read_text().startswith(start)


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Context]]:
    context = click.Context(command, info_name=path)
    yield path, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, f"{path} {name}")


def test_help_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    pages = {path: context.get_help() for path, context in commands(cli, "kubecase")}
    assert len(pages) > len(COMMANDS)
    wide = [(path, line) for path, text in pages.items() for line in text.splitlines()
            if cell_len(line) > 80]  # fmt: skip
    assert wide == []
