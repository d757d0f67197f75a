"""Whatever is typed: a FilterError, or a condition that runs on rows that hold anything."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.case.addresses import network_pattern
from console.case.columns import COLUMNS
from console.case.filter import FilterError, compile_filter, filter_with
from console.case.filter_complete import complete
from console.case.filter_tokens import decode
from console.case.queryfiles import load

GARBAGE = [
    None, "", "x", "nan", "-inf", "1e999", "99999999999999999999", "{", '"a"',
    '{"a":[{"a":[1,[2]]},null]}', "[1,[[2]]]", "null",
    "1:2:3:4:5:6:7:8:9", "::", "256.1.1.1", "\x00\x1b", "ü\U0001f600",
]  # fmt: skip

WORDS = [
    "a", "a.a", "a.b.0.c", "a[0]", "a[*].b", 'a."b.c/d"', "fields.a", "fields", "x:y", "10.0.0.0/8",
    "fd00::1", "now-1d", "11:03", "2026-11-23", "*", "?", "null", "true", "(", ")", "[", "]", "{",
    "}", " TO ", "AND", "OR", "NOT", "-", "!", "+", ",", ":", "::", ">=", "<", "=", "/", "/a.*/",
    '"', '"a b"', "\\", "\\x41", "\n", "\x00", "\x1b[0m", "ü", "%", "_", "'", ";--", "$f0", "4",
    "1.5", "tag:", "note:", "marked:", "ip:", "groups:", *[f"{name}:" for name in COLUMNS],
]  # fmt: skip
texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from([" ", "  "])), max_size=14).map(
        "".join
    ),
    st.lists(st.sampled_from(WORDS), max_size=10).map(" ".join),
)
relaxed = settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema empty")
        connection.execute("use empty")
        connection.execute(load("schema")["events"].body)
        connection.execute("use main")
        connection.execute(load("schema")["events"].body)
        connection.execute(load("schema")["marks"].body)
        for number, value in enumerate(GARBAGE):
            row = {name: value for name, column in COLUMNS.items() if column.type == "varchar"}
            row |= dict.fromkeys(("evidence", "path", "format"), value or "")
            values = [
                row.get(name, number if column.type.endswith(("int", "integer")) else None)
                for name, column in COLUMNS.items()
            ]
            marks = ", ".join("?" * len(values))
            names = ", ".join(COLUMNS)
            connection.execute(f"insert into events ({names}) values ({marks})", values)
        connection.execute("update events set groups = [actor, null, 'dev'] where seq % 2 = 0")
        yield connection


def check(error: FilterError, text: str) -> None:
    assert 0 <= error.position <= len(text)
    assert error.expected
    assert len(str(error).split("\n")) == 3


@relaxed
@given(text=texts)
def test_any_text_is_an_error_with_a_place_or_runs(
    database: duckdb.DuckDBPyConnection, text: str
) -> None:
    try:
        compiled = compile_filter(text)
    except FilterError as error:
        check(error, text)
        return
    for table in ("events", "empty.events"):
        sql = f"select count(*) from {table} as events where {compiled.sql}"
        [(count,)] = database.execute(sql, compiled.params).fetchall()
        others = f"select count(*) from {table} as events where not coalesce({compiled.sql}, false)"
        [(rest,)] = database.execute(others, compiled.params).fetchall()
        assert count + rest == (len(GARBAGE) if table == "events" else 0)


@relaxed
@given(text=texts)
def test_words_are_in_every_match(database: duckdb.DuckDBPyConnection, text: str) -> None:
    try:
        compiled = compile_filter(text)
    except FilterError:
        return
    sql = f"select lower(message), lower(fields) from events where {compiled.sql}"
    for texts in database.execute(sql, compiled.params).fetchall():
        for alternatives in compiled.words:
            assert any(
                all(piece in (where or "") for piece in pieces)
                for pieces in alternatives
                for where in texts
            )


@relaxed
@given(inner=st.text(max_size=30))
def test_decode_is_total(inner: str) -> None:
    assert isinstance(decode(inner), str)
    assert decode(inner.replace("\\", "\\\\")) == inner


@relaxed
@given(value=st.text(st.characters(exclude_categories=["Cs"]), max_size=20), negate=st.booleans())
def test_value_of_a_cell_goes_round(
    database: duckdb.DuckDBPyConnection, value: str, negate: bool
) -> None:
    compiled = compile_filter(filter_with("", "message", value, negate=negate))
    expression = compiled.sql.replace("message", "$value::varchar")
    sql = f"select {expression}"
    assert database.execute(sql, {**compiled.params, "value": value}).fetchone() == (not negate,)


@relaxed
@given(text=texts, cursor=st.integers(-5, 80))
def test_completions_fit_in_the_text(text: str, cursor: int) -> None:
    for completion in complete(text, cursor, lambda column, prefix: [prefix + "x", "y z", column]):
        assert 0 <= completion.start <= completion.stop <= len(text)
        assert completion.apply(text).startswith(text[: completion.start])


@st.composite
def networks(draw: st.DrawFn) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    if draw(st.booleans()):
        number = draw(st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 0x0A000000])))
        return ipaddress.IPv4Network((number, draw(st.integers(0, 32))), strict=False)
    known = [0, 1, 0xFFFF << 32, 0xFFFF << 32 | 0x0A010203, 0xFD << 120, 0xFE80 << 112]
    number = draw(st.one_of(st.integers(0, 2**128 - 1), st.sampled_from(known)))
    return ipaddress.IPv6Network((number, draw(st.integers(0, 128))), strict=False)


def spellings(number: int) -> list[str]:
    """Ways to write 128 bits: short, long, a quad at the end, any run of zeros as `::`."""
    groups = [f"{number >> (112 - 16 * i) & 0xFFFF:x}" for i in range(8)]
    quad = str(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    address = ipaddress.IPv6Address(number)
    found = [str(address), address.exploded.upper(), ":".join(groups), f"{address}%eth0",
             ":".join([*groups[:6], quad])]  # fmt: skip
    for start in range(8):
        for stop in range(start + 1, 9):
            if set(groups[start:stop]) == {"0"}:
                found.append(f"{':'.join(groups[:start])}::{':'.join(groups[stop:])}")
    return [*found, quad, f"::ffff:{quad}"] if number >> 32 == 0xFFFF else found


def bits(text: str) -> int | None:
    """Python's own reading of an address, IPv4 mapped into IPv6; None for what is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0] if ":" in text else text)
    except ValueError:
        return None
    return int(address) | (0xFFFF << 32 if address.version == 4 else 0)


@settings(relaxed, max_examples=150)
@given(
    network=networks(),
    others=st.lists(st.integers(0, 2**128 - 1), max_size=3),
    garbage=st.lists(st.text("0159afF:.%", max_size=20), max_size=20),
)
def test_network_pattern_is_exact(
    database: duckdb.DuckDBPyConnection,
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
    others: list[int],
    garbage: list[str],
) -> None:
    mapped = 0xFFFF << 32 if network.version == 4 else 0
    low, high = int(network[0]) | mapped, int(network[-1]) | mapped
    edges = [low, high, max(0, low - 1), min(high + 1, 2**128 - 1), (low + high) // 2]
    written = [text for number in [*edges, *others] for text in spellings(number)] + garbage
    [(found,)] = database.execute(
        "select list_transform($texts::varchar[], lambda x: regexp_full_match(x, $pattern))",
        {"texts": written, "pattern": network_pattern(network)},
    ).fetchall()
    expected = [(number := bits(text)) is not None and low <= number <= high for text in written]
    assert dict(zip(written, found, strict=True)) == dict(zip(written, expected, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000, "NOT " * 4000 + "x", "-(" * 50 + "x" + ")" * 50, "a AND b OR " * 180 + "c",
        "a OR b c AND d " * 90, "-" * 20_000, "[" * 20_000, "a:[" + " " * 19_000, "/" * 20_000,
        "\\" * 20_000, '"' * 20_000, "a." * 9_000 + "b:x", "a[0]" * 4000 + ":x", "a:(" * 5000,
        "a:/" + "(" * 10_000 + "/", "/(a{500}){500}/", "*" * 20_000, "?*" * 9_000,
        "message:" + "*a" * 9_000, "a.b.c.d.e:x " * 400, "src_ip:fd00::/8 " * 400,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_long_and_deep_texts(database: duckdb.DuckDBPyConnection, text: str) -> None:
    try:
        compiled = compile_filter(text)
    except FilterError as error:
        check(error, text)
        return
    database.execute(f"select count(*) from events where {compiled.sql}", compiled.params)


def test_threads_do_not_share_a_parser() -> None:
    from concurrent.futures import ThreadPoolExecutor

    filters = [" OR ".join(f"w{n}" for n in range(1, 2 + i)) for i in range(60)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: len(compile_filter(text).params), filters * 5))
    assert found == [len(compile_filter(text).params) for text in filters] * 5


def test_json_of_any_shape_is_searched() -> None:
    with duckdb.connect() as connection:
        connection.execute(load("schema")["events"].body)
        for record, path, found in [
            ({"a": {"b": "x"}, "a.b": "y"}, "a.b", {"x"}),  # as written before joined
            ({"a.b": ["y", "x"]}, "a.b", {"x", "y"}),
            ({"a": [{"b": [{"c": "z"}, {"c": "x"}]}]}, "a.b.c", {"x", "z"}),
            ({"a": [[{"b": "y"}]]}, "a.b", set()),  # a list right in a list is not gone into
            ({"a": "[x"}, "a", {"[x"}),
            ({"a": ["[x", ["y"]]}, "a", {"[x"}),
            ({"a": [None, {"b": None}]}, "a.b", set()),
        ]:
            for value in ("x", "y", "z", "[x", "null"):
                compiled = compile_filter(f'fields.{path}:"{value}"')
                sql = f"select {compiled.sql} from (select $document as fields)"
                params = {**compiled.params, "document": json.dumps(record)}
                assert connection.execute(sql, params).fetchone() == (value in found,)
