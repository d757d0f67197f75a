"""What a search leaves out can't match: against DuckDB's own scan of everything."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.case.folder import Case
from console.case.grams import LEAST_BYTES, Run, bits_of, condition, merged, ways_of
from console.case.workspace import Workspace
from console.ingest.compact import compact
from console.ingest.service import Added, correct

SCAN = """
select count(*) from events
where contains(lower(message), lower($word)) or contains(lower(fields), lower($word))
    or contains(lower(also), lower($word))
"""


def may_match(bits: bytes, word: str) -> bool:
    marks = np.unpackbits(np.frombuffer(bits, np.uint8))
    ways = ways_of(word)
    return not ways or any(all(marks[bit] for bit in way) for way in ways)


@given(
    text=st.text(max_size=300),
    word=st.text(string.printable, min_size=1, max_size=40),
    after=st.text(max_size=50),
)
@settings(deadline=None)
def test_a_word_in_the_text_is_never_left_out(text: str, word: str, after: str) -> None:
    bits = bits_of((text + word + after).encode())
    for form in (word, word.upper(), word.lower(), word.swapcase()):
        assert may_match(bits, form)


@given(
    texts=st.lists(st.text(string.printable, max_size=40), max_size=4),
    word=st.text(string.printable, min_size=1, max_size=40),
    start=st.integers(0, 7),
)
@settings(deadline=None)
def test_nor_one_in_any_of_several_texts_wherever_these_lie_in_memory(
    texts: list[str], word: str, start: int
) -> None:
    memory = np.frombuffer(b"-" * start + word.encode(), np.uint8)
    pieces = [text.encode() for text in texts]
    assert may_match(bits_of(*pieces, memory[start:]), word)
    assert may_match(bits_of(memory[start:], *pieces), word.upper())


def test_all_letters_whose_lower_case_is_ascii_are_known() -> None:
    """As DuckDB has it, which decides what matches."""
    beyond = [chr(c) for c in range(128, 0x110000) if not 0xD800 <= c < 0xE000]
    strange = duckdb.execute(
        "select c from unnest($all) t(c) where regexp_matches(lower(c), '[ -~]')", {"all": beyond}
    ).fetchall()
    assert strange
    for (char,) in strange:
        assert may_match(bits_of(f"some {char}elvin here".encode()), "kelvin here")


def test_words_that_are_not_there_are_left_out() -> None:
    bits = bits_of(b"Failed password for root from 203.0.113.9 port 41822 ssh2\n" * 100)
    assert may_match(bits, "203.0.113.9")
    for word in ("198.51.100.231", "deadbeefdeadbeef", "accepted password"):
        assert not may_match(bits, word)


def test_every_word_of_a_real_case_is_found(demo: Workspace) -> None:
    """Pieces of real events, of any length and place, also with another case or a last letter."""
    draw = random.Random(4)
    cursor, timeline = demo.index.cursor(), demo.timeline()
    texts = cursor.execute(
        "select coalesce(fields, message) from events order by hash(seq) limit 60"
    ).fetchall()
    narrowed = 0
    for (text,) in texts:
        start = draw.randrange(max(1, len(text) - 30))
        word = text[start : start + draw.randrange(1, 30)]
        word = "".join(c for c in word if c.isascii() and c.isprintable() and c not in '"\\/<>&')
        if draw.random() < 0.3:
            word = word.upper()
        if draw.random() < 0.2:
            word += draw.choice("zq9")
        if not word.strip():
            continue
        compiled = demo.filter(f'"{word}"')
        [(wanted,)] = cursor.execute(SCAN, {"word": word}).fetchall()
        assert timeline.count(compiled).events == wanted, word
        narrowed += demo.index.relation(compiled.words) != "events"
    assert narrowed > 5


@pytest.mark.parametrize(
    "text",
    ["hostPID OR xmrig-nowhere", "dbg kubernetes-admin", "message:hostPID", '-"kube-system" dbg',
     "(nowhere-at-all OR requestObject) system:node", "*hostP?D*"],
)  # fmt: skip
def test_filters_give_what_they_give_without_grams(demo: Workspace, text: str) -> None:
    compiled = demo.filter(text)
    sql = f"select count(*) from events where {compiled.sql}"
    [(wanted,)] = demo.index.cursor().execute(sql, compiled.params).fetchall()
    timeline = demo.timeline()
    assert timeline.count(compiled).events == wanted
    assert len(timeline.after(compiled, None, 10_000, ["message"])) == wanted


@pytest.mark.parametrize(
    "word",
    ["203.0.113.77", "zgrab/0.x", "/seldom", "(?i)ZGRAB", "web-host-7", "cron-like", "shop-frontend"],
)  # fmt: skip
def test_what_went_into_other_columns_is_found(
    case: Case, add: Callable[..., list[Added]], tmp_path: Path, word: str
) -> None:
    """An analyst types an address and means the whole line, whichever column it went into."""
    logs = tmp_path / "shop_shop-frontend-5d_0f0f" / "web"
    logs.mkdir(parents=True)
    (logs / "0.log").write_text(
        '203.0.113.77 - - [30/Sep/2021:11:11:54 +0200] "GET /seldom HTTP/1.1" 404 162 "-" "zgrab/0.x"\n'
    )
    (tmp_path / "syslog").write_text("Mar  3 14:05:06 web-host-7 cron-like[7]: said\n")
    add(logs.parent, tmp_path / "syslog")
    workspace = Workspace(case)
    text = f"/{word}/" if word.startswith("(?i)") else f'"{word}"'
    assert workspace.timeline().count(workspace.filter(text)).events == 1
    assert workspace.timeline().count(workspace.filter(f"-{text}")).events == 1
    workspace.close()


def test_nothing_is_looked_at_for_a_word_that_is_nowhere(demo: Workspace) -> None:
    relation = demo.index.relation(demo.filter("zzq-not-there-zzq").words)
    assert "segment_" not in relation
    assert demo.index.relation(demo.filter("short").words) == "events"
    assert demo.index.relation(demo.filter("hostPID OR ab").words) == "events"


def test_corrected_and_older_segments(
    case: Case, add: Callable[..., list[Added]], tmp_path: Path
) -> None:
    log = tmp_path / "auth.log"
    log.write_text("Mar  3 14:05:06 h sshd[1]: Invalid user eve-the-rare from 203.0.113.9 port 9\n")
    [added] = add(log)
    assert added.evidence
    correct(case, added.evidence.sha256, zone="Europe/Berlin")
    workspace = Workspace(case)
    wanted = workspace.filter("eve-the-rare")
    assert workspace.timeline().count(wanted).events == 1
    assert workspace.timeline().count(workspace.filter("eve-the-raro")).events == 0
    workspace.close()
    [segment] = case.index_dir.glob("*.duckdb")
    segment.chmod(0o600)
    with duckdb.connect(str(segment)) as older:
        older.execute("drop table grams")
        older.execute("alter table events drop column also")
    workspace = Workspace(case)
    assert workspace.timeline().count(wanted).events == 1
    workspace.close()


def test_conditions_and_runs() -> None:
    assert condition([(("short",),)]) == ("", {})
    assert condition([(("long-enough",), ("short",))])[0] == ""
    sql, bits = condition([(("long-enough", "short"),)])
    assert sql.count("$bit") == len(bits) > 4
    runs = [Run(0, 9), Run(5, 20), Run(30, 31), Run(1000, 1001)]
    assert merged(runs, 9) == [Run(0, 20), Run(30, 31), Run(1000, 1001)]
    assert merged(runs, 2) == [Run(0, 31), Run(1000, 1001)]
    assert merged(runs, 1) == [Run(0, 1001)]
    assert len(ways_of("x" * LEAST_BYTES)) == 4


def test_merged_segments_are_searched_as_well(
    case: Case, add: Callable[..., list[Added]], tmp_path: Path
) -> None:
    for name in ("amber-lynx", "cobalt-heron"):
        log = tmp_path / f"{name}.log"
        log.write_text(f"Mar  3 14:05:06 h sshd[1]: Invalid user {name} from 203.0.113.9 port 9\n")
        add(log)
    assert compact(case.index_dir, at_least=2) == 2
    workspace = Workspace(case)
    for word, count in (("amber-lynx", 1), ("cobalt-heron", 1), ("umber-newts", 0)):
        compiled = workspace.filter(word)
        assert workspace.timeline().count(compiled).events == count
        assert (workspace.index.relation(compiled.words) == "events") == (count > 0)
    workspace.close()
