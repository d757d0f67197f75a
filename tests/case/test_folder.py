"""One case, used by several threads of a console at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from console.case.folder import Case
from console.case.verify import verify
from console.case.workspace import Workspace


def test_threads_write_one_unbroken_chain(case: Case) -> None:
    workspace = Workspace(case)

    def write(number: int) -> None:
        case.record("note", data={"text": f"note {number}"})
        workspace.refresh()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(64)))
    workspace.refresh()
    assert {note.text for note in workspace.state.notes} == {f"note {n}" for n in range(64)}
    assert len(case.entries()) == 65  # each once, and the one that made the case
    assert verify(case.folder) == []
    workspace.close()
