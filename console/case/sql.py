"""The analyst's own SQL: one statement that reads, and reaches nothing but the attached events."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from console.case.index import Index
from console.case.pivots import Page
from console.errors import UsageError

READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def run_sql(
    index: Index,
    query: str,
    limit: int | None = None,
    *,
    began: Callable[[duckdb.DuckDBPyConnection], None] = lambda cursor: None,
) -> Page:
    """Run one SELECT. The index is locked down by it for good: use one opened for this.

    began: is given the cursor before it runs, whose `interrupt()` cancels it from any thread.

    Raises UsageError with DuckDB's own words where the statement is wrong or does more than read.
    """
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise UsageError(f"SQL: {error}") from error
    if len(statements) != 1 or statements[0].type not in READING:
        raise UsageError("one SELECT at a time", hint="a case is only read, never changed, by SQL")
    index.lock_down()
    try:
        cursor = index.cursor()
        began(cursor)
        cursor.execute(statements[0].query)
        rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
    except duckdb.Error as error:
        raise UsageError(f"SQL: {error}") from error
    names = tuple(column[0] for column in cursor.description or ())
    is_cut = limit is not None and len(rows) > limit
    return Page(names, rows[:limit] if is_cut else rows, is_cut)
