"""A decoded chunk becomes rows of `events`: secrets masked, true lines and offsets put back.

All in SQL: what is masked on a connection of its own, so that it runs beside the decoding of the
next chunk; the rows where they are stored, straight from what was decoded, without a copy between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import arro3.core as arro
import duckdb

from console.case.queryfiles import load
from console.ingest.yields import OF_FILES

if TYPE_CHECKING:
    from console.ingest.decode import Decoded

MEMORY = "250MB"
NOTHING_MASKED = """
select 0::bigint as place, '' as fields, '' as message, '' as cmdline, '' as user_agent,
    '' as object_name, '' as also
where false"""
# What is joined to the rows is small, the rows are not: they are read as they come, in their order.
FIXED_PLAN = "set disabled_optimizers = 'join_order,build_side_probe_side'"


@dataclass(frozen=True)
class Shaped:
    """A chunk that is ready to be stored.

    events: with `also`; masked: what stands in the place of texts that hold a secret, by `place`;
    views: SQL that gives the events all columns that an event may have; store: SELECT of rows of
    `events`; first_seq: what the chunk's first row has as `seq`.
    """

    decoded: Decoded
    events: arro.RecordBatch
    masked: arro.Table
    views: tuple[str, ...]
    store: str
    first_seq: int

    def insert(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Put the rows into the table `events`."""
        given = {
            "given": arro.Table.from_batches([self.events]),
            "masked": self.masked,
            "raw": self.decoded.rows,
            "files": self.decoded.files,
        }
        for name, table in given.items():
            connection.register(name, table)
        for view in self.views:
            connection.execute(view)
        connection.execute(
            f"insert into events by name {self.store}", {"first_seq": self.first_seq}
        )
        for name in given:
            connection.unregister(name)


class Shaper:
    """masking_key: of the case; what stands for a secret can only be compared."""

    def __init__(self, masking_key: bytes) -> None:
        self._connection = duckdb.connect(config={"memory_limit": MEMORY, "threads": 1})
        self._sql = {name: file.body for name, file in load("ingest").items()}
        self._connection.execute("set timezone = 'UTC'")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute(FIXED_PLAN)
        self._connection.execute(self._sql["mask_macros"])
        self._connection.execute("set variable masking_key = $key", {"key": masking_key.hex()})
        self._connection.execute(self._sql["batch_shape"])
        described = self._connection.execute("describe batch_shape").fetchall()
        self._columns = {name: kind for name, kind, *_ in described if name != "is_open"}
        self._nothing_masked = self._rows(NOTHING_MASKED)

    def shape(self, decoded: Decoded, first_seq: int) -> Shaped:
        """first_seq: what the chunk's first row has as `seq`."""
        connection = self._connection
        connection.register("given", arro.Table.from_batches([decoded.events]))
        connection.register("files", decoded.files)
        empty = self._columns.keys() - set(decoded.events.schema.names)
        nulls = "".join(f", null::{self._columns[name]} as {name}" for name in sorted(empty))
        views = (
            f"create or replace temp view batch as select *{nulls} from given",  # noqa: S608
            self._sql["placed"],
        )
        for view in views:
            connection.execute(view)
        masked = self._nothing_masked
        [[suspects]] = connection.execute(self._sql["suspects"]).fetchall()
        if suspects:
            masked = self._rows(self._sql["mask_rows"])
        also = self._rows(self._sql["also"]).combine_chunks()
        events = decoded.events.append_column("also", also.column("also").chunk(0))
        unfilled = ", ".join(sorted(empty - OF_FILES - {"program"}))  # that one is never a column
        store = self._sql["store"]
        if unfilled:
            store = f"select * exclude ({unfilled}) from ({store})"  # noqa: S608
        for name in ("given", "files"):
            connection.unregister(name)
        return Shaped(decoded, events, masked, views, store, first_seq)

    def _rows(self, sql: str) -> arro.Table:
        """By way of a table: read as it is made, a statement is planned twice."""
        self._connection.execute(f"create or replace temp table made as {sql}")
        return arro.Table.from_arrow(self._connection.sql("from made"))

    def close(self) -> None:
        self._connection.close()
