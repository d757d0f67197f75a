"""What commands and screens ask of an ingest: add, go on, correct, rebuild, show a line."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from console.case.folder import added_draft
from console.case.index import Index
from console.case.journal import Draft
from console.case.queryfiles import load as load_queries
from console.case.state import Setting
from console.case.text import visible
from console.errors import CaseError, UsageError
from console.ingest.claims import Claims
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
CLAIMS = ".reading"  # in the index folder
# of small files that are taken at once, by so many threads
GROUP_FILES, GROUP_BYTES, TAKERS = 64, 16 << 20, 4
MAX_UNPUBLISHED = 5000  # files; of a run that is killed so many are read again


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


_Found = tuple[str, Path | IO[bytes] | Unread]  # a name to show, and what has it


@dataclass(frozen=True)
class Added:
    """One path that was added: its evidence and what was read, or why it could not be."""

    name: str
    evidence: Evidence | None = None
    report: EvidenceReport | None = None
    is_known: bool = False
    is_elsewhere: bool = False  # another process is reading it
    is_resumed: bool = False  # an earlier run took it and did not read it to its end
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

    def notes(self) -> list[str]:
        """What is kept and was never meant to be read, by reason, the commonest first."""
        unread = self.report.unread if self.report is not None else ()
        counts = Counter(one.reason for one in unread if not one.is_log)
        paths = {one.reason: one.path for one in reversed(unread) if not one.is_log}
        return [
            f"{paths[reason]}: {reason}" if count == 1 else f"{count:,} files: {reason}"
            for reason, count in counts.most_common()
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
    resumed = set()
    for added in resume(case, options.limits, progress=progress, is_cancelled=is_cancelled):
        resumed.add(added.evidence.sha256 if added.evidence else "")
        yield added
    elsewhere = []
    with _loader(case, options.limits, progress, is_cancelled) as session:
        groups = takewhile(lambda _: not is_cancelled(), _groups(_found(paths)))
        read = (added for group in groups for added in _add_group(session, group, options))
        for added in _settled(session, read):
            if added.is_elsewhere and added.evidence:
                elsewhere.append(added.evidence)
            elif added.is_known and added.evidence and added.evidence.sha256 in resumed:
                yield replace(added, is_resumed=True)
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
        return next(_add_group(session, [(name, stream)], options))


def store_stream(case: Case, stream: IO[bytes], name: str, options: AddOptions) -> Evidence:
    """Take a stream as evidence and leave the reading to `add_stream`, or to the next run's start.

    Raises CaseError.
    """
    evidence = case.store.add_stream(stream, name, source=options.source)
    if not evidence.known or evidence.sha256 not in case.state().evidence:
        case.record_added(evidence, source=options.source)
    return evidence


def _found(paths: Sequence[Path | IO[bytes]]) -> Iterator[_Found]:
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


def _groups(found: Iterable[_Found]) -> Iterator[list[_Found]]:
    """Small files by the dozen; what is large comes alone."""
    group: list[_Found] = []
    size = 0
    for one in found:
        own = _size_bytes(one[1])
        if group and (size + own > GROUP_BYTES or len(group) >= GROUP_FILES):
            yield group
            group, size = [], 0
        group.append(one)
        size += own
    if group:
        yield group


def _size_bytes(source: Path | IO[bytes] | Unread) -> int:
    if isinstance(source, Unread):
        return 0
    try:
        return source.stat().st_size if isinstance(source, Path) else GROUP_BYTES
    except OSError:
        return 0  # it is gone: taking it tells


def _add_group(session: _Session, group: Sequence[_Found], options: AddOptions) -> Iterator[Added]:
    """Take all of them, write that into the journal, then read one after the other."""
    case = session.case
    if len(group) == 1:
        taken = [_take(session, group[0], options)]
    else:  # each waits for the disk several times
        with ThreadPoolExecutor(TAKERS) as pool:
            taken = list(pool.map(lambda found: _take(session, found, options), group))
        if session.loader.is_cancelled():  # those that were not taken need no word each
            taken = [added for added in taken if added.error is None]
    settings = {"zone": options.zone, "year": options.year, "skew_s": options.skew_s,
                "node": options.node, "cluster": options.cluster}  # fmt: skip
    said = {key: value for key, value in settings.items() if value is not None}
    drafts: dict[str, list[Draft]] = {}
    for added in taken:
        evidence = added.evidence
        # known but not journalled: a run was killed between the two
        if evidence and (not evidence.known or evidence.sha256 not in case.state().evidence):
            drafts.setdefault(evidence.sha256, [added_draft(evidence, source=options.source)])
            if said and not evidence.known:
                data = {"sha256": evidence.sha256, **settings}
                drafts[evidence.sha256].append(Draft("evidence.set", (), (), data))
    if drafts:
        case.record_all([draft for some in drafts.values() for draft in some])
    for added in taken:
        is_new = added.evidence is not None and not added.is_known
        yield _load(session, added.evidence, said) if added.evidence and is_new else added


def _take(session: _Session, found: _Found, options: AddOptions) -> Added:
    """Make one file evidence, or say why it can't be."""
    store, (name, source) = session.case.store, found
    if isinstance(source, Unread):
        return Added(name, error=CaseError(source.reason, where=name))
    copied, is_cancelled = partial(session.copied, name), session.loader.is_cancelled
    try:
        if isinstance(source, Path):
            evidence = store.add_file(
                source, name=name, in_place=options.in_place, source=options.source,
                progress=copied, cancelled=is_cancelled,
            )  # fmt: skip
        else:
            evidence = store.add_stream(
                source, name, source=options.source, progress=copied, cancelled=is_cancelled
            )
    except CaseError as error:
        return Added(name, error=error)
    return Added(name, evidence, is_known=evidence.known)


def _load(session: _Session, evidence: Evidence, said: Mapping[str, Any] = {}) -> Added:
    """Read one evidence file, unless another process is reading it right now, or has.

    said: what was said of it in this run, besides what the journals said when that began.
    """
    if not session.take(evidence.sha256):
        return Added(evidence.name, evidence, is_elsewhere=True)
    if session.is_finished(evidence.sha256):
        return Added(evidence.name, evidence, is_known=True)
    setting = session.settings.get(evidence.sha256, Setting())
    item = Item(
        evidence.sha256,
        evidence.name,
        evidence.data_path,
        evidence.size_bytes,
        evidence.mtime,
        _as_settings(replace(setting, **said)),
    )
    try:
        report = session.loader.load(item, session.places(evidence.sha256))
    except CaseError as error:
        return Added(evidence.name, evidence, error=error)
    if evidence.is_changed:
        reason = "it is not as it was when its hash was taken; `kubecase verify` tells"
        report.unread.append(Unread(visible(evidence.name), None, reason))
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
    waiting = case.store.list(but=finished)
    if not waiting:
        return
    with _loader(case, limits, progress, is_cancelled) as session:
        wanted = takewhile(lambda _: not is_cancelled(), waiting)
        for added in _settled(session, (_load(session, evidence) for evidence in wanted)):
            if not added.is_elsewhere:
                yield replace(added, is_resumed=True)


@dataclass
class _Session:
    """A loader with the evidence that only this process may read until it is published.

    A claim is kept until the rows are in the index, else another process would find neither claim
    nor rows, and read them again.
    """

    case: Case
    loader: Loader
    index: Index
    claims: Claims
    settings: Mapping[str, Setting]
    progress: Callable[[Progress], None]
    _finished: set[str] | None = None
    _begun: set[str] = field(default_factory=set)

    def take(self, sha256: str) -> bool:
        """Whether this process may read that evidence now."""
        if len(self.claims.held) >= MAX_UNPUBLISHED:
            self.publish()
        return self.claims.take(sha256)

    def is_finished(self, sha256: str) -> bool:
        """Whether some process has published it meanwhile."""
        if self.index.refresh() or self._finished is None:
            cursor = self.index.cursor()
            finished = cursor.execute("select distinct evidence from finished").fetchall()
            begun = cursor.execute("select distinct evidence from sources").fetchall()
            self._finished = {evidence for (evidence,) in finished}
            self._begun = {evidence for (evidence,) in begun} - self._finished
        return sha256 in self._finished

    def places(self, sha256: str) -> dict[str, Resume]:
        """How far each file of one evidence file was read, as of `is_finished`."""
        if sha256 not in self._begun:
            return {}
        sql = load_queries("ingest")["places"].body
        rows = self.index.cursor().execute(sql, {"evidence": sha256}).fetchall()
        return {
            path: Resume(next_offset, frozenset(held or ()), is_complete)
            for path, next_offset, held, is_complete in rows
        }

    def copied(self, name: str, size: int) -> None:
        """So much of a file is taken; nothing of it is read yet."""
        self.progress(Progress(name, size, self.loader.event_count, is_copying=True))

    def publish(self) -> None:
        """What is read becomes visible, then others may look at it."""
        self.loader.close()
        self.claims.release()


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
    claims = Claims(case.index_dir / CLAIMS)
    settings = case.state().settings
    session = _Session(case, loader, Index(case.index_dir), claims, settings, progress)
    try:
        yield session
        session.publish()
    except BaseException:
        loader.discard()
        raise
    finally:
        claims.release()
        session.index.close()


def _settings(case: Case, sha256: str) -> Settings:
    return _as_settings(case.state().settings.get(sha256, Setting()))


def _as_settings(said: Setting) -> Settings:
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
