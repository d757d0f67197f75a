# Packets of the pod's network namespace as pcap, in base64 lines, each piece as soon as it comes; once a
# second it says how it stands, on the other stream: so no line of it can fall into one of packets.
has() { command -v "$1" >/dev/null 2>&1; }
if has tcpdump; then BY=tcpdump
elif has perl && [ -z "$FILTER" ]; then BY=perl # by AF_PACKET itself
elif has perl; then echo "lacks filter"; echo done; exit 0
else echo "lacks tcpdump"; echo done; exit 0; fi
echo "by $BY"
capture() {
  case $BY in
    tcpdump) exec $INSIDE tcpdump -i any -n -U -Z root -s "$SNAP" -w - -- "$FILTER" ;;
    perl) exec $INSIDE perl -e "$PERL" ;;
  esac
}
SAID=/dev/shm/said FROM=/dev/shm/packets
mkfifo "$FROM"
capture >"$FROM" 2>"$SAID" &
TCPDUMP=$!
( i=0
  while [ "$i" -lt "$FOR" ] && sleep 1; do
    i=$((i + 1))
    # the signal would end a tcpdump that does not listen for it yet
    if grep -q listening "$SAID"; then kill -USR1 "$TCPDUMP" || break; fi
    echo "said $(tail -n 1 "$SAID")" >&2
  done
  kill -INT "$TCPDUMP" ) &
exec 3<"$FROM"
left=$BYTES
while [ "$left" -gt 0 ]; do
  dd bs=65536 count=1 <&3 >/dev/shm/piece 2>/dev/null
  size=$(wc -c </dev/shm/piece)
  [ "$size" -gt 0 ] || break
  head -c "$left" /dev/shm/piece | base64 | sed 's/^/data /'
  left=$((left - size))
done
kill -INT "$TCPDUMP" 2>/dev/null
wait "$TCPDUMP"
sed 's/^/said /' "$SAID"
[ "$left" -gt 0 ] || echo "full"
