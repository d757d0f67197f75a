#!/bin/sh
# Programs that the tests drive. As root on Debian they are installed; elsewhere they are named.
set -eu
missing=""
for program in tmux git; do
    command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
else
    echo "the tests need$missing: install and run again" >&2
    exit 1
fi
