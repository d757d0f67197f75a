"""What commands and screens ask of an ingest: add, go on, correct, rebuild, show a line."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from console.case.index import Index
from console.case.locks import free_lock, take_lock
from console.case.queryfiles import load as load_queries
from console.case.text import visible
from console.errors import CaseError, UsageError
from console.ingest.compact import rewriting
from console.ingest.decode import Settings
from console.ingest.formats import load_formats
from console.ingest.grams import make_grams
from console.ingest.limits import Limits
from console.ingest.load import EvidenceReport, Item, Loader, Progress, Resume
from console.ingest.segment import Segment
from console.ingest.sources import Unread, find_files, verbatim

if TYPE_CHECKING:
    from console.case.evidence import Evidence
    from console.case.folder import Case

MAX_SHOWN_BYTES = 1 << 20
BUSY_POLL_S = 0.2
MAX_HELD = 200  # files that are read and not yet published; each holds a lock


@dataclass(frozen=True)
class AddOptions:
    """What the analyst says about evidence when adding it."""

    in_place: bool = False
    zone: str | None = None
    year: int | None = None
    skew_s: float | None = None
    node: str | None = None
    cluster: str | None = None
    source: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Added:
    """One path that was added: its evidence and what was read, or why it could not be."""

    name: str
    evidence: Evidence | None = None
    report: EvidenceReport | None = None
    is_known: bool = False
    is_elsewhere: bool = False  # another process is reading it
    error: CaseError | None = None

    def faults(self) -> list[str]:
        """What could not be read, and how many lines are in no event; empty where all is there."""
        if self.error is not None:
            return [str(self.error)]
        if self.report is None:
            return []
        lines = sum(tally.lines for tally in self.report.files)
        covered = sum(tally.covered for tally in self.report.files)
        missing = [f"{covered:,} of {lines:,} lines are in an event"] if lines != covered else []
        return missing + [
            f"{one.path}{'' if one.offset is None else f' at byte {one.offset:,}'}: {one.reason}"
            for one in self.report.unread
            if one.is_log
        ]


def check_zone(zone: str | None) -> None:
    """Raises UsageError for a name that is no IANA time zone."""
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            "no such time zone", where=zone[:60], hint="an IANA name such as Europe/Berlin or UTC"
        ) from error


def parse_options(text: str) -> AddOptions:
    """Options as typed in the console: `--tz Europe/Berlin --year 2025 --in-place`."""
    words = shlex.split(text)
    options = AddOptions()
    while words:
        name = words.pop(0)
        if name == "--in-place":
            options = replace(options, in_place=True)
            continue
        if name not in _OPTIONS or not words:
            raise UsageError("unknown option", where=name[:40], hint=", ".join(_OPTIONS))
        attribute, convert = _OPTIONS[name]
        try:
            options = replace(options, **{attribute: convert(words.pop(0))})
        except ValueError as error:
            raise UsageError(f"not a value for {name}", hint="a number") from error
    check_zone(options.zone)
    return options


_OPTIONS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--tz": ("zone", str),
    "--year": ("year", int),
    "--skew": ("skew_s", float),
    "--node": ("node", str),
    "--cluster": ("cluster", str),
    "--source": ("source", str),
}


def add_paths(
    case: Case,
    paths: Sequence[Path | IO[bytes]],
    options: AddOptions = AddOptions(),
    *,
    progress: Callable[[Progress], None] = lambda progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Added]:
    """Take files into the case and read them; yields each as soon as it is read.

    What an earlier run left unread is read first. Cancelling keeps every segment that is whole.
    """
    check_zone(options.zone)
    yield from resume(case, options.limits, progress=progress, is_cancelled=is_cancelled)
    elsewhere = []
    with _loader(case, options.limits, progress, is_cancelled) as session:
        wanted = takewhile(lambda _: not is_cancelled(), _found(paths))
        read = (_add_one(session, found, options, is_cancelled) for found in wanted)
        for added in _settled(session, read):
            if added.is_elsewhere and added.evidence:
                elsewhere.append(added.evidence)
            else:
                yield added
        for evidence in elsewhere:
            session.publish()  # hold nothing while waiting: two must not wait for each other
            yield from _settled(session, [_await(session, evidence, is_cancelled)])


def _settled(session: _Session, read: Iterable[Added]) -> Iterator[Added]:
    """The same, each when its report is whole."""
    waiting: list[Added] = []
    for added in read:
        waiting.append(added)
        if not session.loader.is_waiting:
            yield from waiting
            waiting.clear()
    session.loader.settle()
    yield from waiting


def _await(session: _Session, evidence: Evidence, is_cancelled: Callable[[], bool]) -> Added:
    """What another process reads: its end is awaited; if it died or gave up, it is read here."""
    while (added := _load(session, evidence)).is_elsewhere and not is_cancelled():
        time.sleep(BUSY_POLL_S)
    return added


def add_stream(
    case: Case, stream: IO[bytes], name: str, options: AddOptions, *, also: str = ""
) -> Added:
    """Take a stream as evidence of that name and read it, in a segment of its own.

    also: SHA-256 of evidence that `store_stream` took, read into the same segment.
    """
    with _loader(case, options.limits, lambda progress: None, lambda: False) as session:
        if also:
            _load(session, case.store.get(also))
        return _add_one(session, (name, stream), options, lambda: False)


def store_stream(case: Case, stream: IO[bytes], name: str, options: AddOptions) -> Evidence:
    """Take a stream as evidence and leave the reading to `add_stream`, or to the next run's start.

    Raises CaseError.
    """
    evidence = case.store.add_stream(stream, name, source=options.source)
    if not evidence.known or evidence.sha256 not in case.state().evidence:
        case.record_added(evidence, source=options.source)
    return evidence


def _found(paths: Sequence[Path | IO[bytes]]) -> Iterator[tuple[str, Path | IO[bytes] | Unread]]:
    for path in paths:
        if not isinstance(path, Path):
            yield "stdin", path
            continue
        base = path if path.is_dir() else path.parent
        for found in find_files(path):
            if isinstance(found, Unread):
                yield found.path, found
            else:
                inner = found.relative_to(base)
                yield (f"{path.name}/{inner}" if path.is_dir() else found.name), found


def _add_one(
    session: _Session,
    found: tuple[str, Path | IO[bytes] | Unread],
    options: AddOptions,
    is_cancelled: Callable[[], bool],
) -> Added:
    case = session.case
    name, source = found
    if isinstance(source, Unread):
        return Added(name, error=CaseError(source.reason, where=name))
    try:
        if isinstance(source, Path):
            evidence = case.store.add_file(
                source,
                name=name,
                in_place=options.in_place,
                source=options.source,
                cancelled=is_cancelled,
            )
        else:
            evidence = case.store.add_stream(source, name, source=options.source)
    except CaseError as error:
        return Added(name, error=error)
    # known but not journalled: a run was killed between the two
    if not evidence.known or evidence.sha256 not in case.state().evidence:
        case.record_added(evidence, source=options.source)
    if evidence.known:
        return Added(name, evidence, is_known=True)
    settings = {"zone": options.zone, "year": options.year, "skew_s": options.skew_s,
                "node": options.node, "cluster": options.cluster}  # fmt: skip
    if any(value is not None for value in settings.values()):
        case.record("evidence.set", data={"sha256": evidence.sha256, **settings})
    return _load(session, evidence)


def _load(session: _Session, evidence: Evidence) -> Added:
    """Read one evidence file, unless another process is reading it right now, or has."""
    if not session.take(evidence.sha256):
        return Added(evidence.name, evidence, is_elsewhere=True)
    if session.is_finished(evidence.sha256):
        return Added(evidence.name, evidence, is_known=True)
    item = Item(
        evidence.sha256,
        evidence.name,
        evidence.data_path,
        evidence.size_bytes,
        evidence.mtime,
        _settings(session.case, evidence.sha256),
    )
    try:
        report = session.loader.load(item, session.places(evidence.sha256))
    except CaseError as error:
        return Added(evidence.name, evidence, error=error)
    return Added(evidence.name, evidence, report)


def resume(
    case: Case,
    limits: Limits | None = None,
    *,
    progress: Callable[[Progress], None] = lambda progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Added]:
    """Read the evidence that an earlier run added but did not read to its end."""
    index = Index(case.index_dir)
    try:
        rows = index.cursor().execute("select evidence from finished").fetchall()
        finished = {sha256 for (sha256,) in rows}
    finally:
        index.close()
    waiting = [item for item in case.store.list() if item.sha256 not in finished]
    if not waiting:
        return
    with _loader(case, limits, progress, is_cancelled) as session:
        wanted = takewhile(lambda _: not is_cancelled(), waiting)
        for added in _settled(session, (_load(session, evidence) for evidence in wanted)):
            if not added.is_elsewhere:
                yield added


@dataclass
class _Session:
    """A loader with the evidence that only this process may read until it is published.

    A lock ends with its process: a killed one holds nothing. It is kept until the rows are in the
    index, else another process would find neither lock nor rows, and read them again.
    """

    case: Case
    loader: Loader
    index: Index
    held: dict[Path, IO[bytes]] = field(default_factory=dict)

    def take(self, sha256: str) -> bool:
        """Whether this process may read that evidence now."""
        if len(self.held) >= MAX_HELD:
            self.publish()
        self.case.index_dir.mkdir(mode=0o700, exist_ok=True)
        path = self.case.index_dir / f".ingest-{sha256}.lock"
        handle = take_lock(path)
        if handle is not None:
            self.held[path] = handle
        return handle is not None

    def is_finished(self, sha256: str) -> bool:
        """Whether some process has published it meanwhile."""
        self.index.refresh()
        query = "select 1 from finished where evidence = $evidence"
        return bool(self.index.cursor().execute(query, {"evidence": sha256}).fetchone())

    def places(self, sha256: str) -> dict[str, Resume]:
        """How far each file of one evidence file was read."""
        sql = load_queries("ingest")["places"].body
        rows = self.index.cursor().execute(sql, {"evidence": sha256}).fetchall()
        return {
            path: Resume(next_offset, frozenset(held or ()), is_complete)
            for path, next_offset, held, is_complete in rows
        }

    def publish(self) -> None:
        """What is read becomes visible, then others may look at it."""
        self.loader.close()
        self.release()

    def release(self) -> None:
        for path, handle in self.held.items():
            free_lock(path, handle)
        self.held.clear()


@contextmanager
def _loader(
    case: Case,
    limits: Limits | None,
    progress: Callable[[Progress], None],
    is_cancelled: Callable[[], bool],
) -> Iterator[_Session]:
    """A loader whose whole segments are published, whatever ends the block."""
    loader = Loader(
        case.index_dir,
        load_formats(case.folder),
        masking_key=case.masking_key(),
        limits=limits,
        progress=progress,
        is_cancelled=is_cancelled,
    )
    session = _Session(case, loader, Index(case.index_dir))
    try:
        yield session
        session.publish()
    except BaseException:
        loader.discard()
        raise
    finally:
        session.release()
        session.index.close()


def _settings(case: Case, sha256: str) -> Settings:
    said = case.state().settings.get(sha256)
    if said is None:
        return Settings()
    return Settings(
        zone=said.zone,
        year=said.year,
        skew_us=round((said.skew_s or 0) * 1_000_000),
        node=said.node,
        cluster=said.cluster,
    )


def reindex(
    case: Case,
    *,
    progress: Callable[[Progress], None] = lambda progress: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Added]:
    """Throw the index away and build it again from evidence and journal."""
    with rewriting(case.index_dir):
        for path in sorted(case.index_dir.glob("*.duckdb")):
            path.unlink()
    yield from resume(case, progress=progress, is_cancelled=is_cancelled)


def correct(
    case: Case,
    sha256: str,
    *,
    zone: str | None = None,
    year: int | None = None,
    skew_s: float | None = None,
) -> int:
    """Correct the times of one evidence file in place; returns the number of its events.

    The segments that hold it are written anew from their own rows; the evidence is not read again.
    """
    check_zone(zone)
    before = _settings(case, sha256)
    after = replace(
        before,
        zone=zone if zone is not None else before.zone,
        year=year if year is not None else before.year,
        skew_us=round(skew_s * 1_000_000) if skew_s is not None else before.skew_us,
    )
    changed = {"zone": zone, "year": year, "skew_s": skew_s}
    case.record(
        "evidence.set",
        data={"sha256": sha256, **{k: v for k, v in changed.items() if v is not None}},
    )
    with rewriting(case.index_dir):
        return sum(
            _rewrite(case.index_dir, path, sha256, before, after)
            for path in sorted(case.index_dir.glob("*.duckdb"))
        )


def _rewrite(index_dir: Path, path: Path, sha256: str, before: Settings, after: Settings) -> int:
    """Write one segment anew with corrected times, if it holds that evidence."""
    sql = load_queries("ingest")
    with duckdb.connect(str(path), read_only=True) as old:
        row = old.execute(
            "select count(*) from events where evidence = $evidence", {"evidence": sha256}
        ).fetchone()
    count = int(row[0]) if row else 0
    if not count:
        return 0
    segment = Segment(index_dir, reads=path)
    try:
        connection = segment.connection
        connection.execute(load_queries("schema")["macros"].body)
        params = {
            "evidence": sha256,
            "old_zone": before.zone,
            "new_zone": after.zone,
            "old_year": before.year,
            "new_year": after.year,
            "shift_us": after.skew_us - before.skew_us,
            "old_skew_us": before.skew_us,
            "new_skew_us": after.skew_us,
        }
        body = sql["correct"].body
        connection.execute(body, {k: v for k, v in params.items() if f"${k}" in body})
        for table in ("unread", "finished", "settings", "replaces"):
            connection.execute(f"insert into {table} select * from old.{table}")  # noqa: S608
        connection.execute(sql["correct_sources"].body)
        make_grams(connection)
        connection.execute("insert into replaces values ($name)", {"name": path.stem})
        connection.execute("detach old")
        segment.publish()
    except BaseException:
        segment.discard()
        raise
    path.unlink()
    return count


def event_text(case: Case, event: dict[str, Any], limits: Limits | None = None) -> list[str]:
    """The lines of an event as they stand in the evidence, for the screen: controls not yet shown.

    event: a row of the view `events`, as `Timeline.event` gives it.
    """
    evidence = case.store.get(event["evidence"])
    inner = str(event["path"])[len(visible(evidence.name)) :]
    spans = [(event["line"], event["offset_bytes"], event["size_bytes"])]
    spans += [(c["line"], c["offset_bytes"], c["size_bytes"]) for c in event["cites"] or ()]
    return [
        verbatim(
            evidence.data_path, inner, offset, min(size, MAX_SHOWN_BYTES), limits or Limits()
        ).decode("utf-8", "backslashreplace")
        for _, offset, size in sorted(spans)
    ]
