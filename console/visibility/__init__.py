"""Inside a container without entering it: captures, and what differs between two."""
