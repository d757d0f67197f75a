"""Sources that are not lines: JSON and XML documents, YAML lists, login records, binary journals.

Each record keeps the exact bytes that it came from. A document that was cut short yields all whole
records before the cut, and says where the cut is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from console.ingest.framing import Rows, rows_of
from console.ingest.sources import Unread

Report = Callable[[Unread], None]
ROWS_A_CHUNK = 50_000
_SPACE = re.compile(r"[\s,\ufeff]*")
_decoder = json.JSONDecoder()


@dataclass(frozen=True)
class Span:
    """One record: its text (JSON), and the bytes [start, end) of the source that it stands for."""

    text: bytes
    start: int
    end: int


def rows_from_spans(data: bytes, spans: list[Span]) -> Iterator[Rows]:
    """Rows that share out every line of `data`: a record has the lines since the one before it."""
    feeds = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    for low in range(0, len(spans), ROWS_A_CHUNK):
        some = spans[low : low + ROWS_A_CHUNK]
        begins = np.array(
            [spans[low + i - 1].end if low + i else 0 for i in range(len(some))], np.int64
        )
        ends = np.array([span.end for span in some], np.int64)
        if low + len(some) == len(spans):
            ends[-1] = len(data)
        # a line belongs to the record in whose stretch it begins
        first = np.searchsorted(feeds, begins, "left") + (begins > 0)
        last = np.searchsorted(feeds, ends, "left") + 1
        if ends[-1] == len(data) and data.endswith(b"\n"):
            last[-1] -= 1
        starts = np.array([span.start for span in some], np.int64)
        line = np.searchsorted(feeds, starts, "left") + 1
        yield rows_of(
            [span.text for span in some],
            line.astype(np.int64),
            np.maximum(last - first, 0).astype(np.int64),
            starts,
            np.array([span.end - span.start for span in some], np.int64),
        )


def json_spans(data: bytes, path: str, report: Report) -> list[Span]:
    """The records of a JSON source: array elements, a list object's items, or whole documents."""
    text = data.decode("utf-8", "surrogateescape")
    walker = _Walker(text)
    try:
        walker.documents()
    except json.JSONDecodeError as error:
        place = len(text[: error.pos].encode("utf-8", "surrogateescape"))
        report(
            Unread(
                path,
                place,
                f"JSON is broken here ({error.msg}): {len(walker.found)} records "
                "before it were read, the rest is kept as text",
            )
        )
        rest = walker.found[-1][1] if walker.found else 0
        if text[rest:].strip(" \t\r\n,]}"):
            walker.found.append((rest, len(text), False))
    offsets = _byte_offsets(text, walker.found)
    context = json.dumps(walker.context) if walker.context else ""
    spans = []
    for (start, end, is_json), (first, last) in zip(walker.found, offsets, strict=True):
        body = text[start:end]
        if is_json and context and body.startswith("{"):
            body = _with_context(body, context)
        elif is_json and "\n" in body:
            body = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)
        spans.append(Span(body.encode("utf-8", "surrogateescape"), first, last))
    return spans


def _with_context(body: str, context: str) -> str:
    record = json.loads(body)
    record["_context"] = json.loads(context)
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def _byte_offsets(text: str, found: list[tuple[int, int, bool]]) -> list[tuple[int, int]]:
    """Character positions as byte positions; the same where all is ASCII."""
    if text.isascii():
        return [(start, end) for start, end, _ in found]
    result, at, place = [], 0, 0
    for start, end, _ in found:
        place += len(text[at:start].encode("utf-8", "surrogateescape"))
        size = len(text[start:end].encode("utf-8", "surrogateescape"))
        result.append((place, place + size))
        at, place = end, place + size
    return result


class _Walker:
    """Finds the records of concatenated JSON documents without building them all."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[tuple[int, int, bool]] = []
        self.context: dict[str, Any] = {}

    def documents(self) -> None:
        at = self._skip(0)
        while at < len(self.text):
            if self.text[at] == "[" and self._peek(at + 1) in "{[":
                at = self._elements(at)
            elif self.text[at] == "{":
                at = self._object(at)
            else:
                _, end = _decoder.raw_decode(self.text, at)
                self.found.append((at, end, True))
                at = end
            at = self._skip(at)

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _peek(self, at: int) -> str:
        at = self._skip(at)
        return self.text[at : at + 1] or "\0"

    def _elements(self, at: int) -> int:
        """The elements of the array at `at`; returns the position after it."""
        at = self._skip(at + 1)
        while self._peek(at) != "]":
            at = self._skip(at)
            _, end = _decoder.raw_decode(self.text, at)
            self.found.append((at, end, True))
            at = self._skip(end)
        return self._skip(at) + 1

    def _object(self, start: int) -> int:
        """An object: one record, or a list of records with its other fields as their context."""
        found_before = len(self.found)
        context: dict[str, Any] = {}
        has_list = False
        at = self._skip(start + 1)
        while self._peek(at) != "}":
            at = self._skip(at)
            key, at = _decoder.raw_decode(self.text, at)
            at = self._skip(at)
            if self.text[at : at + 1] != ":":
                raise json.JSONDecodeError("':' expected", self.text, at)
            at = self._skip(at + 1)
            is_list = self.text[at : at + 1] == "[" and self._peek(at + 1) == "{"
            if is_list and key in LIST_KEYS and not has_list:
                has_list = True
                at = self._elements(at)
            else:
                value, at = _decoder.raw_decode(self.text, at)
                context[str(key)] = value
            at = self._skip(at)
        end = self._skip(at) + 1
        if not has_list:
            del self.found[found_before:]
            self.found.append((start, end, True))
        elif context.get("kind", "List") != "List" or not context.keys() <= _LIST_KEYS:
            self.context = context
        return end


_LIST_KEYS = frozenset({"kind", "apiVersion", "metadata"})
# Keys under which exporters put their records: Kubernetes lists, CloudTrail, Azure, CloudWatch.
LIST_KEYS = frozenset({"items", "Records", "records", "logEvents", "events", "Events", "entries"})


_EVENT = re.compile(rb"<Event[ >].*?</Event>", re.DOTALL)
# what holds the events of an export together
_XML_FRAME = re.compile(rb"(?:\s|\xef\xbb\xbf|<\?xml[^>]*\?>|</?Events[^>]*>)*")


def xml_spans(data: bytes, path: str, report: Report) -> list[Span]:
    """The events of an export of Windows' event log, on one line or on many."""
    spans: list[Span] = []
    at = 0
    for match in _EVENT.finditer(data):
        spans += _between(data, at, match.start())
        spans.append(Span(match[0], match.start(), match.end()))
        at = match.end()
    rest = _between(data, at, len(data))
    if rest and rest[0].text.startswith(b"<Event"):
        reason = "the XML ends early: the event that was cut is kept as text"
        report(Unread(path, rest[0].start, reason))
    return spans + rest


def _between(data: bytes, start: int, end: int) -> list[Span]:
    """What stands between two events and is not the frame of all."""
    frame = _XML_FRAME.match(data, start, end)
    first = frame.end() if frame else start
    text = data[first:end].rstrip()
    return [Span(text, first, first + len(text))] if text else []


def yaml_spans(data: bytes, path: str, report: Report) -> list[Span]:
    """The objects of `kubectl get -o yaml`: each item of a List, or each document, as JSON."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(data.decode("utf-8", "replace"))
    text_at = _line_starts(data)
    spans: list[Span] = []
    try:
        while loader.check_node():
            node = loader.get_node()
            items, head = _yaml_items(node)
            context = {key.value: loader.construct_document(value) for key, value in head}
            for item in items:
                value = loader.construct_document(item)
                if context.get("kind", "List") != "List" and isinstance(value, dict):
                    value["_context"] = context
                first = text_at[item.start_mark.line]
                last = text_at[min(item.end_mark.line, len(text_at) - 1)]
                body = json.dumps(value, default=str, separators=(",", ":")).encode()
                spans.append(Span(body, first, max(last, first)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = text_at[min(mark.line, len(text_at) - 1)] if mark else None
        report(Unread(path, place, f"YAML is broken here: {str(error).splitlines()[0]}"))
    finally:
        loader.dispose()
    return spans


def _yaml_items(node: Any) -> tuple[list[Any], list[Any]]:
    """The objects of a document, and what a list says of itself: pairs of nodes, key and value."""
    pairs = node.value if node.id == "mapping" else []
    items = next((value for key, value in pairs if key.value == "items"), None)
    if items is not None and items.id == "sequence" and items.value:  # an empty list is a record
        return list(items.value), [pair for pair in pairs if pair[0].value in _LIST_KEYS]
    return [node], []


def _line_starts(data: bytes) -> list[int]:
    feeds = np.flatnonzero(np.frombuffer(data, np.uint8) == 10) + 1
    return [0, *feeds.tolist()]


def record_spans(data: bytes, size: int, path: str, report: Report) -> list[Span]:
    """Fixed-size binary records as hexadecimal text, for SQL to take apart."""
    whole = len(data) // size * size
    if whole != len(data):
        report(Unread(path, whole, f"{len(data) - whole} bytes after the last whole record"))
    return [
        Span(data[at : at + size].hex().encode(), at, at + size) for at in range(0, whole, size)
    ]
