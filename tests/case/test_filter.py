"""What filters find, asked of real rows in DuckDB."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from console.case.columns import COLUMNS
from console.case.filter import FilterError, compile_filter, filter_with
from console.case.folder import Case
from console.case.queryfiles import load
from console.case.workspace import Workspace
from console.ingest.service import Added
from tests.conftest import SAMPLE

NOW = datetime(2026, 11, 24, 12, 0)
DAY = date(2026, 11, 23)

POD = {
    "verb": "create",
    "user": {"username": "system:serviceaccount:shop:web", "groups": ["dev", "Ops"]},
    "sourceIPs": ["203.0.113.9", "10.0.0.7"],
    "requestObject": {
        "metadata": {"labels": {"app.kubernetes.io/name": "web"}, "ownerReferences": None},
        "spec": {
            "hostPID": True,
            "replicas": 3,
            "containers": [{"image": "evil/x:1"}, {"image": "alpine", "ports": [{"p": 80}]}],
        },
    },
    "annotations": {"authorization.k8s.io/decision": "allow", "0": "zero"},
    "note": 'say "hi" to C:\\Temp <&> ü/x\x1b',
}

ROWS: dict[str, dict[str, Any]] = {
    "pod": {
        "ts": datetime(2026, 11, 23, 11, 3, 14, 881000),
        "category": "api", "activity": "create", "outcome": "ok", "status": "201",
        "severity": 3, "actor": "system:serviceaccount:shop:web", "object_kind": "pods",
        "object_name": "dbg", "namespace": "shop", "src_ip": "203.0.113.9", "src_port": 443,
        "groups": ["system:masters", "dev"], "message": "create pods shop/dbg",
        "fields": json.dumps(POD, ensure_ascii=False), "image": "registry.io/shop/web:1.25",
    },
    "deny": {
        "ts": datetime(2026, 11, 23, 11, 6, 0, 5),
        "activity": "list", "outcome": "denied", "status": "403", "actor": "Alice@Example.com",
        "object_kind": "secrets", "src_ip": "::ffff:10.1.2.3", "groups": [],
        "message": "User \"alice\" cannot list 100% of a_b\nsecond line",
        "fields": '{"verb":"list","reason":"a\\u003cb \\u0026 c\\/d \\u00fc","nginx":"1.25"}',
    },
    "login": {
        "ts": datetime(2026, 11, 24, 11, 50), "category": "login", "activity": "fail",
        "status": "nan", "actor": "root", "src_ip": "fd00:0:0::A", "dst_ip": "10.1.2.3",
        "file_path": "/etc/passwd", "cmdline": "cat /etc/passwd", "pid": 4211,
        "message": "Failed password for root from fd00::a port 22 --privileged 100x ab",
        "exe": "C:\\Windows\\cmd.exe", "user_agent": "kubectl/v1.30 (linux)",
    },
    "bad": {"src_ip": "not an address", "status": "", "actor": "", "fields": "{broken [",
            "message": "image nginx:1.25 system:masters null \x1b[31m"},
    "empty": {},
}  # fmt: skip

Find = Callable[..., set[str]]


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute(load("schema")["events"].body)
    connection.execute(load("schema")["marks"].body)
    for number, (name, row) in enumerate(ROWS.items()):
        trace = {
            "seq": number, "evidence": name, "path": name, "line": 1, "part": 0, "line_count": 1,
            "offset_bytes": 0, "size_bytes": 1, "format": "cri>k8s_audit",
        }  # fmt: skip
        values = [{**trace, **row}.get(column) for column in COLUMNS]
        marks = ", ".join("?" * len(values))
        connection.execute(f"insert into events ({', '.join(COLUMNS)}) values ({marks})", values)
    connection.execute("insert into case_tags values ('pod', 'pod', 1, 0, 'Evil pod')")
    connection.execute("insert into case_tags values ('deny', 'other', 1, 0, 'elsewhere')")
    connection.execute("insert into case_notes values ('login', 'login', 1, 0, 'Ask Bob about it')")
    yield connection
    connection.close()


@pytest.fixture
def find(database: duckdb.DuckDBPyConnection) -> Find:
    def find(text: str) -> set[str]:
        compiled = compile_filter(text, now=NOW, day=DAY)
        sql = f"select evidence from events where {compiled.sql}"
        return {name for (name,) in database.execute(sql, compiled.params).fetchall()}

    return find


EVERY = set(ROWS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # words
        ("", EVERY), ("  , ", EVERY),
        ("FAILED", {"login"}), ('"failed password"', {"login"}), ("failed root", {"login"}),
        ("fai*root", {"login"}), ("1?0x", {"login"}), ("10?x", {"login"}),
        ("100%", {"deny"}), ("a_b", {"deny"}), ("--privileged", {"login"}),
        ('"a*b"', set()), ("evil/x:1", {"pod"}),
        # as JSON writes them
        ('"say \\"hi\\""', {"pod"}), ("C:\\Temp", {"pod"}), ('"C:\\\\Temp"', {"pod"}),
        ('"a<b & c/d ü"', set()), ('"a<b & c"', {"deny"}), ("c/d", {"deny"}),
        ("ü", {"pod", "deny"}),
        ('"<&> ü/x\\x1b"', {"pod"}), ('"\\x1b[31m"', {"bad"}), ('"second line"', {"deny"}),
        ('"a_b\\nsecond"', {"deny"}), ("a<b*c", {"deny"}),
        # columns
        ("actor:root", {"login"}), ("actor:ROOT", {"login"}), ("actor:=ROOT", set()),
        ("actor:alice@example.com", {"deny"}), ("user:system:*", {"pod"}),
        ("user:system:serviceaccount:shop:web", {"pod"}), ("actor:roo", set()),
        ("actor:r?ot", {"login"}), ('actor:"r?ot"', set()), ("actor:r\\?ot", set()),
        ('actor:""', {"bad"}), ("file_path:/etc/passwd", {"login"}),
        ("file_path:/etc/", {"login"}), ("file:/pass\\/?wd$/", {"login"}),
        ("cmdline:/etc/passwd", {"login"}), ("image:registry.io/shop/web:1.25", {"pod"}),
        ("image:*web:1*", {"pod"}), ("exe:C:\\Windows\\cmd.exe", {"login"}),
        ('exe:"C:\\Windows\\cmd.exe"', {"login"}), ("agent:kubectl", {"login"}),
        ("message:root", {"login"}), ("text:=x", set()), ("ACTOR:root", {"login"}),
        ("actor: root", {"login"}), ("fields:hostpid", {"pod"}), ('fields:"say \\"hi"', {"pod"}),
        # set or not
        ("actor:*", EVERY - {"empty"}), ("-actor:*", {"empty"}), ("actor:null", {"empty"}),
        ('actor:"null"', set()), ("groups:*", {"pod"}), ("groups:null", EVERY - {"pod"}),
        ("pid:*", {"login"}), ("ts:null", {"bad", "empty"}),
        # lists
        ("groups:DEV", {"pod"}), ("groups:system:*", {"pod"}), ("-groups:dev", EVERY - {"pod"}),
        ("verb:(create list)", {"pod", "deny"}), ("verb:(create, list)", {"pod", "deny"}),
        ("verb:(create OR list)", {"pod", "deny"}), ("groups:(dev AND system:*)", {"pod"}),
        ("groups:(dev AND ops)", set()), ("verb:(* -list)", {"pod", "login"}),
        ("verb:(-list)", EVERY - {"deny"}), ("status:(>=400 <202)", {"pod", "deny"}),
        ('verb:("create" (list fail))', {"pod", "deny", "login"}),
        # numbers; a status that is none compares as none
        ("status:201", {"pod"}), ("status:[200 TO 299]", {"pod"}), ("status:{201 TO 403}", set()),
        ("status:{201 TO 403]", {"deny"}), ("status:>=400", {"deny"}), ("status:<300", {"pod"}),
        ("status:[* TO 403]", {"pod", "deny"}), ("code:4*", {"deny"}), ("status:> 400", {"deny"}),
        ("severity:3", {"pod"}), ("severity:>2", {"pod"}), ("port:443", {"pod"}),
        ("pid:>=4211.5", set()), ("pid:[4000 TO 5000]", {"login"}), ("pid:=4211", {"login"}),
        ("pid:99999999999999999", set()), ("-pid:4211", EVERY - {"login"}),
        ("actor:[r TO s]", {"login"}), ("actor:>=r", {"login", "pod"}),
        # addresses
        ("src_ip:203.0.113.9", {"pod"}), ("src_ip:203.0.113.0/24", {"pod"}),
        ("ip:10.1.2.3", {"deny", "login"}), ("ip:10.0.0.0/8", {"deny", "login"}),
        ("src:fd00::a", {"login"}), ("src:fd00::/8", {"login"}), ("src:::ffff:a01:203", {"deny"}),
        ("src_ip:0.0.0.0/0", {"pod", "deny"}), ("-src_ip:10.0.0.0/8", EVERY - {"deny"}),
        ("src_ip:203.*", {"pod"}), ('src_ip:"not an address"', {"bad"}),
        ("src_ip:::/0", {"pod", "deny", "login"}),
        # times
        ("ts:[11:03 TO 11:06]", {"pod", "deny"}), ("ts:[11:03 TO 11:06}", {"pod"}),
        ("ts:{11:03 TO 11:06]", {"deny"}), ("ts:11:03", {"pod"}),
        ("ts:2026-11-23", {"pod", "deny"}),
        ("ts:>=2026-11-23T22:44", {"login"}), ("ts:[now-15m TO now]", {"login"}),
        ("ts:>now-1d", {"login"}), ("ts:<=2026-11-23T11:06:00Z", {"pod", "deny"}),
        ("ts:<2026-11-23T11:06:00Z", {"pod"}), ("ts:2026-11-23T12:03+01:00", {"pod"}),
        ("ts:[2026-11-23 11:00 TO 2026-11-23 11:05]", {"pod"}),
        ('ts:["2026-11-23 11:00" TO *]', {"pod", "deny", "login"}),
        ("ts:1763895794", set()), ("ts:1795431794", {"pod"}), ("ts:1795431794881", {"pod"}),
        ("ts:1795431794881000", {"pod"}), ("ts:1795431794880", set()),
        # fields by their path
        ("requestObject.spec.hostPID:true", {"pod"}), ("requestObject.spec.hostPID:false", set()),
        ("requestObject.hostPID:true", set()), ("spec.hostPID:true", set()),
        ("requestObject.spec.containers.image:evil*", {"pod"}),
        ("requestObject.spec.containers[*].image:alpine", {"pod"}),
        ("requestObject.spec.containers[0].image:alpine", set()),
        ("requestObject.spec.containers[1].image:alpine", {"pod"}),
        ("requestObject.spec.containers.1.image:alpine", {"pod"}),
        ("requestObject.spec.containers.ports.p:>79", {"pod"}),
        ("requestObject.spec.replicas:[2 TO 3]", {"pod"}), ("sourceIPs:10.0.0.7", {"pod"}),
        ("user.groups:ops", {"pod"}), ("user.groups:(x ops)", {"pod"}), ("user.groups:=ops", set()),
        ("annotations.authorization.k8s.io/decision:allow", {"pod"}),
        ('annotations."authorization.k8s.io/decision":allow', {"pod"}),
        ("requestObject.metadata.labels.app.kubernetes.io/name:web", set()),
        ('requestObject.metadata.labels."app.kubernetes.io/name":web', {"pod"}),
        ("annotations.0:zero", {"pod"}), ("requestObject.spec:*", {"pod"}),
        ("requestObject.metadata.ownerReferences:*", set()),
        ("requestObject.metadata.ownerReferences:null", EVERY),
        ("user.username:/^system:.*web$/", {"pod"}), ("fields.verb:list", {"deny"}),
        ("-user.username:*", EVERY - {"pod"}), ("requestobject.spec.hostPID:true", set()),
        # a word with a colon that is no column: field or text
        ("nginx:1.25", {"deny", "bad"}), ("system:masters", {"bad"}), ("fd00::a", {"login"}),
        # operators
        ("verb:create OR verb:list", {"pod", "deny"}),
        ("verb:create || verb:list", {"pod", "deny"}),
        ("verb:create AND code:403", set()), ("verb:create && code:201", {"pod"}),
        ("NOT verb:create", EVERY - {"pod"}), ("!verb:create", EVERY - {"pod"}),
        ("-(verb:create OR verb:list)", EVERY - {"pod", "deny"}), ("+root", {"login"}),
        ("verb:create OR verb:list root", set()), ("root verb:fail OR verb:list", {"login"}),
        ("verb:create OR verb:list AND code:403", {"pod", "deny"}), ("or root", {"login"}),
        ("verb:create resource:pods -user:system:*  status:<300", set()),
        ("verb:create resource:pods user:system:*  status:<300", {"pod"}),
        # regular expressions
        ("/fail.*ROOT/", set()), ("/fail.*root/", {"login"}), ("/Fail\\w+/", {"login"}),
        ("/p[^ ]+ \\S+ root/", {"login"}), ("message:/^create/", {"pod"}), ("/etc/passwd", set()),
        ("actor:/^$/", {"bad"}), ("src_ip:/^203/", {"pod"}),
        # what the journals say
        ('tag:"evil pod"', {"pod"}), ("tag:evil*", {"pod"}), ("tag:*", {"pod"}),
        ("-tag:*", EVERY - {"pod"}),
        ("tag:elsewhere", set()), ("note:bob", {"login"}), ("note:/ask .* about/", {"login"}),
        ("note:*", {"login"}), ("marked:true", {"pod", "login"}), ("tag:(x evil*)", {"pod"}),
        ("marked:false", EVERY - {"pod", "login"}), ("tag:null", EVERY - {"pod"}),
    ],
)  # fmt: skip
def test_finds(find: Find, text: str, found: set[str]) -> None:
    assert find(text) == found


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ('a "open', 2, "closing quote"),
        ("user:", 5, "a value for user"),
        ("(a b", 4, "closing bracket"),
        ("a b)", 3, "not opened"),
        ("a OR", 4, "a term after OR"),
        ("a AND OR b", 6, "a term before OR"),
        ("OR a", 0, "a term before OR"),
        ("x ()", 3, "a term before )"),
        ("NOT NOT a", 4, "negated already"),
        ("a status:[400 499]", 9, "a range such as"),
        ("status:[ TO 4]", 7, "a range such as"),
        ("a message:/(/", 2, "a regular expression (missing )"),
        ("ts:yesterday-ish", 0, "a time for ts"),
        ("a pid:root", 2, "a number for pid"),
        ("a pid:<*", 2, "a number for pid"),
        ("src_ip:10.0.0.0/99", 0, "a network"),
        ("src_ip:[10.0.0.1 TO 10.0.0.2]", 0, "a network"),
        ("a marked:maybe", 2, "true or false"),
        ("status:>=", 9, "a value after >="),
        ("a \ud800", 2, "valid Unicode"),
        ("x" * 1_000_000, 20_000, "at most 20000 characters"),
        ("(" * 10_000, 61 - 1, "at most 60 brackets"),
        ("a " * 5000, 800, "at most 400 terms"),
        ("cites:x", 0, "a column that holds"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_error_points_at_the_character(text: str, position: int, expected: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(text, now=NOW, day=DAY)
    assert (caught.value.position, caught.value.text) == (position, text)
    assert expected in caught.value.expected


def test_error_shows_a_caret_under_the_character() -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter('a\x1b "open')
    message, shown, caret = str(caught.value).split("\n")
    assert "character 4" in message
    assert shown == '  a\\x1b "open'
    assert shown[caret.index("^")] == '"'


def test_words_are_only_those_that_every_match_holds() -> None:
    def words(text: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
        return compile_filter(text).words

    assert words('XMRig "Bad Word" actor:x -no (in) a*bc') == (
        (("xmrig",),), (("bad word",),), (("in",),), (("a", "bc"),),
    )  # fmt: skip
    assert words("/re/") == words("nginx:1") == words("-a") == words("a OR verb:b") == ()
    assert words("a OR b") == words("message:a OR b") == ((("a",), ("b",)),)
    assert words("a AND (b OR (c d))") == ((("a",),), (("b",), ("c", "d")))
    assert words("((a OR b) AND c) OR d") == ((("a",), ("b",), ("d",)),)
    assert words('"say \\"hi\\" ü"') == ((("say ", "hi"),),)  # JSON may write the rest otherwise


def test_sql_holds_no_text_of_the_user() -> None:
    text = "zzz actor:zzz fields:zzz zzz.zzz:zzz ts:>2026 tag:zzz zzz:zzz /zzz/ status:[zzz TO zzz]"
    compiled = compile_filter(text, prefix="p")
    assert "zzz" not in compiled.sql
    assert all(name.startswith("p") for name in compiled.params)
    assert compiled.columns >= {"actor", "fields", "message", "ts", "status"}


HOSTILE = [
    "", " ", "null", "*", "a*b?", '"', "\\", '\\"', "a\nb", "\r\t\x00\x1b[31m", "a\u202eb", "-x",
    "NOT", "OR a", "(x)", "[1 TO 2]", ">=5", "=x", "/x/", "ü", "\\x41", "\\n", "%", "_", ",", "a,",
    "system:x", "fd00::1", "10.0.0.0/8", "fe80::1%eth0", "it's", "$f0", "\U0001f600", "\ufffe",
]  # fmt: skip


@pytest.fixture(scope="module")
def event_table() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(load("schema")["events"].body)
        yield connection


@pytest.fixture
def one_event(event_table: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A table for one event, which holds none yet."""
    event_table.execute("delete from events")
    return event_table


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
@pytest.mark.parametrize("column", ["actor", "message", "cmdline", "src_ip", "a.b", 'odd "\\k'])
def test_filter_with_finds_the_value(
    one_event: duckdb.DuckDBPyConnection, column: str, value: str
) -> None:
    name = column if column in COLUMNS else ""
    path = {"a.b": {"a": {"b": value}}, 'odd "\\k': {"odd": value}}.get(column, {})
    if column.startswith("odd"):
        column = "fields.odd"
    columns = {
        "seq": 0, "evidence": "e", "path": "p", "line": 1, "part": 0, "line_count": 1,
        "offset_bytes": 0, "size_bytes": 0, "format": "text", "message": "other",
        "fields": json.dumps(path), **({name: value} if name else {}),
    }  # fmt: skip
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    one_event.execute(f"insert into events ({names}) values ({marks})", [*columns.values()])

    def count(text: str) -> int:
        compiled = compile_filter(text)
        sql = f"select count(*) from events where {compiled.sql}"
        [(found,)] = one_event.execute(sql, compiled.params).fetchall()
        return int(found)

    narrowed = filter_with("line:1 OR line:2", column, value)
    assert "\n" not in narrowed
    assert "\x1b" not in narrowed
    assert count(narrowed) == 1
    assert count(filter_with("line:1 OR line:2", column, value, negate=True)) == 0
    assert count(filter_with("", column, value + "x")) == 0
    assert count(filter_with("", column, None)) == 0


@pytest.mark.parametrize(
    ("text", "column", "value", "negate", "expected"),
    [
        ("", "actor", "root", False, "actor:root"),
        ("a", "actor", "root", True, "a -actor:root"),
        ("a OR b", "actor", "root", False, "(a OR b) actor:root"),
        ('"a OR b"', "actor", "root", False, '"a OR b" actor:root'),
        ("(a OR b)", "actor", "root", False, "(a OR b) actor:root"),
        ("", "actor", None, False, "-actor:*"),
        ("", "actor", None, True, "actor:*"),
        ("", "actor", "", False, 'actor:""'),
        ("", "actor", "null", False, 'actor:"null"'),
        ("", "cmdline", "ls", False, "cmdline:=ls"),
        ("", "src_port", 443, False, "src_port:443"),
        ("", "ts", datetime(2026, 1, 2, 3, 4, 5), False, 'ts:"2026-01-02T03:04:05.000000"'),
        ("", "groups", ["a", "b c"], False, 'groups:a groups:"b c"'),
        ("", "groups", ["a", "b"], True, "-(groups:a groups:b)"),
        ("", "groups", [], False, "groups:null"),
        ("", "a.b", True, False, "a.b:true"),
        ("", "odd key", "x", False, 'fields."odd key":x'),
    ],
)
def test_filter_with_writes(
    text: str, column: str, value: object, negate: bool, expected: str
) -> None:
    assert filter_with(text, column, value, negate=negate) == expected
    compile_filter(expected)


def test_time_of_a_cell_is_found_to_the_microsecond(find: Find) -> None:
    assert find(filter_with("", "ts", ROWS["pod"]["ts"])) == {"pod"}
    assert find(filter_with("", "ts", datetime(2026, 11, 23, 11, 3, 14, 881001))) == set()
    assert find(filter_with("", "groups", ROWS["pod"]["groups"])) == {"pod"}


def test_a_hunt_is_asked_once_for_each_state_of_the_index(
    add: Callable[..., list[Added]], case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not anew for each page, count and histogram; and again once there are new events."""
    add(SAMPLE / "k8s_audit" / "falco_traces")
    workspace = Workspace(case)
    filter_ = workspace.filter("hunt:exec-into-pod OR hunt:secrets-listed")
    asked = []
    hunted = workspace.index.hunted

    def note(cursor: duckdb.DuckDBPyConnection, sql: str) -> str:
        asked.append(hunted(cursor, sql))
        return asked[-1]

    monkeypatch.setattr(workspace.index, "hunted", note)
    timeline = workspace.timeline()
    found = timeline.count(filter_).events
    assert found > 0
    assert len(timeline.after(filter_, None, 100, ["message"])) == found
    assert workspace.timeline().count(filter_).events == found
    assert len(asked) > 4
    assert len(set(asked)) == 2
    for name in ("k8s_audit/crowdsec_k8s-audit-priv-pod-file.log", "cri/plaso_cri.log", "cron"):
        add(SAMPLE / name)
        workspace.refresh()
        assert workspace.timeline().count(filter_).events == found
    assert len(set(asked)) == 8
    tables = "select count(*) from duckdb_tables() where starts_with(table_name, 'hunt_')"
    assert workspace.index.cursor().execute(tables).fetchall() == [(4,)]
    workspace.close()
