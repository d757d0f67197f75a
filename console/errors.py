"""The one family of errors: each says what is wrong, where, and what to do about it."""

from __future__ import annotations


class CaseError(Exception):
    """Something that the analyst can act on. A bug is never a CaseError.

    what: the fault, as a sentence without a final stop.
    where: file, line, offset, object or column; empty where there is none.
    hint: what to do next; empty where nothing can be done.
    keys: the same in keys of the console, where `hint` speaks of commands.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "", keys: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.hint, self.keys = what, where, hint, keys

    def __str__(self) -> str:
        return self._said(self.hint)

    def on_screen(self) -> str:
        """As the console says it."""
        return self._said(self.keys or self.hint)

    def _said(self, advice: str) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.what}{place}" + (f": {advice}" if advice else "")


class Cancelled(CaseError):
    """The analyst gave it up."""


class UsageError(CaseError):
    """The request itself is wrong (exit code 2)."""
