# Packets of the pod's network namespace as pcap, in base64 lines; ends by time or size.
command -v tcpdump >/dev/null 2>&1 || { echo "lacks tcpdump"; exit 0; }
echo begin
timeout "$FOR" $INSIDE tcpdump -i any -n -U -Z root -s "$SNAP" -w - -- "$FILTER" 2>/work/said |
  head -c "$BYTES" | base64
sed 's/^/said /' /work/said
echo done
