"""What list and watch answers hold: whole objects as bytes, and the few fields that we steer by.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ (lists, watches, Tables).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from console.errors import CaseError
from console.live.api import JSON_TYPE, TABLE, ApiError, failure
from console.live.inventory import Kind


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resourceVersion: str = ""


class _Head(msgspec.Struct):
    metadata: _Meta
    apiVersion: str = ""
    kind: str = ""


class _ListMeta(msgspec.Struct):
    resourceVersion: str = ""
    token: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _Column(msgspec.Struct):
    name: str = ""


class _Partial(msgspec.Struct):
    metadata: msgspec.Raw


class _Row(msgspec.Struct):
    cells: list[Any]
    object: _Partial


class _Table(msgspec.Struct):
    kind: str
    metadata: _ListMeta = msgspec.field(default_factory=_ListMeta)
    columnDefinitions: list[_Column] | None = None
    rows: list[_Row] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_HEAD = msgspec.json.Decoder(_Head)
_LIST = msgspec.json.Decoder(_List)
_EVENT = msgspec.json.Decoder(_Event)
_TABLE = msgspec.json.Decoder(_Table)


@dataclass(frozen=True, slots=True)
class Item:
    """One version of an object: its JSON has apiVersion and kind, which items of a list lack."""

    namespace: str
    name: str
    uid: str
    version: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a list. token: where the next one begins, empty after the last."""

    version: str
    token: str
    items: list[Item]


class Wire:
    """Reads the answers for one kind. Secrets come as a Table, which holds none of their values."""

    def __init__(self, kind: Kind, where: str) -> None:
        self.kind, self._where = kind, where
        self.is_table = kind.key == "secrets"
        self.accept = TABLE if self.is_table else JSON_TYPE
        self._columns: list[str] = []

    def page(self, body: bytes) -> Page:
        """A list's answer. Raises CaseError for a proxy's page, or values of secrets."""
        try:
            if self.is_table:
                table = self._table(body)
                return Page(table.metadata.resourceVersion, table.metadata.token, self._rows(table))
            listed = _LIST.decode(body)
            items = [self._item(bytes(raw)) for raw in listed.items or ()]
        except msgspec.MsgspecError as error:
            raise self._odd(error) from error
        return Page(listed.metadata.resourceVersion, listed.metadata.token, items)

    def event(self, line: bytes) -> tuple[str, Item]:
        """(type, object) of a line of a watch; of a BOOKMARK only the version says something.

        Raises the ApiError that an ERROR event holds, CaseError for what is no event.
        """
        try:
            event = _EVENT.decode(line)
            raw = bytes(event.object)
            if event.type == "ERROR":
                raise _error(raw, self._where)
            if not self.is_table:
                return event.type, self._item(raw)
            table = self._table(raw)
            rows = self._rows(table)
            if event.type == "BOOKMARK":
                return event.type, Item("", "", "", table.metadata.resourceVersion, b"")
            return event.type, rows[0]
        except (msgspec.MsgspecError, IndexError) as error:
            raise self._odd(error) from error

    def _item(self, raw: bytes) -> Item:
        head = _HEAD.decode(raw)
        if not head.kind:
            start = json.dumps({"kind": self.kind.kind, "apiVersion": self.kind.api_version})
            raw = start[:-1].encode() + b"," + raw.lstrip()[1:]
        meta = head.metadata
        return Item(meta.namespace, meta.name, meta.uid, meta.resourceVersion, raw)

    def _table(self, body: bytes) -> _Table:
        table = _TABLE.decode(body)
        if table.kind != "Table":
            raise CaseError(
                f"the server would send the values of {self.kind.resource}", where=self._where,
                hint="not read: it does not serve them as a Table",
            )  # fmt: skip
        if table.columnDefinitions:
            self._columns = [column.name for column in table.columnDefinitions]
        return table

    def _rows(self, table: _Table) -> list[Item]:
        """A Secret without its values, from the cells Type and Data (the number of keys)."""
        items = []
        for row in table.rows or ():
            cells = dict(zip(self._columns, row.cells, strict=False))
            document = {
                "apiVersion": self.kind.api_version, "kind": self.kind.kind,
                "metadata": row.object.metadata, "type": cells.get("Type", ""),
                "dataCount": cells.get("Data", 0),
            }  # fmt: skip
            items.append(self._item(msgspec.json.encode(document)))
        return items

    def _odd(self, error: Exception) -> CaseError:
        return CaseError(f"not what an API server answers: {str(error)[:200]}", where=self._where)


def _error(raw: bytes, where: str) -> ApiError:
    """The Status of an ERROR event, as if HTTP had said it."""
    status = msgspec.json.decode(raw)
    code = status.get("code") if isinstance(status, dict) else None
    return failure(code if isinstance(code, int) else 500, raw, where=where)
