# Rules at the head of INPUT and OUTPUT of the pod's own namespace, in chains of our own.
set -e
gateways() { $INSIDE ip route 2>/dev/null | awk '$1 == "default" { print $3 }'; }
close() { # command
  t="$INSIDE $1 -w"
  $t -N "$CHAIN-I"; $t -N "$CHAIN-O"
  $t -A "$CHAIN-I" -i lo -j ACCEPT; $t -A "$CHAIN-O" -o lo -j ACCEPT
  if [ "$1" = iptables ]; then
    for n in $NODE_IPS $(gateways); do
      for p in $PROBE_PORTS; do
        $t -A "$CHAIN-I" -s "$n" -p tcp --dport "$p" -j ACCEPT
        $t -A "$CHAIN-O" -d "$n" -p tcp --sport "$p" ! --syn -j ACCEPT
      done
    done
    [ -z "$DNS" ] || for p in tcp udp; do
      $t -A "$CHAIN-O" -p $p --dport 53 -j ACCEPT; $t -A "$CHAIN-I" -p $p --sport 53 -j ACCEPT
    done
    for a in $ADDRESSES; do
      $t -A "$CHAIN-O" -d "$a" -j ACCEPT; $t -A "$CHAIN-I" -s "$a" -j ACCEPT
    done
  fi
  $t -A "$CHAIN-I" -j DROP; $t -A "$CHAIN-O" -j DROP
  $t -I INPUT 1 -j "$CHAIN-I"; $t -I OUTPUT 1 -j "$CHAIN-O"
}
close iptables
if [ -s "/proc/$PID/net/if_inet6" ] && grep -qv ' lo$' "/proc/$PID/net/if_inet6"; then close ip6tables; fi
set +e
echo done
