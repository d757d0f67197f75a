# Finds a process of the pod; put before each of the others. Values come by environment only.
# Kubernetes reads two dollar signs as one, so that no script may use the shell's own pid.
# MATCH: marks of the pod in /proc/PID/cgroup, one a line.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
# Never one in the node's own network, as conmon is, which CRI-O puts into the pod's cgroup.
# The oldest, which lives as long as the pod: a child that ends would take the way in with it.
find_pid() {
  own=$(readlink /proc/self/ns/net) node=$(readlink /proc/1/ns/net) found= oldest=
  for f in $(grep -lFe "$MATCH" /proc/[0-9]*/cgroup 2>/dev/null); do
    d=${f%/cgroup}
    read -r stat 2>/dev/null <"$d/stat" || continue
    set -- ${stat##*) } # its name may hold anything; the 22nd field is when it began: proc(5)
    [ -z "$oldest" ] || [ "${20}" -lt "$oldest" ] || continue
    ns=$(readlink "$d/ns/net") || continue
    [ -r "$d/net/tcp" ] && [ "$ns" != "$own" ] && [ "$ns" != "$node" ] || continue
    found=${d#/proc/} oldest=${20}
  done
  echo "$found"
}
PID=$(find_pid)
[ -n "$PID" ] || { echo "gone"; exit 0; }
echo "pid $PID"
INSIDE="nsenter -t $PID -n"
