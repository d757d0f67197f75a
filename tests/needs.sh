#!/bin/sh
# Programs that the tests drive. As root on Debian they are installed; elsewhere the tests that need
# a missing one are skipped and named at the end of the run, and with CI=true the run fails.
# (The real cluster is started by the tests themselves: tests/real/lab.py, tests/lab/README.md.)
set -eu
missing=""
need() {  # PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need tmux tmux
need git git
need tcpdump tcpdump
need age age
need gpg gpg
if [ "$(uname)" = Linux ]; then
    need ip iproute2
    need iptables iptables
fi
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
elif [ "${CI:-}" = true ]; then
    echo "the tests need$missing: install and run again" >&2
    exit 1
else
    echo "without$missing some tests will be skipped" >&2
fi
