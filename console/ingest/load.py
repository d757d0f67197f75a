"""Evidence becomes segments: each file is framed, decoded and stored, and its lines are counted.

A segment that is published holds whole files, or a stretch of one with the place where the next
stretch begins; so a run that was killed goes on where the last published segment ends, and no line
is read into two events.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from console.errors import CaseError
from console.ingest.decode import Decoder, FileFacts, Settings
from console.ingest.framers import frame_member
from console.ingest.framing import CHUNK_BYTES, Rows, join_rows
from console.ingest.limits import Limits
from console.ingest.sources import Member, Unread, open_members
from console.ingest.storing import Store

if TYPE_CHECKING:
    from console.ingest.formats import Formats

SEGMENT_EVENTS = 3_000_000
# What is read so far is there to work with after so long, then after twice as long, and so on: the
# segments stay few, as each costs a query a little.
FIRST_SEGMENT_S = 3.0
HELD_ROWS = 50_000  # more rows than this are not kept waiting for the rest of their event
HELD_BYTES = 8 << 20
DECODER_MEMORY = "250MB"


@dataclass(frozen=True)
class Item:
    """One evidence file to read: its hash, its display name, its bytes on disk."""

    evidence: str
    name: str
    data: Path
    size_bytes: int
    mtime: datetime | None
    settings: Settings = field(default_factory=Settings)


@dataclass
class FileTally:
    """What was read of one file (a member of an archive counts as a file)."""

    path: str
    bytes: int = 0
    lines: int = 0
    covered: int = 0
    events: int = 0
    text: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    seconds: float = 0.0

    def add(self, chain: str, count: int, first: datetime | None, last: datetime | None) -> None:
        self.events += count
        self.formats[chain] = self.formats.get(chain, 0) + count
        if chain == "text":
            self.text += count
        self.first = min(filter(None, (self.first, first)), default=None)
        self.last = max(filter(None, (self.last, last)), default=None)


@dataclass
class EvidenceReport:
    """What an ingest of one evidence file came to."""

    item: Item
    files: list[FileTally] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    problems: list[CaseError] = field(default_factory=list)
    seconds: float = 0.0
    is_complete: bool = False


@dataclass(frozen=True)
class Resume:
    """Where a file's published rows end."""

    next_offset: int = 0  # bytes before it are in the index
    held: frozenset[int] = frozenset()  # but for the rows at these offsets
    is_complete: bool = False


@dataclass(frozen=True)
class Progress:
    """How far an ingest is with one evidence file: its bytes copied, or of its members read.

    events: so many were stored in this run.
    """

    name: str
    bytes: int
    events: int
    is_copying: bool = False


@dataclass
class _Open:
    """A file whose rows are being decoded."""

    report: EvidenceReport
    file: int
    tally: FileTally
    header: str
    next_offset: int = 0

    @property
    def item(self) -> Item:
        return self.report.item


class Loader:
    """Reads evidence into segments of one index folder. Close it to publish what is read."""

    def __init__(
        self,
        index_dir: Path,
        formats: Formats,
        *,
        masking_key: bytes,
        limits: Limits | None = None,
        progress: Callable[[Progress], None] = lambda progress: None,
        is_cancelled: Callable[[], bool] = lambda: False,
        segment_events: int = SEGMENT_EVENTS,
        first_segment_s: float = FIRST_SEGMENT_S,
    ) -> None:
        self.index_dir, self.formats = index_dir, formats
        self.limits = limits or Limits()
        self._masking_key = masking_key
        self._progress, self.is_cancelled = progress, is_cancelled
        self.event_count = 0
        self._segment_events = segment_events
        self._segment_s = first_segment_s
        self._began_at = 0.0
        self._store: Store | None = None
        self._publishing = ThreadPoolExecutor(1)
        self._published: Future[None] | None = None
        self._decoder: Decoder | None = None
        self._file_count = 0
        self._new_files: list[FileFacts] = []
        self._small: list[tuple[_Open, Rows]] = []
        self._small_bytes = 0
        self._flushed_s = 0.0  # shared out to the files that were decoded together
        self._unsettled: list[EvidenceReport] = []
        self._read_bytes: Counter[str] = Counter()  # by evidence

    def load(self, item: Item, resume: dict[str, Resume] | None = None) -> EvidenceReport:
        """Read one evidence file; what its files lack is in the report, and raises nothing.

        Small files are decoded together: the report is whole once nothing is waiting.
        """
        began = time.monotonic() - self._flushed_s
        report = EvidenceReport(item)
        done = resume or {}
        members = open_members(
            item.data, item.name, self.limits, report.unread.append, item.size_bytes
        )
        was_cancelled = False
        for member in members:
            if self.is_cancelled():
                was_cancelled = True
                break
            place = done.get(member.path, Resume())
            if not place.is_complete and not self._read(member, place, report):
                was_cancelled = True
                break
        report.is_complete = not was_cancelled
        report.seconds += time.monotonic() - self._flushed_s - began
        self._unsettled.append(report)
        if was_cancelled or not self._small:
            self.settle()
        return report

    @property
    def is_waiting(self) -> bool:
        """Whether there are reports that are not whole yet."""
        return bool(self._unsettled)

    def settle(self) -> None:
        """Decode what is waiting to be decoded together; cancelled, leave it to a later run."""
        if self.is_cancelled():
            self._leave_small()
        self._flush_small()
        for report in self._unsettled:
            if not report.is_complete:
                hint = "add it again"
                report.problems.append(CaseError("cancelled", where=report.item.name, hint=hint))
            else:
                unread = [(one.path, one.offset, one.reason) for one in report.unread]
                self._opened_store().finish(report.item.evidence, unread)
            if self._decoder:
                report.problems.extend(self._decoder.failed.values())
        self._unsettled.clear()
        self._read_bytes.clear()

    def close(self) -> None:
        """Publish the last segment."""
        if self._unsettled:
            self.settle()
        self._publish()
        self._publishing.shutdown()
        self._close_decoder()

    def discard(self) -> None:
        """Drop what was not published."""
        if self._store:
            self._store.discard()
            self._store = None
        self._publishing.shutdown()  # what is being published is whole
        self._close_decoder()

    def _opened_store(self) -> Store:
        if self._store is None:
            self._store = Store(self.index_dir, masking_key=self._masking_key)
            self._began_at = time.monotonic()
        return self._store

    def _is_due(self) -> bool:
        """Whether readers shall see what is stored, before all is read."""
        count = self._opened_store().event_count
        if count >= self._segment_events:
            return True
        if not count or time.monotonic() - self._began_at < self._segment_s:
            return False
        self._segment_s *= 2
        return True

    def _opened_decoder(self) -> Decoder:
        if self._decoder is None:
            connection = duckdb.connect(config={"memory_limit": DECODER_MEMORY, "threads": 1})
            connection.execute("set timezone = 'UTC'")
            connection.execute("set enable_external_access = false")
            self._decoder = Decoder(connection, self.formats)
        if self._new_files:
            self._decoder.add_files(self._new_files)
            self._new_files.clear()
        return self._decoder

    def _close_decoder(self) -> None:
        if self._decoder:
            self._decoder.connection.close()
            self._decoder = None

    def _publish(self, *, goes_on: bool = False) -> None:
        """Let readers see what is stored. goes_on: without waiting, as more is read meanwhile.

        One after the other: what a segment says of how far it came holds for those before it, too.
        """
        store, self._store = self._store, None
        try:
            self._await_published()
        except BaseException:
            if store:
                store.discard()
            raise
        if store:
            self._published = self._publishing.submit(store.publish)
        if not goes_on:
            self._await_published()

    def _await_published(self) -> None:
        published, self._published = self._published, None
        if published:
            published.result()

    def _read(self, member: Member, place: Resume, report: EvidenceReport) -> bool:
        """Read one member; False when it was cancelled in the middle."""
        began = time.monotonic()
        tally = FileTally(member.path)
        report.files.append(tally)
        chunks = _after(frame_member(member, report.unread.append), place)
        first = next(chunks, None)
        if first is None:
            return True
        second = next(chunks, None)
        opened = _Open(report, self._register(report.item, member, first), tally, first.header)
        if second is None:
            if self._small_bytes + len(first.buffer) > 2 * CHUNK_BYTES:
                self._flush_small()  # it is not copied to lie with the others
            self._small.append((opened, first))
            self._small_bytes += len(first.buffer)
            if self._small_bytes >= CHUNK_BYTES or len(self._small) >= 2000:
                self._flush_small()
            return True
        self._flush_small()
        finished = self._read_large(member, opened, _chain(first, second, chunks))
        tally.seconds += time.monotonic() - began
        return finished

    def _read_large(self, member: Member, opened: _Open, chunks: Iterator[Rows]) -> bool:
        """Chunk by chunk; rows of an event that may still grow wait for the next chunk."""
        carried: Rows | None = None
        ahead = _read_ahead(chunks)
        following = next(ahead, None)
        while following is not None:
            rows, following = following, next(ahead, None)
            if carried is not None:
                rows = join_rows([carried, rows])
            if rows.header != opened.header:
                opened.file, opened.header = self._register(opened.item, member, rows), rows.header
            is_last = following is None
            carried = self._decode_large(opened, rows, is_last)
            is_cancelled = not is_last and self.is_cancelled()
            if is_last or is_cancelled or self._is_due():
                self._store_source(opened, is_complete=is_last, held=carried)
                if not is_last:
                    self._publish(goes_on=not is_cancelled)
                    if is_cancelled:
                        return False
                    opened.file = self._register(opened.item, member, rows)
                    opened.tally = FileTally(opened.tally.path)
                    opened.report.files.append(opened.tally)
        return True

    def _decode_large(self, opened: _Open, rows: Rows, is_last: bool) -> Rows | None:
        decoder = self._opened_decoder()
        [held] = decoder.decode([(opened.file, rows)], final=is_last)
        if len(held) > HELD_ROWS or int(rows.sizes[held].sum()) > HELD_BYTES:
            decoder.decode([(opened.file, rows)], final=True)
            held = np.zeros(0, np.int64)
        self._keep([(opened, rows)], {opened.file: held})
        return rows.take(held) if len(held) else None

    def _flush_small(self) -> None:
        """Decode the whole small files that were collected, in one go."""
        if not self._small:
            return
        began = time.monotonic()
        parts, whole_bytes = self._small, max(self._small_bytes, 1)
        self._small, self._small_bytes = [], 0
        self._opened_decoder().decode([(opened.file, rows) for opened, rows in parts], final=True)
        self._keep(parts, {})
        spent = time.monotonic() - began
        self._flushed_s += spent
        for opened, rows in parts:
            opened.tally.seconds = spent * len(rows.buffer) / whole_bytes
            opened.report.seconds += opened.tally.seconds
            self._store_source(opened, is_complete=True, held=None)
        if self._is_due():
            self._publish(goes_on=True)

    def _leave_small(self) -> None:
        """Small files that wait to be decoded are left to a later run."""
        for opened, _ in self._small:
            opened.report.is_complete = False
        self._small, self._small_bytes = [], 0

    def _keep(self, parts: list[tuple[_Open, Rows]], held: dict[int, np.ndarray]) -> None:
        """Hand the decoded batch to the segment and count what it covers."""
        store, decoder = self._opened_store(), self._opened_decoder()
        by_file = {opened.file: opened for opened, _ in parts}
        decoded = decoder.decoded()
        store.add(decoded, sum(len(rows) for _, rows in parts))
        self.event_count += decoded.events.num_rows
        for file, chain, count, first, last in decoder.tally():
            skew = timedelta(microseconds=by_file[file].item.settings.skew_us)
            by_file[file].tally.add(chain, count, first and first + skew, last and last + skew)
        for file, count in decoder.covered().items():
            by_file[file].tally.covered += count
        for opened, rows in parts:
            waiting = held.get(opened.file, np.zeros(0, np.int64))
            opened.tally.lines += int(rows.line_count.sum() - rows.line_count[waiting].sum())
            opened.tally.bytes += int(rows.span.sum() - rows.span[waiting].sum())
            opened.next_offset = int(rows.offset[-1] + rows.span[-1])
            self._read_bytes[opened.item.evidence] += int(rows.span.sum())
        for item in {opened.item.evidence: opened.item for opened, _ in parts}.values():
            size = self._read_bytes[item.evidence]
            self._progress(Progress(item.name, size, self.event_count))

    def _store_source(self, opened: _Open, *, is_complete: bool, held: Rows | None) -> None:
        tally = opened.tally
        self._opened_store().add_source(
            evidence=opened.item.evidence,
            path=tally.path,
            lines=tally.lines,
            covered=tally.covered,
            events=tally.events,
            text=tally.text,
            bytes=tally.bytes,
            formats=[{"chain": chain, "events": count} for chain, count in tally.formats.items()],
            first_ts=tally.first,
            last_ts=tally.last,
            seconds=tally.seconds,
            is_complete=is_complete,
            next_offset=opened.next_offset,
            held=held.offset.tolist() if held is not None else [],
        )

    def _register(self, item: Item, member: Member, first: Rows) -> int:
        """The key of a file; the decoder is told of it with the next rows."""
        self._file_count += 1
        self._new_files.append(
            FileFacts(
                self._file_count,
                item.evidence,
                member.path,
                first.header,
                member.mtime or item.mtime,
                item.settings,
            )
        )
        return self._file_count


def _after(chunks: Iterator[Rows], place: Resume) -> Iterator[Rows]:
    """The rows that are not in the index yet; rows that waited come with the chunk after them."""
    waiting: list[Rows] = []
    held = np.array(sorted(place.held), np.int64)
    for rows in chunks:
        if int(rows.offset[-1]) >= place.next_offset:
            yield join_rows([*waiting, rows]) if waiting else rows
            waiting = []
        elif len(picked := np.flatnonzero(np.isin(rows.offset, held))):
            waiting.append(rows.take(picked))
    if waiting:
        yield join_rows(waiting)


def _read_ahead(chunks: Iterator[Rows]) -> Iterator[Rows]:
    """The same rows, with the next chunk read and framed while this one is decoded."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, chunks, None)
        while (rows := following.result()) is not None:
            following = pool.submit(next, chunks, None)
            yield rows


def _chain(first: Rows, second: Rows | None, rest: Iterator[Rows]) -> Iterator[Rows]:
    yield first
    if second is not None:
        yield second
        yield from rest
