"""The real cluster and the real engine that tests use: found or started, shared, and left as found.

`lab.sh` (tests/lab) builds and runs them. A lab that the tests had to start is stopped by the last
run that uses it, whichever started it; a lab that was up stays up. `KUBECASE_TEST_CONTEXT` names a context of the user's own
kubeconfig to use instead. Several runs and xdist's workers share one lab: tests hold a lock on it
together, and one marked `disruptive` (it kills the API server, compacts etcd …) holds it alone.

Where no lab can be, its tests are skipped and named at the end; with CI=true that is a failure.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.real.proxy import Proxy

SCRIPT = Path(__file__).parents[1] / "lab" / "lab.sh"
FOLDER = Path(os.environ.get("KUBECASE_LAB_DIR", "/tmp/kubecase-lab"))
CACHE = Path(
    os.environ.get("KUBECASE_LAB_CACHE", Path("~").expanduser() / ".cache" / "kubecase-lab")
)
LOCKS = Path(tempfile.gettempdir())
START_LOCK = LOCKS / "kubecase-lab.start.lock"
DISRUPT_LOCK = LOCKS / "kubecase-disrupt.lock"
USERS_LOCK = LOCKS / "kubecase-lab.users.lock"  # held together by every process that uses the lab
STARTED_BY = FOLDER / "started-by"  # there if tests started it, and not a person
CONTAINERD = "lab-containerd"
RUNNING = "deployments,statefulsets,daemonsets,replicasets,cronjobs,jobs,pods"
RUN = "KUBECASE_TEST_RUN"  # one run of pytest, with all of its xdist workers


@dataclass(frozen=True)
class Lab:
    """What a test needs to reach the cluster and the engine.

    containerd: the node whose kubelet runs pods on containerd (`spec.nodeName` puts one there: it is
    tainted); containerd_root: the folder here that is its /. Only where `is_own`.
    audit_log is None and is_own False where it is the user's cluster: a test that kills a component
    or reads files of the lab says `lab.only_own()` first.
    emptied: namespaces of tests that are over, deleted when all are.
    image: has `sh`, `sleep`, `httpd`; pods name it with imagePullPolicy IfNotPresent.
    """

    kubeconfig: Path
    context: str
    docker_host: str
    audit_log: Path | None
    program: str
    image: str
    is_own: bool
    containerd: str = ""
    containerd_root: Path = Path()
    emptied: list[str] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        """For a command that finds cluster and engine by itself."""
        found = {"KUBECONFIG": str(self.kubeconfig)}
        return {**found, "DOCKER_HOST": self.docker_host} if self.docker_host else found

    def kubectl(self, *args: str, stdin: str | None = None, timeout_s: float = 60) -> str:
        """Standard output. Raises CalledProcessError, its `stderr` says why."""
        return self._run(
            [self.program, f"--kubeconfig={self.kubeconfig}", f"--context={self.context}", *args],
            stdin, timeout_s,
        )  # fmt: skip

    def docker(self, *args: str, timeout_s: float = 60) -> str:
        return self._run(["docker", "-H", self.docker_host, *args], None, timeout_s)

    def ctr(self, *args: str) -> str:
        """containerd's own client, on its node, among the kubelet's containers."""
        return self.sh("on-containerd", "ctr", "-n", "k8s.io", *args)

    def sh(self, *args: str, timeout_s: float = 600) -> str:
        """A command of lab.sh: `user`, `fake-pods`, and in disruptive tests `crash`, `compact`."""
        self.only_own()
        return self._run([str(SCRIPT), *args], None, timeout_s)

    def user(self, folder: Path, namespace: str, name: str, verbs: str, resources: str) -> Path:
        """The kubeconfig of a service account that has only these rights in this namespace."""
        path = folder / f"{name}.kubeconfig"
        path.write_text(self.sh("user", namespace, name, verbs, resources))
        path.chmod(0o600)
        return path

    def wait_ready(self, namespace: str, *what: str, timeout_s: float = 120) -> None:
        self.kubectl(
            "-n", namespace, "wait", "--for=condition=Ready", f"--timeout={timeout_s:.0f}s", *what,
            timeout_s=timeout_s + 10,
        )  # fmt: skip

    @contextmanager
    def namespace(self) -> Iterator[str]:
        """An empty namespace; what runs in it ends afterwards, without waiting for that.

        It is not deleted at once: as long as a pod in it ends, the controller asks for all kinds of
        the cluster every few seconds, and for that it took a quarter of a run's time.
        """
        name = f"t-{uuid.uuid4().hex[:8]}"
        self.kubectl("create", "namespace", name)
        try:
            deadline = time.monotonic() + 60
            while not self.kubectl("-n", name, "get", "sa", "default", "--ignore-not-found"):
                assert time.monotonic() < deadline, "no service account: controller manager down?"
                time.sleep(0.05)
            yield name
        finally:
            self.emptied.append(name)
            self.kubectl("-n", name, "delete", RUNNING, "--all", "--wait=false")

    def delete_emptied(self) -> None:
        if self.emptied and not STARTED_BY.exists():  # else all of it goes
            self.kubectl("delete", "namespace", *self.emptied, "--wait=false", "--ignore-not-found")

    def only_own(self) -> None:
        if not self.is_own:
            missing("needs the lab itself; KUBECASE_TEST_CONTEXT names another cluster")

    def only_docker(self) -> None:
        if not self.docker_host:
            missing("needs a Docker Engine: set DOCKER_HOST")

    @staticmethod
    def _run(command: Sequence[str], stdin: str | None, timeout_s: float) -> str:
        # clients in Go end before they have garbage worth collecting: a quarter of their time
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False,
            env={**os.environ, "GOGC": "off"},
        )  # fmt: skip
        if done.returncode:
            sys.stderr.write(done.stderr)  # pytest shows it with the failure
            done.check_returncode()
        return done.stdout


def missing(why: str) -> NoReturn:
    """Something that the test needs is not here: a skip that is named, in CI a failure."""
    if in_ci():
        pytest.fail(f"{why} (CI=true: nothing may be skipped)", pytrace=False)
    pytest.skip(why)


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1")


@contextmanager
def locked(path: Path, how: int) -> Iterator[None]:
    """Hold a lock on a file. Waits; is let go of when the process ends, however it ends."""
    with path.open("a") as file:
        fcntl.flock(file, how)
        yield


# -- fixtures


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The running lab; started if it has to be, once for all of a run's workers."""
    context = os.environ.get("KUBECASE_TEST_CONTEXT")
    with ExitStack() as held:
        made = _users_own(context) if context else _started(held)
        yield made
        made.delete_emptied()


@pytest.fixture
def namespace(lab: Lab) -> Iterator[str]:
    """An empty namespace of the test's own."""
    with lab.namespace() as name:
        yield name


@pytest.fixture
def proxy(lab: Lab, tmp_path: Path) -> Iterator[Proxy]:
    """Faults between a test and the API server: `proxy.kubeconfig` leads through it."""
    with Proxy(lab.kubeconfig, lab.context, tmp_path) as made:
        yield made


@pytest.fixture(autouse=True)
def _share(request: pytest.FixtureRequest) -> Iterator[None]:
    """Who uses the lab holds it with others; who disrupts it waits for them and holds it alone."""
    if "lab" not in request.fixturenames:
        yield
        return
    is_alone = request.node.get_closest_marker("disruptive") is not None
    with locked(DISRUPT_LOCK, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH):
        yield


def _started(held: ExitStack) -> Lab:
    """held: takes our hold on the lab, so that no other run stops it while we use it."""
    reason = _cannot_start()
    if reason:
        missing(reason)
    with locked(START_LOCK, fcntl.LOCK_EX):
        failed = LOCKS / f"kubecase-lab.failed.{os.environ[RUN]}"
        if failed.exists():  # by another worker of this run: not again
            missing(failed.read_text())
        # where another worker of this run started it, its tests are at work there
        if not (STARTED_BY.exists() and STARTED_BY.read_text() == os.environ[RUN]):
            _bring_up(failed)
        held.enter_context(locked(USERS_LOCK, fcntl.LOCK_SH))
    return Lab(
        kubeconfig=FOLDER / "admin.kubeconfig",
        context="kubecase-lab",
        docker_host=f"unix://{FOLDER}/docker.sock",
        audit_log=FOLDER / "audit" / "audit.log",
        program=str(CACHE / "bin" / "kubectl"),
        image="lab/busybox:1",
        is_own=True,
        containerd=CONTAINERD,
        containerd_root=FOLDER / CONTAINERD,
    )


def _bring_up(failed: Path) -> None:
    """failed: where it is said why, if it can't be."""
    was_there = (FOLDER / "admin.kubeconfig").exists()
    with locked(DISRUPT_LOCK, fcntl.LOCK_SH):
        # a running lab is looked at, and what died of it is started again
        done = subprocess.run(
            [SCRIPT, "up"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
    if not was_there and FOLDER.exists():
        STARTED_BY.write_text(os.environ[RUN])
    if done.returncode:
        why = f"lab.sh up failed:\n{done.stdout[-3000:]}"
        failed.write_text(why)
        missing(why)


def _cannot_start() -> str:
    if sys.platform != "linux" or not shutil.which("apt-get"):
        return "the lab needs Debian; KUBECASE_TEST_CONTEXT uses a cluster that you have"
    if os.geteuid() != 0:
        return "the lab needs root; KUBECASE_TEST_CONTEXT uses a cluster that you have"
    return ""


def _users_own(context: str) -> Lab:
    program = shutil.which("kubectl")
    if program is None:
        missing("KUBECASE_TEST_CONTEXT is set, but there is no kubectl")
    places = os.environ.get("KUBECONFIG", str(Path("~/.kube/config").expanduser()))
    return Lab(
        kubeconfig=Path(places.split(os.pathsep)[0]),
        context=context,
        docker_host=os.environ.get("DOCKER_HOST", ""),
        audit_log=None,
        program=program,
        image=os.environ.get("KUBECASE_TEST_IMAGE", "busybox:1.36"),
        is_own=False,
    )


# -- the whole run


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "disruptive: has the lab alone (kills components of it)")
    if not hasattr(config, "workerinput"):
        os.environ[RUN] = uuid.uuid4().hex  # workers inherit it


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """What this run started, it stops; in CI, a test that did not run fails the run."""
    if hasattr(session.config, "workerinput"):
        return
    (LOCKS / f"kubecase-lab.failed.{os.environ[RUN]}").unlink(missing_ok=True)
    stop_if_last()
    if in_ci() and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def stop_if_last() -> None:
    """Stop a lab that tests started, unless another run uses it: then that one does."""
    with locked(START_LOCK, fcntl.LOCK_EX):
        if not STARTED_BY.exists():
            return
        try:
            with locked(USERS_LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB):
                subprocess.run([SCRIPT, "down"], stdin=subprocess.DEVNULL, check=False)
        except BlockingIOError:
            return


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    skipped = _skipped(config)
    if not skipped:
        return
    terminalreporter.section("not run")
    for why, tests in skipped.items():
        terminalreporter.line(f"{len(tests)} tests: {why}")
        for test in tests:
            terminalreporter.line(f"    {test}")
    if in_ci():
        terminalreporter.line("CI=true: nothing may be skipped, so this run fails")


def _skipped(config: pytest.Config) -> dict[str, list[str]]:
    """Why -> which tests."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    found: dict[str, list[str]] = {}
    for report in reporter.stats.get("skipped", []) if reporter else []:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        found.setdefault(why.removeprefix("Skipped: "), []).append(report.nodeid)
    return found
