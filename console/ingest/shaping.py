"""A decoded chunk becomes rows of `events`: secrets masked, true lines and offsets put back.

All in SQL, on a connection of its own, so that it runs beside the decoding of the next chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import arro3.core as arro
import duckdb

from console.case.queryfiles import load
from console.ingest.yields import OF_FILES

if TYPE_CHECKING:
    from console.ingest.decode import Decoded

MEMORY = "250MB"
# What is joined to the rows is small, the rows are not: they are read as they come, in their order.
FIXED_PLAN = "set disabled_optimizers = 'join_order,build_side_probe_side'"


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

    def shape(self, decoded: Decoded, first_seq: int) -> arro.Table:
        """Rows of `events`. first_seq: what the chunk's first row has as `seq`."""
        connection = self._connection
        for name, table in (
            ("given", decoded.events), ("raw", decoded.rows), ("files", decoded.files),
        ):  # fmt: skip
            connection.register(name, table)
        empty = self._columns.keys() - set(decoded.events.column_names)
        nulls = "".join(f", null::{self._columns[name]} as {name}" for name in sorted(empty))
        connection.execute(f"create or replace temp view batch as select *{nulls} from given")  # noqa: S608
        connection.execute(self._sql["mask_rows"])
        unfilled = ", ".join(sorted(empty - OF_FILES - {"program"}))  # that one is never a column
        store = self._sql["store"]
        if unfilled:
            store = f"select * exclude ({unfilled}) from ({store})"  # noqa: S608
        shaped = arro.Table.from_arrow(connection.sql(store, params={"first_seq": first_seq}))
        for name in ("given", "raw", "files"):
            connection.unregister(name)
        return shaped

    def close(self) -> None:
        self._connection.close()
