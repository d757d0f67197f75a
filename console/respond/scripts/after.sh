# What is open now: a packet that was lost is sent again after a second (RFC 6298).
round after 15
