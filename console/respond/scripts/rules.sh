# What closes, shows and opens has in common: the families of the pod, and whether one is closed.
# a file of /proc says that it is empty, so it is read; a pod of most CNI plug-ins has a link-local address
SIX=; if grep -qv ' lo$' "/proc/$PID/net/if_inet6" 2>/dev/null; then SIX=1; fi
is_closed() { # command; false where a probe was cut while it was at it
  for hook in INPUT:I OUTPUT:O; do
    chain=$CHAIN-${hook#*:}
    $INSIDE $1 -w -C "${hook%:*}" -j "$chain" 2>/dev/null || return 1
    [ "$($INSIDE $1 -w -S "$chain" | tail -n 1)" = "-A $chain -j DROP" ] || return 1
  done
}
