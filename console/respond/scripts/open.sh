# Takes our rules away.
for c in iptables ip6tables; do
  t="$INSIDE $c -w"
  $t -nL "$CHAIN-I" >/dev/null 2>&1 || continue
  $t -D INPUT -j "$CHAIN-I" 2>/dev/null || echo "unhooked $c"
  $t -D OUTPUT -j "$CHAIN-O" 2>/dev/null || true
  $t -F "$CHAIN-I"; $t -X "$CHAIN-I"; $t -F "$CHAIN-O"; $t -X "$CHAIN-O"
  echo "opened $c"
done
