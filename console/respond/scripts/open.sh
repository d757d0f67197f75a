# Takes our rules away, also what a probe has left that was cut in the middle.
for c in iptables ip6tables; do
  t="$INSIDE $c -w" was=
  for hook in INPUT:I OUTPUT:O; do
    chain=$CHAIN-${hook#*:}
    $t -nL "$chain" >/dev/null 2>&1 || continue
    while $t -D "${hook%:*}" -j "$chain" 2>/dev/null; do :; done
    $t -F "$chain" && $t -X "$chain" || echo "stays $c $chain"
    was=1
  done
  [ -z "$was" ] || echo "opened $c"
done
