# Whether our rules stand, whole, for each family that the pod has.
is_closed iptables && { [ -z "$SIX" ] || is_closed ip6tables; } && echo closed
