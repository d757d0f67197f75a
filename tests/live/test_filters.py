"""What a filter lets through, and where one that can't be read is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.live.filters import FilterError, parse_filter
from console.live.tables import Table, table
from tests.live.dumped import WEBSHOP, Dumped


@pytest.fixture(scope="module")
def pods() -> Table:
    return table(Dumped.read(WEBSHOP / "kubectl_get_all.json"), "pods")


def names(pods: Table, text: str) -> list[str]:
    wanted = parse_filter(text, [column.name for column in pods.columns])
    return [row.name.rsplit("-", 1)[-1] for row in pods.arranged(wanted)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["52cbz", "fr6ms", "mrsh9", "wh575", "client", "qpjd4", "s67lp"]),
        ("SHOP-78", ["qpjd4", "s67lp"]),
        ("^shop .*busybox", ["mrsh9", "wh575", "client"]),
        ("!Running", ["mrsh9", "wh575"]),
        ("!Running !mrsh9", ["wh575"]),
        ("status:=running name:cli", ["client"]),
        ("!status:running", ["mrsh9", "wh575"]),
        ("rst:>0", ["mrsh9", "wh575"]),
        ("rst:<=0 ready:<1", []),
        ("ready:<1", ["mrsh9", "wh575"]),
        ("age:<1m", []),
        ("-l app=shop", ["qpjd4", "s67lp"]),
        ("-l app in (shop, client) busybox", ["client"]),
        ("-l app,app notin (shop,catalog)", ["client"]),
        ("-l app!=shop,!pod-template-hash", ["client"]),
        ("-l !app", []),
        ("-f ctwh", ["wh575"]),
        ("lab/shop:2", ["52cbz", "fr6ms"]),
        ('image:"lab/shop:1"', ["qpjd4", "s67lp"]),
        ("-status:running", ["mrsh9", "wh575"]),
        ("-status:running -mrsh9", ["mrsh9"]),  # a text that begins so
        ("spec.containers.image:lab/shop:2", ["52cbz", "fr6ms"]),
        ("spec.containers[0].image:=lab/shop:1", ["qpjd4", "s67lp"]),
        ("!spec.serviceAccountName:default spec.hostpid:true", []),
        ("metadata.labels.app:shop", ["qpjd4", "s67lp"]),
        (
            "metadata.labels.pod-template-hash:* -metadata.labels.app:shop",
            ["52cbz", "fr6ms", "mrsh9", "wh575"],
        ),
        ("status.containerStatuses.restartCount:>0", ["mrsh9", "wh575"]),
        ("spec.nothing.there:*", []),
        ("registry.example.com:5000", []),  # no path: a text
        ('"1/1 Running"', ["52cbz", "fr6ms", "client", "qpjd4", "s67lp"]),
    ],
)
def test_what_a_filter_lets_through(pods: Table, text: str, expected: list[str]) -> None:
    assert names(pods, text) == expected


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("web (a", 4, "regular expression"),
        ("statsu:x", 0, "perhaps status"),
        ("web rst:>much", 9, "a number"),
        ("web restarts:>3", 4, "a column: "),
        ("spec.replicas:>many", 15, "a number"),
        ("spec.replicas:", 14, "* for any"),
        ("-statsu:x", 1, "perhaps status"),
        ("status:", 7, "a value of status"),
        ("-l a in (b", 10, "a comma or )"),
        ("-l", 2, "labels"),
        ("-l a=b,", 7, "a label's name"),
        ("-f", 2, "letters"),
        ("!", 1, "must not be there"),
        ('name:"ab', 8, 'a closing "'),
        ("x" * 4001, 4000, "at most"),
    ],
)
def test_an_error_points_at_the_character(
    pods: Table, text: str, position: int, expected: str
) -> None:
    with pytest.raises(FilterError) as caught:
        names(pods, text)
    assert caught.value.position == position
    assert expected in caught.value.expected


def test_a_word_finds_what_the_expression_finds(pods: Table) -> None:
    words = {word for row in pods.rows for cell in row.cells for word in cell.split() if word}
    for word in sorted(words):
        if ":" not in word:  # else it may name a column
            wanted = [row.name for row in pods.rows if word.lower() in " ".join(row.cells).lower()]
            assert [row.name for row in pods.rows if parse_filter(word).matches(row)] == wanted


@given(st.text(alphabet="ab:=!<>()[]-lf in,\"'\\*+?. \x1b", max_size=30))
def test_any_text_is_a_filter_or_an_error_within_it(text: str) -> None:
    error = None
    try:
        parse_filter(text, ["A", "AB"])
    except FilterError as found:
        error = found
    assert error is None or 0 <= error.position <= len(text)
    assert "\x1b" not in str(error)


def test_what_looks_like_a_column_and_is_none_is_told(pods: Table) -> None:
    """`hostPID:true` finds nothing as a text, which is not to say that there is no such pod."""
    columns = [column.name for column in pods.columns]
    assert parse_filter("hostPID:true label:x", columns).taken_as_text == (
        "hostPID:true",
        "label:x",
    )
    assert parse_filter("lab/shop:2 10.0.0.1:80 status:Running", columns).taken_as_text == ()
