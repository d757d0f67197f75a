"""All segments of a case as one view `events`: read side by side with whoever writes more.

The database lies in memory and has every published segment attached read-only. Any number of
cursors share it, one per thread; a cursor's `interrupt()` cancels its query. Nothing here waits for
a lock: a segment that is being built has a name that is not looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

import duckdb

from console.case.queryfiles import load
from console.errors import CaseError

if TYPE_CHECKING:
    from console.case.citation import Citation
    from console.case.filter import Alternatives

META = ("sources", "unread", "finished", "settings")
UNION = " union all by name "
MAX_BRANCHES = 16  # runs of events that one query names
GRACE_S = 30.0  # a query is asked that long, at most, after its text was put together
WORTH_SHARE = 0.6  # of the runs; where more than these may match, all are looked at


class Index:
    """The events of a case. `refresh()` takes up what was published since the last call."""

    def __init__(self, index_dir: Path) -> None:
        self.index_dir = index_dir
        self._lock = Lock()
        self._attached: dict[str, str] = {}  # file name -> database name
        self._count = 0
        self._leaving: list[tuple[float, str]] = []  # since when, which database has no file
        self._segments: list[str] = []  # the databases of the view
        self._with_grams: dict[str, bool] = {}
        self._relations: dict[tuple[Alternatives, ...], tuple[int, str]] = {}
        self._hunting = Lock()  # who asks second waits for the answer of the first
        # SELECT -> of which generation, table, and the one before, which a query may still name
        self._hunts: dict[str, tuple[int, str, str]] = {}
        self._hunt_count = 0
        self.generation = 0
        self.database = duckdb.connect(
            ":memory:",
            config={
                "threads": os.cpu_count() or 1,
                "memory_limit": "1GB",
                # made only if a query outgrows memory; DuckDB's own choice is the current folder
                "temp_directory": str(index_dir / f".spill-{os.getpid()}"),
            },
        )
        self.database.execute("set timezone = 'UTC'")
        schema = load("schema")
        self.database.execute("create schema none")
        self.database.execute("use none")
        self.database.execute(schema["events"].body)
        self.database.execute(schema["sources"].body)
        self.database.execute("use memory.main")
        self.database.execute(schema["marks"].body)
        self._create_views({})
        self.database.execute(schema["hunting"].body)
        self.refresh()

    def refresh(self) -> bool:
        """Attach new segments and let go of replaced ones; True if anything changed."""
        with self._lock:
            self._let_go()
            found = {path.name: path for path in self.index_dir.glob("*.duckdb")}
            if found.keys() == self._attached.keys():
                return False
            attached = {name: db for name, db in self._attached.items() if name in found}
            for name in sorted(found.keys() - attached.keys()):
                self._count += 1
                database = f"segment_{self._count}"
                if self._attach(found[name], database):
                    attached[name] = database
            current = self._without_replaced(attached)
            self._create_views(current)
            self._leaving += [
                (monotonic(), db) for name, db in self._attached.items() if name not in attached
            ]
            self._attached = attached
            self.generation += 1
            return True

    def _let_go(self) -> None:
        """Detach what was replaced and removed, which else keeps its memory and its open file.

        A query that is reading it goes on to its end; one whose text names it has had its time.
        """
        now = monotonic()
        for since, database in [*self._leaving]:
            if now - since >= GRACE_S:
                self.database.execute(f"detach {database}")
                self._with_grams.pop(database, None)
                self._leaving.remove((since, database))

    def _attach(self, path: Path, database: str) -> bool:
        """False if the segment was replaced and removed in this very moment."""
        literal = str(path).replace("'", "''")
        try:
            self.database.execute(f"attach '{literal}' as {database} (read_only)")
        except duckdb.IOException as error:
            if not path.exists():
                return False
            raise CaseError(
                "the index can't be read: `kubecase reindex CASE` makes it anew",
                where=str(path),
                hint=str(error),
            ) from error
        return True

    def _without_replaced(self, attached: dict[str, str]) -> dict[str, str]:
        replaced: set[str] = set()
        for database in attached.values():
            rows = self.database.execute(f"select name from {database}.replaces").fetchall()  # noqa: S608
            replaced.update(f"{name}.duckdb" for (name,) in rows)
        return {name: db for name, db in attached.items() if name not in replaced}

    def _create_views(self, segments: dict[str, str]) -> None:
        """Names of databases are ours (`segment_N`), so that no text from outside is in the SQL."""
        databases = list(segments.values())
        self._segments = databases
        for view in ("events", *META):
            # by name, and the empty one with it: a segment of an older version may lack a column
            branches = [f"select *, 0::uinteger as segment from none.{view}"]  # noqa: S608
            branches += [
                f"select *, {number}::uinteger as segment from {database}.{view}"  # noqa: S608
                for number, database in enumerate(databases)
            ]
            self.database.execute(
                f"create or replace view memory.main.{view} as {UNION.join(branches)}"
            )

    def _has_grams(self, cursor: duckdb.DuckDBPyConnection, database: str) -> bool:
        """Whether they tell of every event; else (an older segment) all of its events are read."""
        if not cursor.execute(
            "select 1 from duckdb_tables() where database_name = $name and table_name = 'grams'",
            {"name": database},
        ).fetchall():
            return False
        sql = (
            f"select (select max(seq) from {database}.events)"  # noqa: S608
            f" <= (select max(last_seq) from {database}.grams)"
        )
        [(is_whole,)] = cursor.execute(sql).fetchall()
        return bool(is_whole)

    def relation(self, words: tuple[Alternatives, ...]) -> str:
        """What to select from instead of `events`: the runs that may hold such words, named so.

        `events` itself where that would be no less. Of what was published since the last
        `refresh()` nothing is in either.
        """
        with self._lock:
            generation, segments = self.generation, self._segments
        held = self._relations.get(words)
        if held is None or held[0] != generation:
            held = generation, self._narrowed(segments, words)
            self._relations = {words: held, **dict(list(self._relations.items())[:31])}
        return held[1]

    def hunted(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> str:
        """The table of what a hunt's SELECT finds: asked once for each state of the index.

        cursor: of the caller, who may interrupt it.
        """
        with self._hunting:
            generation, before, oldest = self._hunts.get(sql, (-1, "", ""))
            if generation == self.generation:
                return before
            generation = self.generation
            self._hunt_count += 1
            name = f"memory.main.hunt_{self._hunt_count}"
            keys = f"select distinct evidence, path, line, part from (\n{sql}\n)"  # noqa: S608
            cursor.execute(f"create table {name} as {keys}")
            self._hunts[sql] = generation, name, before
            if oldest:
                cursor.execute(f"drop table {oldest}")
            return name

    def forget_relations(self) -> None:
        """Look into the grams again with the next search, as if it were the first."""
        self._relations = {}

    def _narrowed(self, segments: list[str], words: tuple[Alternatives, ...]) -> str:
        """The names and numbers in it are ours."""
        from console.case.grams import Run, condition, merged

        where, bits = condition(words)
        if not where or not segments:
            return "events"
        cursor = self.cursor()
        branches, all_runs, kept_runs = [], 0, 0
        for number, database in enumerate(segments):
            rows = f"select *, {number}::uinteger as segment from {database}.events"  # noqa: S608
            if database not in self._with_grams:  # segments never change
                self._with_grams[database] = self._has_grams(cursor, database)
            if not self._with_grams[database]:
                branches.append(rows)
                continue
            sql = f"select first_seq, last_seq, {where} from {database}.grams"  # noqa: S608
            runs = cursor.execute(sql, bits).fetchall()
            kept = [Run(first, last) for first, last, may_match in runs if may_match]
            all_runs += len(runs)
            kept_runs += len(kept)
            branches += [
                f"{rows} where seq between {run.first} and {run.last}"
                for run in merged(kept, max(1, MAX_BRANCHES // len(segments)))
            ]
        if all_runs and kept_runs > all_runs * WORTH_SHARE:
            return "events"
        nothing = "select *, 0::uinteger as segment from none.events"
        return f"({UNION.join([nothing, *branches])}) as events"

    @property
    def segments(self) -> list[str]:
        """File names of the segments that are attached."""
        return sorted(self._attached)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor for one thread."""
        return self.database.cursor()

    def set_marks(
        self,
        tags: Iterable[tuple[Citation, str, str]],
        notes: Iterable[tuple[Citation, str, str]],
    ) -> None:
        """Replace what the journals say of events; each: citation, path, tag or text."""
        cursor = self.cursor()
        cursor.execute("begin")
        for table, rows in (("case_tags", tags), ("case_notes", notes)):
            cursor.execute(f"delete from {table}")  # noqa: S608
            values = [(c.evidence, path, c.line, c.part, text) for c, path, text in rows]
            if values:
                cursor.executemany(f"insert into {table} values (?, ?, ?, ?, ?)", values)  # noqa: S608
        cursor.execute("commit")

    def lock_down(self) -> None:
        """From here on nothing but the attached segments can be reached; for the user's own SQL."""
        self.database.execute("set enable_external_access = false")
        self.database.execute("set lock_configuration = true")

    def close(self) -> None:
        self.database.close()
