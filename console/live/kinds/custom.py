"""The columns that a custom kind's definition gives it, as kubectl shows them.

Source: apiextensions.k8s.io, `additionalPrinterColumns`; their paths are Kubernetes' own JSONPath,
of which definitions use fields, entries and one comparison (`[?(@.type=="Ready")]`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from console.case.text import visible
from console.live.cells import Cell, Column, Value, moment
from console.live.doc import Doc, items, number, text
from console.live.kinds.base import KindTable, age, name, of_doc
from console.live.kinds.other import OTHER, state_of

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
_MOST = 40  # columns; a definition may be anybody's
_STEP = re.compile(
    r"""\.?(?:
        (?P<key>(?:\\.|[^.\[\]\\*\s])+)
      | \*
      | \[\s*(?P<index>\d+)\s*\]
      | \[\s*\*\s*\]
      | \[\s*(?P<quote>['"])(?P<quoted>[^'"]*)(?P=quote)\s*\]
      | \[\?\(\s*@\.(?P<tested>[\w.-]+)\s*==\s*(?P<mark>['"])(?P<wanted>[^'"]*)(?P=mark)\s*\)\]
    )""",
    re.VERBOSE,
)
_Step = dict[str, str | None]


@dataclass(frozen=True)
class _Printed:
    steps: tuple[_Step, ...]
    type: str

    def value(self, doc: Doc) -> Value:
        """The first that is found, as kubectl takes it."""
        found = next(_found(doc, self.steps), None)
        if found is None:
            return None
        if isinstance(found, bool):
            return str(found).lower()
        if isinstance(found, int | float):
            return found if isinstance(found, int) else Cell(str(found), found)
        if not isinstance(found, str):
            return msgspec.json.encode(found).decode()
        return (moment(found) or found) if self.type == "date" else found


@lru_cache(maxsize=512)
def table_by(definition: bytes, version: str) -> KindTable:
    """definition: a CustomResourceDefinition (v1, v1beta1) as JSON. OTHER where it says nothing."""
    try:
        doc = msgspec.json.decode(definition)
    except msgspec.MsgspecError:
        return OTHER
    printed: dict[Column, _Printed] = {}
    for item in _columns(doc, version)[:_MOST]:
        title = visible(text(item, "name")[:40]).upper()
        steps = _steps(text(item, "jsonPath") or text(item, "JSONPath"))
        if title and steps and title not in ("NAME", "AGE", "RISK", *(c.name for c in printed)):
            kind = text(item, "type")
            column = Column(
                title, is_right=kind in ("integer", "number", "date"),
                is_wide=number(item, "priority") > 0,
            )  # fmt: skip
            printed[column] = _Printed(steps, kind)
    if not printed:
        return OTHER
    own = (Column("NAME"), *printed, Column("AGE", is_right=True))

    def read(doc: Doc) -> tuple[Value, ...]:
        return (name(doc), *(one.value(doc) for one in printed.values()), age(doc))

    return of_doc(own, read, state_of)


def _columns(doc: Any, version: str) -> list[Doc]:
    versions = items(doc, "spec", "versions")
    own = next((one for one in versions if one.get("name") == version), {})
    return items(own, "additionalPrinterColumns") or items(doc, "spec", "additionalPrinterColumns")


def _steps(path: str) -> tuple[_Step, ...]:
    """None of a path that holds what is not known here."""
    path = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    steps, at = [], 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None or found.end() == at:
            return ()
        steps.append(found.groupdict())
        at = found.end()
    return tuple(steps)


def _found(doc: Any, steps: tuple[_Step, ...]) -> Iterator[Any]:
    if not steps:
        yield doc
        return
    step, rest = steps[0], steps[1:]
    key = step["key"] if step["key"] is not None else step["quoted"]
    if key is not None:
        if isinstance(doc, dict) and (plain := re.sub(r"\\(.)", r"\1", key)) in doc:
            yield from _found(doc[plain], rest)
    elif step["index"] is not None:
        if isinstance(doc, list) and int(step["index"]) < len(doc):
            yield from _found(doc[int(step["index"])], rest)
    else:
        below = doc.values() if isinstance(doc, dict) else doc if isinstance(doc, list) else ()
        tested = step["tested"]
        for one in below:
            if tested is None or text(one, *tested.split(".")) == step["wanted"]:
                yield from _found(one, rest)
