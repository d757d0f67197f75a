"""Is this cluster ready for an incident? Asked before one: each check is evidence, not a belief."""
