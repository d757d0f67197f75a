"""Counts as blocks: how much of a cell is filled, in eighths."""

BLOCKS = " ▁▂▃▄▅▆▇█"


def block(count: int, top: int) -> str:
    """Of a cell that `top` would fill; the least there is for the smallest count above none."""
    return BLOCKS[-(-count * 8 // top)]
