#!/usr/bin/env bash
# Anna and Ben of the shop's team at work, until killed. Nothing that they do is an attack; some of it looks like one.
set -u
K=$1
anna() { timeout 30 kubectl --kubeconfig "$K/anna" "$@" >/dev/null 2>&1; }
ben() { timeout 30 kubectl --kubeconfig "$K/ben" "$@" >/dev/null 2>&1; }
ops() { timeout 10 ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -i "$K/ops" ops@10.211.0.1 "$@" >/dev/null 2>&1; }
while :; do
  anna get pods -n shop; anna -n shop logs deployment/web --tail=20; anna -n shop get deployments -o wide; sleep 4
  anna -n shop exec deployment/cart -- ls /srv/shop; ben get cronjobs -A; ben get nodes; sleep 4 # nodes: he may not
  ops uptime; ben -n shop get secrets; ben -n batch get jobs; sleep 4
  anna -n shop describe deployment web; ben auth can-i create pods -n shop; ops 'df -h /'; sleep 4
  timeout 10 ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes ops@10.211.0.1 true >/dev/null 2>&1 # forgot the key
done
