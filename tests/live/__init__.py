"""The cluster, live and recorded."""
