"""What one object says to its row: values in the order of the kind's columns, and how it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from console.live.cells import Column, Span, State, Value, moment, text_of
from console.live.doc import Doc, condition, items, strings, text
from console.live.risk import Risk, words


class Facts(msgspec.Struct, frozen=True, gc=False):
    """risks: the worst first. account: whose token is in the pod, "" if none is.

    registries, workload: of a pod, where its images are from and what made it. parts: what it is
    compared by with its siblings (`siblings.py`).
    """

    values: tuple[Value, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    state: State = ""
    risks: tuple[Risk, ...] = ()
    account: str = ""
    registries: tuple[str, ...] = ()
    workload: str = ""
    parts: tuple[int, ...] = ()
    _said: list[str] = msgspec.field(default_factory=list)

    @property
    def said(self) -> str:
        """All of it but for ages, in lower case, a line each; made when it is first searched."""
        if not self._said:
            times = (datetime, Span)
            cells = [text_of(v, datetime.min) for v in self.values if not isinstance(v, times)]
            self._said.append("\n".join([*cells, words(self.risks)]).lower())
        return self._said[0]


@dataclass(frozen=True)
class KindTable:
    """facts: of the raw JSON; its values lack the column RISK, which the row fills.

    Raises msgspec.MsgspecError where the JSON can't be read.
    """

    columns: tuple[Column, ...]
    facts: Callable[[bytes], Facts]

    @property
    def risk_index(self) -> int:
        """Of the column RISK, whose words the row makes; -1 where there is none."""
        return next((i for i, c in enumerate(self.columns) if c.name == "RISK"), -1)


def of_doc(
    columns: tuple[Column, ...],
    read: Callable[[Doc], tuple[Value, ...]],
    state: Callable[[Doc], State] = lambda doc: "",
    risks: Callable[[Doc], list[Risk]] = lambda doc: [],
) -> KindTable:
    """Rows that are read from the whole decoded object, by functions that trust nothing."""

    def facts(raw: bytes) -> Facts:
        doc = msgspec.json.decode(raw)
        if not isinstance(doc, dict):
            raise msgspec.ValidationError("not an object")
        labels = strings(doc, "metadata", "labels")
        return Facts(read(doc), labels, state(doc), tuple(risks(doc)))

    return KindTable(columns, facts)


def name(doc: Doc) -> str:
    return text(doc, "metadata", "name")


def age(doc: Doc) -> Value:
    return moment(text(doc, "metadata", "creationTimestamp"))


def images(doc: Doc, *path: str) -> str:
    """Of the containers in a pod's spec at that path."""
    return ",".join(text(c, "image") for c in items(doc, *path, "containers")) or "<none>"


def container_names(doc: Doc, *path: str) -> str:
    return ",".join(text(c, "name") for c in items(doc, *path, "containers")) or "<none>"


def is_true(doc: Doc, kind: str) -> bool:
    return text(condition(doc, kind), "status") == "True"


def ready_state(ready: int, wanted: int) -> State:
    if ready >= wanted:
        return "ok" if wanted else "done"
    return "pending" if ready else "bad"
