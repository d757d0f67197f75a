"""What stands in the cells of the event table: short words, and nothing that is more than text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.text import Text

from console.app.safe import plain
from console.case.columns import COLUMNS

# What every row is asked for; chosen columns come on top.
ASKED = (
    "ts", "ts_quality", "format", "actor", "src_ip", "activity", "category", "object_kind",
    "object_name", "subresource", "namespace", "pod", "node", "file_path", "cmdline", "dst_ip",
    "dst_port", "dst_name", "status", "outcome", "severity", "message",
)  # fmt: skip
TIME_MODES = ("utc", "local", "relative", "delta")
_TITLES = {"time": "TIME", "source": "SRC", "who": "WHO", "from": "FROM", "did": "DID",
           "what": "WHAT", "where": "WHERE", "out": "OUT", "tag": "TAG"}  # fmt: skip
_ABOUT = {
    "time": "when", "source": "what it was read with", "who": "account, else address, else node",
    "from": "address that it came from", "did": "activity", "what": "object or message",
    "where": "pod, else node", "out": "outcome", "tag": "marks, severity, tags",
}  # fmt: skip
CHOICES = (*_TITLES, *(name for name in COLUMNS if name not in ("seq", "cites", "fields")))
_FIXED = {"source": 8, "out": 5, "tag": 4}
_SHARES = {"who": (10, 38, 3), "did": (6, 22, 2), "what": (16, 10_000, 6)}  # least, most, weight
_OTHER = (8, 40, 2)
_SHORT = {"k8s_audit": "audit", "kube_objects": "objects", "docker_events": "events",
          "docker_json": "docker", "docker_inspect": "inspect", "login_records": "utmp",
          "shell_history": "shell", "bash_history": "shell", "leftover": "log"}  # fmt: skip
_OUT = {"ok": "ok", "denied": "DENY", "failed": "FAIL", "unknown": "–"}


def standard_columns(width: int) -> tuple[str, ...]:
    """What is shown as long as nobody chose."""
    if width < 130:
        return ("time", "source", "who", "did", "what", "out", "tag")
    return ("time", "source", "who", "from", "did", "what", "where", "out", "tag")


def about(name: str) -> str:
    """What a column that can be chosen holds."""
    return _ABOUT.get(name) or COLUMNS[name].group


def asked_for(chosen: Sequence[str]) -> tuple[str, ...]:
    """The event columns that a page needs for these columns of the table."""
    return (*ASKED, *(name for name in chosen if name in COLUMNS and name not in ASKED))


@dataclass(frozen=True)
class Layout:
    """The columns that there is room for, with their widths."""

    columns: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, names: Sequence[str], width: int, time_width: int) -> Layout:
        """Columns that don't fit are left out from the right; WHAT is the last to go."""
        wanted = list(names)
        while True:
            fixed = {n: time_width if n == "time" else _FIXED.get(n, 0) for n in wanted}
            room = width - sum(fixed.values()) - max(0, len(wanted) - 1)
            shares = {n: _SHARES.get(n, _OTHER) for n in wanted if not fixed[n]}
            if room >= sum(least for least, _, _ in shares.values()) or len(wanted) <= 2:
                break
            wanted.remove(next((n for n in reversed(wanted) if n not in _TITLES), wanted[-1]))
        widths = _divided(max(0, room), shares)
        return cls(tuple((n, fixed[n] or widths[n]) for n in wanted))

    def line(self, cells: Mapping[str, str]) -> str:
        return " ".join(fit(cells[name], width) for name, width in self.columns)


def _divided(room: int, shares: Mapping[str, tuple[int, int, int]]) -> dict[str, int]:
    """The room by weight; what a column has over its most goes to the others."""
    widths: dict[str, int] = {}
    left = dict(shares)
    while left:
        total = sum(weight for _, _, weight in left.values())
        got = {n: room * weight // total for n, (_, _, weight) in left.items()}
        bound = {
            n: min(max(got[n], least), most)
            for n, (least, most, _) in left.items()
            if not least <= got[n] <= most
        }
        if not bound:
            first = max(got, key=lambda n: got[n])
            got[first] += room - sum(got.values())
            return {**widths, **got}
        widths.update(bound)
        room = max(0, room - sum(bound.values()))
        left = {n: share for n, share in left.items() if n not in bound}
    return widths


@dataclass(frozen=True)
class Clock:
    """How times are shown: `mode` of TIME_MODES; `delta` counts from `since`."""

    mode: str = "utc"
    now: datetime = datetime.min
    since: datetime | None = None
    has_day: bool = True

    @property
    def width(self) -> int:
        return 19 if self.has_day and self.mode in ("utc", "local") else 13

    def title(self, day: datetime | None) -> str:
        """Names the day where the cells don't."""
        zone = {"utc": "UTC", "local": "local", "relative": "AGO", "delta": "DELTA"}[self.mode]
        if self.mode in ("relative", "delta"):
            return zone
        if self.has_day or day is None:
            return f"TIME ({zone})"
        return f"{self._local(day):%m-%d} {zone}"

    def cell(self, ts: datetime | None, quality: object) -> str:
        if ts is None:
            return "no time"
        sign = "~" if str(quality).startswith(("inferred", "file")) else " "
        if self.mode == "relative":
            return f"{span_text(self.now - ts)}{sign}"
        if self.mode == "delta":
            return f"{delta_text(ts - self.since)}{sign}" if self.since else f"–{sign}"
        ts = self._local(ts)
        day = f"{ts:%m-%d} " if self.has_day else ""
        return f"{day}{ts:%H:%M:%S}.{ts.microsecond // 1000:03d}{sign}"

    def _local(self, ts: datetime) -> datetime:
        if self.mode != "local":
            return ts
        try:
            return ts.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
        except OverflowError:  # a time near the end of all times
            return ts


def cell(name: str, get: Mapping[str, Any]) -> str:
    """The text of any column but `time` and `tag`."""
    if name == "source":
        return source_of(str(get["format"]))
    if name == "who":
        return short_who(get["actor"] or get["src_ip"] or get["node"])
    if name == "from":
        return plain(get["src_ip"] or get["dst_name"], 60)
    if name == "did":
        return plain(get["activity"] or "", 60)
    if name == "what":
        return _what(get)
    if name == "where":
        return plain(get["pod"] or get["node"], 80)
    if name == "out":
        return _OUT.get(str(get["outcome"]), "–")
    return plain(get.get(name), 300)


def _what(get: Mapping[str, Any]) -> str:
    if get["category"] == "api":
        kind = get["object_kind"] or ""
        sub = f"/{get['subresource']}" if get["subresource"] else ""
        place = "/".join(part for part in (get["namespace"], get["object_name"]) if part)
        parts = [f"{kind}{sub}", place, get["status"] or "", get["cmdline"] or ""]
        return plain(" ".join(part for part in parts if part), 300)
    return plain(get["message"], 300)


def title(name: str) -> str:
    return _TITLES.get(name, name)


def source_of(chain: str) -> str:
    """A short name for what an event was read with."""
    last = chain.rsplit(">", 1)[-1]
    return plain(_SHORT.get(last, last), 40)


def short_who(value: Any) -> str:
    """Long Kubernetes identities by what tells them apart."""
    text = plain(value, 200)
    if text.startswith("system:serviceaccount:"):
        return f"sa {text.removeprefix('system:serviceaccount:')}"
    if text.startswith("system:node:"):
        return f"node {text.removeprefix('system:node:')}"
    if text.startswith("system:kube-"):
        return text.removeprefix("system:")
    return text


def span_text(span: timedelta) -> str:
    """`3d 04:05:06`."""
    seconds = int(abs(span).total_seconds())
    sign = "-" if span < timedelta(0) else ""
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{sign}{days}d {clock}" if days else f"{sign}{clock}"


def delta_text(span: timedelta) -> str:
    """`+1.204s` under a minute, else as a clock."""
    if abs(span) < timedelta(minutes=1):
        return f"{span.total_seconds():+.3f}s"
    return span_text(span) if span < timedelta(0) else f"+{span_text(span)}"


def fit(text: str, width: int) -> str:
    """Exactly `width` cells wide; cut with an ellipsis."""
    if width <= 0:
        return ""
    if text.isascii():
        return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"
    rich = Text(text)
    rich.truncate(width, overflow="ellipsis", pad=True)
    return rich.plain
