"""Fixtures: every test has its own config and cache folder; cases are real ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import pytest

from console.case.folder import Case
from console.case.workspace import Workspace
from console.ingest.service import Added, AddOptions, add_paths
from tests.app.driving import idle
from tests.small_incident import build_small_incident

pytest_plugins = ("tests.real.lab",)  # the fixtures `lab` and `namespace`

LAB_FROM, LAB_TO = 0.2, 0.85  # of a worker's part: where tests of the lab begin and end
SAMPLE = Path(__file__).parent / "data" / "sample"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An order in which no worker waits for another, nor all for one that is last.

    First come tests that want the lab alone, while it is young and the other workers are at tests
    without it. Then tests of the lab, which mostly wait, among those that compute. Each worker
    begins with a part of its own (xdist's `worksteal`), and what is last in it is short: modules of
    many tests have short ones.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    alone = [one for one in items if one.get_closest_marker("disruptive")]
    rest = [one for one in items if not one.get_closest_marker("disruptive")]
    modules = sorted((list(own) for _, own in groupby(rest, key=lambda item: item.path)), key=len)
    at_lab = [own for own in modules if any("lab" in one.fixturenames for one in own)]  # type: ignore[attr-defined]
    others = [own for own in modules if own not in at_lab]
    items[:] = alone
    for labs, rests in zip(_dealt(at_lab, workers), _dealt(others, workers), strict=True):
        places = [
            (LAB_FROM + (LAB_TO - LAB_FROM) * n / len(labs), own) for n, own in enumerate(labs)
        ]
        places += [(n / len(rests), own) for n, own in enumerate(rests)]
        for _, own in sorted(places, key=lambda place: place[0]):
            items += own


def _dealt(modules: list[list[pytest.Item]], parts: int) -> list[list[list[pytest.Item]]]:
    """In their order, to parts of about as many tests each."""
    dealt: list[list[list[pytest.Item]]] = [[] for _ in range(parts)]
    for own in reversed(modules):
        min(dealt, key=lambda part: sum(map(len, part))).insert(0, own)
    return dealt


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of the user's is read or written: not the key, not the formats, not the demo."""
    base = tmp_path_factory.mktemp("home")
    names = {"XDG_CONFIG_HOME": base / "config", "XDG_CACHE_HOME": base / "cache"}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: str(path) for name, path in names.items()})
    os.environ["KUBECASE_ANALYST"] = "ana"
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture(scope="session", autouse=True)
def idle_by_the_loop() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for module in ("textual.app", "textual.pilot"):
            patched.setattr(f"{module}.wait_for_idle", idle)
        yield


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.create(tmp_path / "case", title="a test")


@pytest.fixture
def add(case: Case) -> Callable[..., list[Added]]:
    """Add paths to the test's case."""

    def added(*paths: Path, options: AddOptions | None = None) -> list[Added]:
        return list(add_paths(case, paths, options or AddOptions()))

    return added


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory, own_folders: None) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "case"
    build_small_incident(folder)
    return folder


@pytest.fixture
def demo(demo_folder: Path) -> Iterator[Workspace]:
    """A small incident, by logs alone; read-only by convention. What ships is `test_incident.py`'s."""
    workspace = Workspace.open(demo_folder)
    yield workspace
    workspace.close()
