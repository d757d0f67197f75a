# New connections out of the pod and into it, from its own network namespace; sockets, dropped packets.
ME=$(hostname -i | cut -d' ' -f1)
( while :; do nc -l -p "$LISTEN" </dev/null >/dev/null 2>&1 || sleep 0.1; done ) &
SERVER=$!
sleep 0.2
try() { # direction name address port, in the namespace that $5.. enters
  way=$1 what=$2 addr=$3 port=$4; shift 4
  said=$( (timeout 4 "$@" nc -w 2 "$addr" "$port" </dev/null >/dev/null) 2>&1 ); code=$?
  case "$said" in
    *refused*) r=refused ;;
    "") if [ $code = 0 ] || [ $code = 143 ] || [ $code = 124 ]; then r=open; else r=silent; fi ;;
    *) r=silent ;;
  esac
  echo "try $way $what $addr $port $r"
}
ask() { # name server
  said=$(timeout 2 $INSIDE nslookup -type=a kubernetes.default.svc "$1" 2>&1)
  case "$said" in
    *refused*) r=refused ;;
    *NXDOMAIN*|*"can't find"*|*Name:*) r=open ;;
    *) r=silent ;;
  esac
  echo "try out dns $1 53 $r"
}
NODE= # a process of the node itself that may be asked for its network
for p in 1 $(pidof kubelet containerd dockerd crio); do
  nsenter -t "$p" -n true 2>/dev/null && { NODE=$p; break; }
done
sockets() { awk -v s="$1" 'FNR > 1 && $4 == s { print $2, $3 }' "/proc/$PID/net/tcp" "/proc/$PID/net/tcp6" 2>/dev/null | sort -u; }
round() {
  try out another-pod "$ME" "$LISTEN" $INSIDE &
  for t in $TARGETS; do
    n=${t%%=*}; a=${t#*=}; try out "$n" "${a%,*}" "${a##*,}" $INSIDE &
  done
  for ns in $(awk '$1 == "nameserver" { print $2 }' "/proc/$PID/root/etc/resolv.conf" 2>/dev/null | head -3); do
    ask "$ns" &
  done
  for p in $PORTS; do
    try in another-pod "$POD_IP" "$p" env &
    [ -z "$NODE" ] || try in node "$POD_IP" "$p" nsenter -t "$NODE" -n &
  done
  wait_all
}
wait_all() { for j in $(jobs -p); do [ "$j" = "$SERVER" ] || wait "$j"; done; }
PORTS=$(sockets 0A | awk '{ n = split($1, a, ":"); if (substr(a[1], 7, 2) != "7F") print a[n] }' | sort -u | head -4 | while read -r h; do printf '%d ' "0x$h"; done)
i=0
while :; do
  i=$((i + 1))
  echo "round $i"
  round >"/work/round"
  cat /work/round
  [ "$i" -ge "$ROUNDS" ] && break
  grep -q ' open$' /work/round || break
  sleep 1
done
kill $SERVER
sockets 01 | while read -r l r; do echo "established $l $r"; done
for c in iptables ip6tables; do
  $INSIDE $c -w -nvxL "$CHAIN-I" 2>/dev/null | awk -v c=$c '$3 == "DROP" { print "dropped", c, "in", $1 }'
  $INSIDE $c -w -nvxL "$CHAIN-O" 2>/dev/null | awk -v c=$c '$3 == "DROP" { print "dropped", c, "out", $1 }'
done
echo done
