"""The cluster and the engine: what is there now, and what was there at any past moment."""
