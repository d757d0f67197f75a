"""The rules that close a pod's network, of both families, set in a network namespace of the test."""

from __future__ import annotations

import shutil
import subprocess
import tempfile

import pytest

from console.respond.netns import read_script
from tests.real.lab import missing

CHAIN = "KC-0a1b2c3d"
SETTING = """
ip link set lo up
ip link add t0 type veth peer name t1 && ip link set t0 up && ip link set t1 up
ip addr add 10.9.9.1/24 dev t0 && ip route add default via 10.9.9.254
if [ "$FAMILIES" = 4 ]; then echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
else ip addr add fd00:9::1/64 dev t0 nodad; fi
PID=$(exec sh -c 'echo $PPID')
: >"$COUNTED"
inside() { # counts what changes rules; the KILLED-th kills the shell that it is run by
  case " $* " in
    *" -N "*|*" -A "*|*" -I "*|*" -F "*|*" -X "*|*" -D "*)
      echo >>"$COUNTED"
      [ "$(wc -l <"$COUNTED")" != "${KILLED:-0}" ] || kill -9 "$(exec sh -c 'echo $PPID')" ;;
  esac
  "$@"
}
INSIDE=inside
"""
SHOW = "echo ==; iptables -S; echo ==; ip6tables -S\n"


def rules(families: str = "46", **values: str) -> tuple[list[str], list[str], str]:
    """iptables, ip6tables and the script's words, in a namespace that goes with the command."""
    said = run(read_script("rules") + read_script("close") + SHOW, FAMILIES=families, **values)
    four, six = said.split("==\n")[1:]
    return four.splitlines(), six.splitlines(), said.split("==\n")[0]


def run(text: str, **values: str) -> str:
    """What a script says in a network namespace that goes with it."""
    for tool in ("unshare", "ip", "iptables", "ip6tables"):
        if shutil.which(tool) is None:
            missing(f"needs {tool}")
    with tempfile.NamedTemporaryFile() as counted:
        env = {"CHAIN": CHAIN, "NODE_IPS": "", "PROBE_PORTS": "", "DNS": "", "ADDRESSES": "",
               "FAMILIES": "46", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "COUNTED": counted.name,
               **values}  # fmt: skip
        done = subprocess.run(
            ["unshare", "--net", "--mount", "sh", "-c", SETTING + text],
            env=env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_both_families_are_closed() -> None:
    four, six, said = rules()
    assert said.endswith("closed\n")
    for found in (four, six):
        assert found.index(f"-A INPUT -j {CHAIN}-I") == min(
            n for n, line in enumerate(found) if line.startswith("-A INPUT")
        )
        for way in "IO":
            own = [line for line in found if line.startswith(f"-A {CHAIN}-{way} ")]
            assert len(own) == 2  # loopback, and nothing else
            assert own[-1] == f"-A {CHAIN}-{way} -j DROP"


def test_exceptions_go_to_their_family() -> None:
    four, six, _ = rules(
        NODE_IPS="10.9.9.7 fd00:9::7", PROBE_PORTS="8080",
        ADDRESSES="198.51.100.0/24 2001:db8::5/128",
    )  # fmt: skip
    assert any("-s 10.9.9.7/32 -p tcp" in line and "--dport 8080" in line for line in four)
    assert any("-s 10.9.9.254/32" in line for line in four)  # the gateway is the node, often
    assert f"-A {CHAIN}-O -d 198.51.100.0/24 -j ACCEPT" in four
    assert not any(":" in line.replace("::", "") and "db8" in line for line in four)
    assert any("-s fd00:9::7/128 -p tcp" in line and "--dport 8080" in line for line in six)
    assert f"-A {CHAIN}-O -d 2001:db8::5/128 -j ACCEPT" in six
    assert sum("icmpv6" in line for line in six) == 4  # neighbours are found
    assert not any("198.51" in line or "10.9.9" in line for line in six)


@pytest.mark.parametrize("dns", ["", "1"])
def test_a_pod_without_ipv6(dns: str) -> None:
    four, six, said = rules("4", DNS=dns)
    assert "closed" in said
    assert any("--dport 53" in line for line in four) is bool(dns)
    assert not any(CHAIN in line for line in six)


# what is kept makes the chains longer: there are more places to be killed at
KEPT = {"NODE_IPS": "10.9.9.7 fd00:9::7", "PROBE_PORTS": "8080", "DNS": "1"}


def killed(name: str, count: int) -> str:
    """A script in a shell of its own, killed before the count-th change; then the count begins anew."""
    whole = f"KILLED={count}; {read_script(name)}"
    return f'(\n{whole}\n) >/dev/null; : >"$COUNTED"\n'


def everywhere(name: str) -> list[int]:
    """Numbers of all changes that a script makes."""
    own = read_script("rules") + ("" if name == "close" else read_script("close"))
    own += f': >"$COUNTED"\n{read_script(name)}\nwc -l <"$COUNTED"'
    last = int(run(own, **KEPT).splitlines()[-1])
    assert last >= 10
    return list(range(1, last + 2))  # the last one: it went through


def test_closing_that_was_cut_anywhere_is_told_finished_and_taken_back() -> None:
    clean = run(SHOW)
    whole = "==" + run(read_script("rules") + read_script("close") + SHOW, **KEPT).split("==", 1)[1]
    numbers = everywhere("close")
    for count in numbers:
        cut = read_script("rules") + killed("close", count)
        said = run(cut + read_script("show") + SHOW, **KEPT)
        is_closed = said.startswith("closed\n")
        assert is_closed is (count == numbers[-1]), f"killed at {count}"
        assert said.endswith(whole) is is_closed
        # going on makes all of it, and nothing twice
        assert run(cut + read_script("close") + SHOW, **KEPT).endswith(whole), f"killed at {count}"
        assert run(cut + read_script("open") + SHOW, **KEPT).endswith(clean), f"killed at {count}"


def test_opening_that_was_cut_anywhere_is_finished() -> None:
    clean = run(SHOW)
    before = read_script("rules") + read_script("close")
    for count in everywhere("open"):
        said = run(before + killed("open", count) + read_script("open") + SHOW, **KEPT)
        assert said.endswith(clean), f"killed at {count}"


def test_a_chain_that_somebody_else_uses_is_said_to_stay() -> None:
    jump = f"iptables -A FORWARD -j {CHAIN}-I\n"
    said = run(read_script("rules") + read_script("close") + jump + read_script("open"))
    assert f"stays iptables {CHAIN}-I" in said.splitlines()
