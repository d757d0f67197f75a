"""Questions that are asked of every case."""
