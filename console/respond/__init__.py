"""Actions on a cluster: planned, previewed, applied, verified, undone."""
