# Whether our rules stand, and all rules of the namespace.
if $INSIDE iptables -w -C INPUT -j "$CHAIN-I" 2>/dev/null && $INSIDE iptables -w -C OUTPUT -j "$CHAIN-O" 2>/dev/null
then echo closed; fi
$INSIDE iptables-save 2>/dev/null | grep -v '^#' | while read -r l; do echo "rule $l"; done
