"""The one family of errors: each says what is wrong, where, and what to do about it."""

from __future__ import annotations


class CaseError(Exception):
    """Something that the analyst can act on. A bug is never a CaseError.

    what: the fault, as a sentence without a final stop.
    where: file, line, offset, object or column; empty where there is none.
    hint: what to do next; empty where nothing can be done.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        advice = f": {self.hint}" if self.hint else ""
        return f"{self.what}{place}{advice}"


class UsageError(CaseError):
    """The request itself is wrong (exit code 2)."""
