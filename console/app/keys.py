"""How keys are written, and which a screen has: one list for the last line, help and palette."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

_NAMES = {
    "question_mark": "?", "colon": ":", "slash": "/", "minus": "-", "plus": "+",
    "equals_sign": "=", "left_square_bracket": "[", "right_square_bracket": "]", "escape": "esc",
    "pageup": "pgup", "pagedown": "pgdn", "left": "←", "right": "→", "up": "↑", "down": "↓",
}  # fmt: skip


def key_name(binding: Binding) -> str:
    """As it stands on the keyboard."""
    if binding.key_display:
        return binding.key_display
    *modifiers, key = binding.key.split("+")
    return "-".join([*modifiers, _NAMES.get(key, key)])


def keys_of(screen: Screen[object]) -> Iterator[tuple[str, Binding, DOMNode]]:
    """(keys, binding, whose it is) of what works on the screen now, the focused widget's first.

    Several keys for one action are one entry.
    """
    names: dict[str, list[str]] = {}
    bindings: dict[str, tuple[Binding, DOMNode]] = {}
    for node, binding, is_enabled, _ in screen.active_bindings.values():
        if is_enabled and binding.description and not binding.system:
            names.setdefault(binding.action, []).append(key_name(binding))
            bindings.setdefault(binding.action, (binding, node))
    for action, (binding, node) in bindings.items():
        yield " ".join(dict.fromkeys(names[action])), binding, node
