"""A pod that runs on containerd: isolated at its node, its packets and what it wrote taken."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace

import pytest

from console.case.workspace import Workspace
from console.respond import packets, snapshot
from tests.respond.conftest import SHOP, Scene, carry_out_watched


@pytest.fixture
def shop(bare: Scene) -> Scene:
    """Shop and client on the node with containerd."""
    lab, namespace = bare.lab, bare.namespace
    lab.only_own()
    there = SHOP.replace("containers:", f"nodeName: {lab.containerd}\n{{}}containers:")
    there = there.replace("\n{}", "\n      ", 1).replace("\n{}", "\n  ")
    lab.kubectl("-n", namespace, "apply", "-f", "-", stdin=there)
    lab.kubectl("-n", namespace, "rollout", "status", "deploy/shop", "--timeout=120s",
                timeout_s=130)  # fmt: skip
    lab.wait_ready(namespace, "pod/client")
    return bare


def test_isolation_at_the_node_blocks_and_undo_restores(shop: Scene) -> None:
    pod = shop.pods()[0]
    name = pod["metadata"]["name"]
    before = shop.state("pods", name)
    assert shop.answers(pod)
    record, verdict = shop.apply("isolate-pod-at-node", shop.target("pods", name))
    assert (verdict.word, verdict.text[:7]) == ("held", "blocked")
    assert not shop.answers(pod)
    assert any("out api-server" in line and "no answer now" in line for line in verdict.details)
    # its kubelet comes from the bridge, whose address the API server does not know
    assert any("in node" in line and "open now" in line for line in verdict.details)
    shop.undo(record)
    assert shop.answers(pod)
    assert shop.state("pods", name) == before
    status = shop.get("pods", name)["status"]
    assert status["containerStatuses"][0]["restartCount"] == 0
    assert [c["status"] for c in status["conditions"] if c["type"] == "Ready"] == ["True"]


WRITTEN = r"""
echo owned >/var/www/index.html; rm /etc/group; mkdir -p /opt/a; ln -s /etc/shadow /opt/a/link
cp /bin/busybox /usr/bin/.ssh-agent; chmod 4755 /usr/bin/.ssh-agent; truncate -s 600M /opt/big
mkfifo /opt/trap; touch "/opt/a
b"
"""


def test_a_snapshot_holds_what_was_written_and_packets_are_taken(
    shop: Scene, tcpdump_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", shop.lab.docker_host)  # an engine that does not have it
    pod = shop.pods()[0]
    name = pod["metadata"]["name"]
    shop.lab.kubectl("-n", shop.namespace, "exec", name, "--", "sh", "-c", WRITTEN)
    [taken] = snapshot.take(shop.case, shop.means, [shop.target("pods", name)], way="probe")
    assert not taken.failed
    assert {"capture", "pod.json", "stats.json", "events.json", "shop.log"} <= set(taken.items)
    assert snapshot.verify(shop.case, taken) == []
    log = shop.case.store.get(taken.items["shop.log"].evidence[0]).data_path.read_text()
    assert '"msg":"shop starts"' in log
    layer, config, left = (
        shop.case.store.get(one).data_path for one in taken.items["shop.layer.tar"].evidence
    )
    with tarfile.open(layer) as archive:
        members = {member.name: member for member in archive.getmembers()}
        page = archive.extractfile("./var/www/index.html")
        assert page is not None
        assert page.read() == b"owned\n"
    assert members["./usr/bin/.ssh-agent"].mode == 0o4755
    gone = members["./etc/group"]
    assert (gone.ischr(), gone.devmajor, gone.devminor) == (True, 0, 0)
    assert members["./opt/a/link"].linkname == "/etc/shadow"
    assert (members["./opt/trap"].isfifo(), "./opt/a\nb" in members) == (True, True)
    assert "./opt/big" not in members
    assert left.read_text() == f"{600 << 20} ./opt/big\n"
    told = json.loads(config.read_bytes())
    assert told["process"]["args"] == ["shop-start"]
    assert "SHOP_CURRENCY=" in told["process"]["env"]  # and no value
    assert told["annotations"]["io.kubernetes.cri.container-name"] == "shop"
    assert any("no engine has it at hand" in line for line in taken.not_taken)

    shop.lab.sh("to-containerd", tcpdump_image)
    shop.means.config = replace(shop.means.config, probe_image=tcpdump_image)
    target = shop.target("pods", name)
    record = shop.plan("take-packets", target, filter="tcp port 8080", seconds=600)
    verdict = carry_out_watched(
        shop, record, lambda now: now.packets > 4 and now.dropped is not None
    )
    assert (verdict.word, "0 lost by the kernel" in verdict.details) == ("held", True)
    client = shop.get("pods", "client")["status"]["podIP"]
    rows = Workspace(shop.case).index.cursor().execute(
        "select distinct activity, outcome, src_ip, pod from events"
        " where ends_with(format, 'packet_flow') and src_ip = $client", {"client": client},
    ).fetchall()  # fmt: skip
    assert rows == [("accept", "ok", client, name)]
    assert [e.kind for e in shop.case.entries()].count(packets.TAKEN) == 1
