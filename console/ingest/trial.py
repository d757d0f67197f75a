"""Lines through the formats without a case: what a test, or `kubecase formats test`, looks at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb
import numpy as np

from console.case.queryfiles import load
from console.ingest.decode import Decoder, FileFacts, Settings
from console.ingest.formats import Formats
from console.ingest.framers import header_of
from console.ingest.framing import rows_of
from console.ingest.shaping import Shaper


class Trial:
    """Parses again and again; to make one takes longer than to parse a few lines."""

    def __init__(self, formats: Formats) -> None:
        self._stored = duckdb.connect()
        decoding = duckdb.connect()
        for each in (self._stored, decoding):
            each.execute("set timezone = 'UTC'")
        self._stored.execute(load("schema")["events"].body)
        self._decoder = Decoder(decoding, formats)
        self._shaper = Shaper(b"trial")
        self._file = 0

    def parse(
        self,
        lines: Sequence[str | bytes],
        *,
        path: str = "sample.log",
        header: str | None = None,
        file_ts: datetime = datetime(2026, 11, 24),
        zone: str | None = None,
        year: int | None = None,
    ) -> list[dict[str, Any]]:
        """The events of these lines, in their order, as dicts of the columns that are not null.

        `line` is 1-based. A format that fails raises its CaseError.
        """
        self._file += 1
        texts = [line.encode() if isinstance(line, str) else line for line in lines]
        sizes = np.array([len(text) + 1 for text in texts], np.int64)
        rows = rows_of(
            texts,
            np.arange(1, len(texts) + 1, dtype=np.int64),
            np.ones(len(texts), np.int64),
            np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
            sizes,
        )
        header = header_of(rows) if header is None and lines else header or ""
        settings = Settings(zone, year)
        self._decoder.failed.clear()
        self._decoder.add_files([FileFacts(self._file, "trial", path, header, file_ts, settings)])
        self._decoder.decode([(self._file, rows)], final=True)
        for error in self._decoder.failed.values():
            raise error
        self._stored.execute("delete from events")
        self._shaper.shape(self._decoder.decoded(), 0).insert(self._stored)
        cursor = self._stored.execute(
            "select * exclude (seq, evidence, path, line_count, offset_bytes, size_bytes) "
            "from events order by line, part"
        )
        names = [column[0] for column in cursor.description or ()]
        return [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in cursor.fetchall()
        ]
