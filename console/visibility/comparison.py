"""A difference of any number of rows: kept in the database, given by the page and by words.

A screen holds the rows around its cursor. The answer is made once and lies in a table of a
connection of its own, so that the rows of a page are those that were counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from console.case.pivots import Page
from console.case.queryfiles import load
from console.visibility.diff import Known, questions

if TYPE_CHECKING:
    from console.case.workspace import Workspace
    from console.visibility.target import Target

NO_LIMIT = 1 << 62


@dataclass(frozen=True)
class Part:
    """Some of the rows. offset: of the first; total: how many the words leave, of all."""

    page: Page
    offset: int
    total: int
    of: int


class Comparison:
    """captures: those that are compared, one for each container of the target."""

    def __init__(self, workspace: Workspace, what: str, target: Target, against: str) -> None:
        """Reads all of them. Raises UsageError or CaseError as `differences` does."""
        asked = questions(workspace, what, target, against)
        self.captures: tuple[Known, ...] = tuple(one.capture for one in asked)
        self._lock = Lock()
        self._is_joined = len(asked) > 1
        self._cursor = workspace.index.cursor()
        for number, one in enumerate(asked):
            make = "insert into found by name" if number else "create temp table found as"
            of = '$_of::varchar as "of", ' if self._is_joined else ""
            params: dict[str, Any] = {**one.params, "limit": NO_LIMIT, "_number": number}
            if self._is_joined:
                params["_of"] = one.capture.target.rpartition("/")[2]
            # the body is a file of ours; what is not ours is bound
            sql = (
                f"{make} select $_number::integer as _number, row_number() over () as _place,"  # noqa: S608
                f" {of}* from ({one.body}) as answer"
            )
            self._cursor.execute(sql, params)
        [(self._count,)] = self._cursor.execute("select count(*) from found").fetchall()

    def part(self, offset: int, limit: int, text: str = "") -> Part:
        """Rows from a place on. text: words that a row has, `!word` for one that it has not."""
        words = text.lower().split()
        without = [word[1:] for word in words if word.startswith("!") and len(word) > 1]
        params = {
            "words": [word for word in words if not word.startswith("!")], "without": without,
            "is_joined": self._is_joined, "limit": limit, "offset": offset,
        }  # fmt: skip
        with self._lock:
            answer = self._cursor.execute(load("comparison")["page"].body, params)
            columns = tuple(column[0] for column in answer.description or ())
            rows = answer.fetchall()
        if not rows and offset:
            return self.part(0, limit, text)
        total = rows[0][-1] if rows else 0
        page = Page(columns[:-1], [row[:-1] for row in rows], total > offset + len(rows))
        return Part(page, offset, total, self._count)
