"""How one event is named in journals and reports: `<sha256>[!member]:<line>[.<part>]`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from console.case.text import visible
from console.errors import UsageError

# A member may hold any character, so the line is what stands after the last colon.
_FORM = re.compile(r"([0-9a-f]{64})(?:!(.+))?:([0-9]{1,18})(?:\.([0-9]{1,18}))?", re.DOTALL)


@dataclass(frozen=True, order=True)
class Citation:
    """An event of one evidence file; `member` is the path inside an archive, or empty."""

    evidence: str
    member: str
    line: int
    part: int = 0

    def __str__(self) -> str:
        member = f"!{self.member}" if self.member else ""
        part = f".{self.part}" if self.part else ""
        return f"{self.evidence}{member}:{self.line}{part}"

    @classmethod
    def parse(cls, text: str) -> Citation:
        """Raises UsageError for anything that `str()` did not make."""
        match = _FORM.fullmatch(text)
        if match:
            citation = cls(match[1], match[2] or "", int(match[3]), int(match[4] or 0))
            if str(citation) == text:
                return citation
        hint = "it has the form SHA256[!MEMBER]:LINE[.PART]"
        raise UsageError("not a citation", where=visible(text[:80]), hint=hint)

    def display(self) -> str:
        """Short and safe to show: 12 digits of the hash, then member and line."""
        return visible(f"{self.evidence[:12]}{str(self)[64:]}")
