"""Completion of columns, operators and values at the cursor."""

from __future__ import annotations

import pytest

from console.case.filter import compile_filter
from console.case.filter_complete import Completion, complete

VALUES = {
    "actor": ["root", "Robert'); --", "system:serviceaccount:shop:web", "a\x1b[31m b", ""],
    "activity": ["create", "connect"],
    "src_ip": ["10.0.0.1", "10.0.0.2"],
    "dst_ip": ["10.0.0.2", "10.9.9.9"],
    "status": ["200", "404"],
    "tag": ["evil", "ok"],
}


def values(column: str, prefix: str) -> list[str]:
    return [v for v in VALUES.get(column, []) if v.lower().startswith(prefix.lower())]


def texts(text: str, cursor: int | None = None) -> list[str]:
    found = complete(text, len(text) if cursor is None else cursor, values)
    return [completion.text for completion in found]


def test_columns_and_aliases() -> None:
    assert texts("act") == ["activity:", "actor:", "actor_type:"]
    assert texts("a -AC") == ["activity:", "actor:", "actor_type:"]
    assert {"user:", "user_agent:"} <= set(texts("us"))
    assert {"tag:", "note:", "verb:", "object_kind:"} <= set(texts(""))
    assert not {"seq:", "cites:"} & set(texts(""))


def test_operators_after_a_term() -> None:
    assert "AND " in texts("verb:create A")
    assert "OR " in texts("verb:create O")
    assert "AND " not in texts("A")
    assert "NOT " in texts("NO")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("actor:ro", ["root", '"Robert\'); --"']),
        ("user:RO", ["root", '"Robert\'); --"']),
        ("actor:sys", ["system:serviceaccount:shop:web"]),
        ("actor:system:", ["system:serviceaccount:shop:web"]),
        ('actor:"a', ['"a\\x1b[31m b"']),
        ("-verb:c", ["create", "connect"]),
        ("verb:(create c", ["create", "connect"]),
        ("verb:(c", ["create", "connect"]),
        ("x -(verb:c", ["create", "connect"]),
        ("ip:10", ["10.0.0.1", "10.0.0.2", "10.9.9.9"]),
        ("tag:", ["evil", "ok"]),
        ("marked:t", ["true"]),
        ("status:", [">=", "<=", "[", "200", "404"]),
        ("ts:", [">=", "<=", "["]),
        ("message:x", []),
        ("nothing:x", []),
        ("actor:root", []),
        ("system:ser", []),
        ("fd00::1", []),
    ],
)
def test_values(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_only_the_word_at_the_cursor_is_replaced() -> None:
    text = "verb:cr OR actor:root"
    [completion, _] = complete(text, 6, values)
    assert completion == Completion(5, 7, "create", "value")
    assert completion.apply(text) == "verb:create OR actor:root"
    [quoted] = complete('actor:"a', 8, values)
    assert quoted.apply('actor:"a') == 'actor:"a\\x1b[31m b"'
    [inside] = complete('actor:"a b c" verb:x', 8, values)
    assert inside.apply('actor:"a b c" verb:x') == 'actor:"a\\x1b[31m b" verb:x'


def test_what_is_completed_compiles() -> None:
    for column in VALUES:
        for completion in complete(f"{column}:", len(column) + 1, values):
            if completion.kind == "value":
                compile_filter(completion.apply(f"{column}:"))
