"""Log lines from real containers: order, previous runs, following, cuts, restarts, hostile bytes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from console.live.api import connect
from console.live.logs import LogLine, LogTail, fetch_lines
from console.live.logsource import EngineLog, LogOptions, PodLog, pod_sources
from tests.real.lab import Lab
from tests.real.proxy import Proxy, of


def make_pod(lab: Lab, namespace: str, restart: str = "Never", **scripts: str) -> None:
    """A pod `talker` with one container for each script."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "talker"},
        "spec": {
            "restartPolicy": restart,
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {"name": name, "image": lab.image, "imagePullPolicy": "IfNotPresent",
                 "command": ["sh", "-c", script]}
                for name, script in scripts.items()
            ],
        },
    }  # fmt: skip
    lab.kubectl("-n", namespace, "create", "-f", "-", stdin=yaml.safe_dump(pod))


def until(fine: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not fine():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def texts(lines: list[LogLine], source: str = "") -> list[bytes]:
    return [line.text for line in lines if source in ("", line.source)]


def test_all_containers_in_order_of_time(lab: Lab, namespace: str) -> None:
    make_pod(
        lab, namespace,
        one="for i in 1 2 3; do echo one $i; sleep 0.2; done; sleep 600",
        two="for i in 1 2 3; do echo two $i; sleep 0.2; done; printf '\\033[31m\\377no end'; sleep 600",
    )  # fmt: skip
    lab.wait_ready(namespace, "pod/talker")
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))

    def read() -> list[LogLine]:
        return list(fetch_lines(pod_sources(api, namespace, "talker")))

    until(lambda: len(read()) >= 6)
    lines = read()
    assert texts(lines, "one") == [b"one 1", b"one 2", b"one 3"]
    assert [line.stamp for line in lines] == sorted(line.stamp for line in lines)
    assert all(line.ts is not None for line in lines)
    last = list(fetch_lines(pod_sources(api, namespace, "talker", ["one"]), LogOptions(tail=1)))
    assert texts(last) == [b"one 3"]
    since = last[0].ts
    assert since is not None
    later = fetch_lines(
        pod_sources(api, namespace, "talker", ["one"]), LogOptions(tail=None, since=since)
    )
    assert texts(list(later))[-1:] == [b"one 3"]


def test_the_run_before(lab: Lab, namespace: str) -> None:
    make_pod(lab, namespace, "Always",
             one="echo pid of $(cat /proc/uptime); [ -e /x ] || exit 3")  # fmt: skip
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    before: list[LogLine] = []

    def restarted() -> bool:
        problems: list[str] = []
        previous = LogOptions(previous=True)
        sources = pod_sources(api, namespace, "talker", ["one"])
        before[:] = fetch_lines(sources, previous, problems)
        return any(line.stamp for line in before)  # else the kubelet says that it is not there yet

    until(restarted)
    assert [line.text[:6] for line in before] == [b"pid of"]


def test_following_across_a_cut(lab: Lab, namespace: str, proxy: Proxy) -> None:
    """What is written while the connection is cut is there afterwards, once."""
    make_pod(lab, namespace,
             one="i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; sleep 0.02; done; sleep 600")  # fmt: skip
    lab.wait_ready(namespace, "pod/talker")
    api = connect(kubeconfig=str(proxy.kubeconfig))
    tail = LogTail(pod_sources(api, namespace, "talker"), LogOptions(tail=None))
    tail.start()
    is_follow = of("log", lambda asked: "follow" in asked.query)
    proxy.wait(lambda asked: sum(map(is_follow, asked)) >= 1)
    for cuts in (2, 3, 4):
        proxy.cut_now()
        proxy.wait(lambda asked, n=cuts: sum(map(is_follow, asked)) >= n)  # type: ignore[misc]
    until(lambda: any(line.text == b"line 400" for line in tail.read()[0]))
    tail.stop()
    assert texts(tail.read()[0]) == [f"line {i}".encode() for i in range(1, 401)]
    assert [state.state for state in tail.states()] == ["ended"]


def test_following_a_container_that_restarts(lab: Lab, namespace: str) -> None:
    make_pod(lab, namespace, "Always", one="echo run; sleep 1; exit 1", two="sleep 600")
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    tail = LogTail(pod_sources(api, namespace, "talker"))
    tail.start()
    until(lambda: len(tail.read()[0]) >= 2)
    tail.stop()


def test_a_stop_ends_a_silent_stream(lab: Lab, namespace: str) -> None:
    make_pod(lab, namespace, one="echo hello; sleep 600")
    lab.wait_ready(namespace, "pod/talker")
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    tail = LogTail(pod_sources(api, namespace, "talker"))
    tail.start()
    until(lambda: texts(tail.read()[0]) == [b"hello"] and tail.states()[0].state == "following")
    tail.stop(30)
    assert not any(thread.is_alive() for thread in tail._threads)
    assert tail.states()[0].state == "ended"


def test_what_may_not_be_read_and_what_is_gone(lab: Lab, namespace: str, tmp_path: Path) -> None:
    make_pod(lab, namespace, one="sleep 600")
    lab.wait_ready(namespace, "pod/talker")
    config = lab.user(tmp_path, namespace, "viewer", "get,list", "pods")
    api = connect(kubeconfig=str(config))
    tail = LogTail(
        [PodLog(api, namespace, "talker", "one"),
         PodLog(connect(lab.context, kubeconfig=str(lab.kubeconfig)), namespace, "nobody", "c")]
    )  # fmt: skip
    tail.start()
    until(lambda: {state.state for state in tail.states()} == {"hidden", "ended"})
    assert [state.reason for state in tail.states()] == [
        f"no right to get pods/log in {namespace}", "the pod is gone"
    ]  # fmt: skip
    tail.stop()


def test_memory_is_bounded(lab: Lab, namespace: str) -> None:
    """100,000 lines, and one that is a megabyte long."""
    make_pod(
        lab, namespace,
        one="head -c 1000000 /dev/zero | tr '\\0' x; echo; seq 100000; sleep 600",
    )  # fmt: skip
    lab.wait_ready(namespace, "pod/talker")
    api = connect(lab.context, kubeconfig=str(lab.kubeconfig))
    source = pod_sources(api, namespace, "talker")
    tail = LogTail(source, LogOptions(tail=None), max_lines=5000, max_bytes=1 << 20)
    tail.start()
    until(lambda: texts(tail.read(tail.dropped, 5000)[0])[-1:] == [b"100000"])
    lines, following = tail.read(tail.dropped, 5000)
    tail.stop()
    assert len(lines) == 5000
    assert following == tail.dropped + 5000


def test_the_engine_alone(lab: Lab) -> None:
    lab.only_docker()
    import docker

    client = docker.DockerClient(base_url=lab.docker_host)
    script = "i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo line $i; sleep 0.02; done; sleep 600"
    container = client.containers.run(lab.image, ["sh", "-c", script], detach=True, tty=False)
    try:
        tail = LogTail([EngineLog(client, str(container.id), name="talker")])
        tail.start()
        until(lambda: len(tail.read()[0]) >= 50)
        assert texts(tail.read()[0]) == [f"line {i}".encode() for i in range(1, 51)]
        until(lambda: tail.states()[0].state == "following")
        tail.stop(30)
        assert not any(thread.is_alive() for thread in tail._threads)
        last = LogOptions(tail=2)
        assert texts(list(fetch_lines([EngineLog(client, str(container.id))], last))) == [
            b"line 49", b"line 50"
        ]  # fmt: skip
    finally:
        container.remove(force=True)
    with pytest.raises(Exception, match="gone"):
        list(fetch_lines([EngineLog(client, str(container.id))]))
    client.close()


def command(lab: Lab, *args: str) -> list[str]:
    return [sys.executable, "-m", "console", "logs", *args, "--kubeconfig", str(lab.kubeconfig)]


def test_the_command(lab: Lab, namespace: str) -> None:
    make_pod(lab, namespace, one="echo hello; printf '\\033[31mred\\n'; sleep 600", two="sleep 600")
    lab.wait_ready(namespace, "pod/talker")
    args = ("talker", "-n", namespace, "--context", lab.context)

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(lab, *args, *more), capture_output=True, text=True, timeout=60, check=False
        )

    until(lambda: len(run().stdout.splitlines()) == 2)
    shown = run()
    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout
    documents = [json.loads(line) for line in run("--json").stdout.splitlines()]
    assert [d["text"] for d in documents] == ["hello", "\x1b[31mred"]
    assert documents[0]["container"] == "one"
    later = run("--since", "2999-01-01T00:00:00")
    assert (later.returncode, later.stdout) == (0, "")
    before = run("--previous")
    assert (before.returncode, "previous terminated container" in before.stderr) == (1, True)
    with subprocess.Popen(
        command(lab, *args, "--follow", "--json"), stdout=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["text"] == "hello"
        following.send_signal(signal.SIGINT)
        assert following.wait(60) == 0
