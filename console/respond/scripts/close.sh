# Rules at the head of INPUT and OUTPUT of the pod's own namespace, in chains of our own.
# NODE_IPS, ADDRESSES: of both families; each command gets its own.
for c in iptables ${SIX:+ip6tables}; do # before anything is done
  command -v $c >/dev/null 2>&1 || { echo "missing $c"; exit 0; }
done
set -e
gateways() { $INSIDE ip $1 route 2>/dev/null | awk '$1 == "default" { print $3 }'; }
of_family() { # 4 or 6, addresses
  f=$1; shift
  for x in "$@"; do
    case "$x" in *:*) [ $f = 4 ] || echo "$x" ;; *) [ $f = 6 ] || echo "$x" ;; esac
  done
}
close() { # command family
  t="$INSIDE $1 -w"
  ! is_closed $1 || return 0
  # what a probe that was cut has left is begun anew
  for way in I O; do $t -N "$CHAIN-$way" 2>/dev/null || $t -F "$CHAIN-$way"; done
  $t -A "$CHAIN-I" -i lo -j ACCEPT; $t -A "$CHAIN-O" -o lo -j ACCEPT
  nodes=; [ -z "$PROBE_PORTS" ] || nodes=$(of_family $2 $NODE_IPS $(gateways -$2))
  kept=$(of_family $2 $ADDRESSES)
  for n in $nodes; do
    for p in $PROBE_PORTS; do
      $t -A "$CHAIN-I" -s "$n" -p tcp --dport "$p" -j ACCEPT
      $t -A "$CHAIN-O" -d "$n" -p tcp --sport "$p" ! --syn -j ACCEPT
    done
  done
  [ -z "$DNS" ] || for p in tcp udp; do
    $t -A "$CHAIN-O" -p $p --dport 53 -j ACCEPT; $t -A "$CHAIN-I" -p $p --sport 53 -j ACCEPT
  done
  for a in $kept; do
    $t -A "$CHAIN-O" -d "$a" -j ACCEPT; $t -A "$CHAIN-I" -s "$a" -j ACCEPT
  done
  # IPv6 finds its neighbours by ICMPv6 (RFC 4861): without it nothing that is kept is reached
  [ $2 = 4 ] || [ -z "$nodes$kept$DNS" ] || for k in neighbour-solicitation neighbour-advertisement; do
    $t -A "$CHAIN-I" -p icmpv6 --icmpv6-type $k -j ACCEPT
    $t -A "$CHAIN-O" -p icmpv6 --icmpv6-type $k -j ACCEPT
  done
  $t -A "$CHAIN-I" -j DROP; $t -A "$CHAIN-O" -j DROP
  $t -C INPUT -j "$CHAIN-I" 2>/dev/null || $t -I INPUT 1 -j "$CHAIN-I"
  $t -C OUTPUT -j "$CHAIN-O" 2>/dev/null || $t -I OUTPUT 1 -j "$CHAIN-O"
}
close iptables 4
[ -z "$SIX" ] || close ip6tables 6
set +e
echo closed
