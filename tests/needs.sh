#!/bin/sh
# Programs that the tests drive. As root on Debian they are installed; elsewhere the tests that need
# a missing one are skipped and named at the end of the run, and with CI=true the run fails.
# (The real cluster is started by the tests themselves: tests/real/lab.py, tests/lab/README.md.)
set -eu
missing=""
need() {  # PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
lean=""  # without what they recommend: half a desktop
need tmux tmux
need git git
need tcpdump tcpdump
need age age
need gpg gpg
if [ "$(uname)" = Linux ]; then
    need ip iproute2
    need iptables iptables
    need containerd containerd
    need runc runc
    need nft nftables
    command -v podman >/dev/null 2>&1 || lean="$lean podman"
fi
[ -z "$missing$lean" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt-get install -y -qq $missing >/dev/null
    # shellcheck disable=SC2086
    [ -z "$lean" ] || apt-get install -y -qq --no-install-recommends $lean >/dev/null
elif [ "${CI:-}" = true ]; then
    echo "the tests need$missing$lean: install and run again" >&2
    exit 1
else
    echo "without$missing$lean some tests will be skipped" >&2
fi
