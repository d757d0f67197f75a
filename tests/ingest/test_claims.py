"""Claims: one holder each, none that outlives its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from console.ingest.claims import Claims

HOLDER = """
import sys
from pathlib import Path
from console.ingest.claims import Claims
claims = Claims(Path(sys.argv[1]))
assert claims.take("a") and claims.take("b")
print("held", flush=True)
sys.stdin.readline()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "take-over")


def test_a_killed_process_holds_nobody_up(tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    claims = Claims(folder)
    assert claims.take("c")
    assert not claims.take("a")
    process.kill()
    process.communicate()
    assert claims.take("a")
    assert claims.held == {"a", "c"}
    other = Claims(folder)
    assert other.take("b")
    assert not other.take("a")
    claims.release()
    assert other.take("a")
    other.release()
    assert [name for name in names(folder) if not name.endswith(".lock")] == []


def test_what_killed_processes_left_is_cleaned_up(tmp_path: Path) -> None:
    (tmp_path / "gone.lock").touch()
    (tmp_path / "x").symlink_to("gone.lock")
    (tmp_path / "y").symlink_to("gone.lock")
    claims = Claims(tmp_path)
    assert claims.take("x")
    assert [name for name in names(tmp_path) if not name.endswith(".lock")] == ["x"]
    claims.release()
    assert names(tmp_path) == []


def test_many_claims_need_one_open_file(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    before = len(list(Path("/dev/fd").iterdir()))
    assert all(claims.take(f"{number}") for number in range(500))
    assert len(list(Path("/dev/fd").iterdir())) <= before + 1
    claims.release()
