#!/usr/bin/env bash
# The images of the shop, its CI and the attacker, built on the node from this machine's own programs.
set -Eeuo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
W=$(mktemp -d); trap 'rm -rf "$W"' EXIT
export DOCKER_BUILDKIT=0
mk() { docker build -q -t "$1" "$W/$2" >/dev/null; }
docker tag lab/busybox:1 shop/base:1
cp -r "$HERE"/images/* "$W/"
mkdir "$W/kubectl"; cp "$(command -v kubectl)" "$W/kubectl/"
printf 'FROM lab/busybox:1\nCOPY kubectl /usr/bin/kubectl\n' >"$W/kubectl/Dockerfile"
gcc -Os -static -s -o "$W/c2/agent" "$W/c2/agent.c"
for f in $(command -v ssh) $(command -v ssh-keygen); do
  install -D "$f" "$W/c2/root/usr/bin/$(basename "$f")"
  ldd "$f" | grep -oE '/[^ ]+' | while read -r l; do install -D "$(readlink -f "$l")" "$W/c2/root$l"; done
done
mk shop/web:1.4 web; mk lab/kubectl:1 kubectl; mk shop/ci:1 ci; mk lab/c2:1 c2
