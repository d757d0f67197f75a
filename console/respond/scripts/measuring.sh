# New connections out of the pod and into it, from its own network namespace; sockets, dropped packets.
# TARGETS: name=address,port … CHAIN: our rules, empty for none. `round NAME TENTHS [any]` tries all of
# them side by side and waits so long for their answers; who was asked and did not answer is silent. A
# busy node answers late: it waits on for a port that is kept open, with `any` until something answers.
ME=$(hostname -i | cut -d' ' -f1)
( while :; do nc -l -p "$LISTEN" </dev/null >/dev/null 2>&1 || sleep 0.1; done ) &
SERVER=$!
trap 'kill "$SERVER" $(jobs -p) 2>/dev/null' EXIT
LISTENING=$(printf ':%04X 0' "$LISTEN")
for i in 1 2 3 4 5 6 7 8 9 10; do grep -qF "$LISTENING" /proc/net/tcp /proc/net/tcp6 2>/dev/null && break; sleep 0.05; done
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
ask() { # out dns server port
  said=$(timeout 2 $INSIDE nslookup -type=a kubernetes.default.svc "$3" 2>&1)
  case "$said" in
    *refused*) r=refused ;;
    *NXDOMAIN*|*"can't find"*|*Name:*) r=open ;;
    *) r=silent ;;
  esac
  echo "try out dns $3 $4 $r"
}
NODE= # a process of the node itself that may be asked for its network
for p in 1 $(pidof kubelet containerd dockerd crio); do
  nsenter -t "$p" -n true 2>/dev/null && { NODE=$p; break; }
done
sockets() { awk -v s="$1" 'FNR > 1 && $4 == s { print $2, $3 }' "/proc/$PID/net/tcp" "/proc/$PID/net/tcp6" 2>/dev/null | sort -u; }
PORTS=$(sockets 0A | awk '{ n = split($1, a, ":"); if (substr(a[1], 7, 2) != "7F") print a[n] }' | sort -u | head -4 | while read -r h; do printf '%d ' "0x$h"; done)
start() { # try or ask, and its words
  COUNT=$((COUNT + 1))
  echo "asked $2 $3 $4 $5"
  "$@" >>"$FOUND" &
}
tries() {
  start try out another-pod "$ME" "$LISTEN" $INSIDE
  for t in $TARGETS; do
    n=${t%%=*}; a=${t#*=}; start try out "$n" "${a%,*}" "${a##*,}" $INSIDE
  done
  for ns in $(awk '$1 == "nameserver" { print $2 }' "/proc/$PID/root/etc/resolv.conf" 2>/dev/null | head -3); do
    start ask out dns "$ns" 53
  done
  for p in $PORTS; do
    start try in another-pod "$POD_IP" "$p" env
    [ -z "$NODE" ] || start try in node "$POD_IP" "$p" nsenter -t "$NODE" -n
  done
}
waits() { # [any]; whether silence says nothing yet
  [ -z "$NODE" ] || for p in $PORTS; do
    case " $PROBE_PORTS " in *" $p "*) grep -q "^try in node $POD_IP $p " "$FOUND" || return 0 ;; esac
  done
  [ -n "$1" ] && ! grep -qE '(open|refused)$' "$FOUND"
}
now() { cut -d' ' -f1 /proc/uptime; }
round() {
  echo "round $1 $(now)"
  COUNT=0 FOUND=/dev/shm/$1 left=$2 more=25
  : >"$FOUND"
  tries
  while [ "$(wc -l <"$FOUND")" -lt "$COUNT" ]; do
    if [ "$left" -gt 0 ]; then left=$((left - 1))
    elif [ "$more" -gt 0 ] && waits "$3"; then more=$((more - 1))
    else break; fi
    sleep 0.1
  done
  # who could not enter it has heard nothing from there: that is no silence of the network
  $INSIDE true 2>/dev/null || { echo "lost the process that led into its network"; exit 9; }
  cat "$FOUND"
  sockets 01 | while read -r l r; do echo "established $l $r"; done
  [ -z "$CHAIN" ] || for c in iptables ip6tables; do
    $INSIDE $c -w -nvxL "$CHAIN-I" 2>/dev/null | awk -v c=$c '$3 == "DROP" { print "dropped", c, "in", $1 }'
    $INSIDE $c -w -nvxL "$CHAIN-O" 2>/dev/null | awk -v c=$c '$3 == "DROP" { print "dropped", c, "out", $1 }'
  done
  echo "measured $1 $(now)"
}
