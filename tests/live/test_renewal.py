"""What is gone on with from a reading before is what reading everything anew would give."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from console.live.arranging import Arranged, arranged
from console.live.filters import parse_filter
from console.live.tables import NOT_CAPTURED, Table, table
from tests.live.dumped import Dumped
from tests.live.test_tables import NOW, pod

NAMES = [f"p{number}" for number in range(8)]
RBAC = "rbac.authorization.k8s.io"
ROLE = {
    "apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": "all"},
    "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
}  # fmt: skip
BINDING = {
    "apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "b"},
    "roleRef": {"kind": "ClusterRole", "name": "all"},
    "subjects": [{"kind": "ServiceAccount", "name": "boss", "namespace": "a"}],
}  # fmt: skip


def made_otherwise(
    name: str, owner: str, image: str, account: str, restarts: int
) -> dict[str, Any]:
    reference = {"kind": "ReplicaSet", "name": owner, "uid": owner, "controller": True}
    return pod(
        name,
        {
            "automountServiceAccountToken": None, "serviceAccountName": account,
            "containers": [{"name": "c", "image": image}],
        },
        metadata={"ownerReferences": [reference] if owner else [], "labels": {"app": owner}},
        status={"phase": "Running", "containerStatuses": [
            {"name": "c", "ready": restarts < 3, "restartCount": restarts}]},
    )  # fmt: skip


PODS = st.builds(
    made_otherwise, st.sampled_from(NAMES), st.sampled_from(["web", "db", ""]),
    st.sampled_from(["reg.io/a@sha256:1", "reg.io/b", "evil.example/a"]),
    st.sampled_from(["boss", "nobody"]), st.integers(0, 4),
)  # fmt: skip
STEPS = st.one_of(
    PODS,
    st.tuples(st.just("gone"), PODS),
    st.sampled_from([ROLE, BINDING]),
    st.just("unbound"),
)
CAPTURED = {("a", "p1"): {"files": 2}}


def take(inventory: Dumped, step: Any) -> None:
    if step == "unbound":
        inventory.put(BINDING, gone=NOW)
    elif isinstance(step, tuple):
        inventory.put(step[1], gone=NOW - timedelta(minutes=5))
    else:
        inventory.put(step)


def words(shown: Table) -> list[Any]:
    return [(r.ref, r.cells, r.state, r.severity, r.gone, r.risks, r.delta) for r in shown.rows]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PODS, min_size=6, max_size=12), st.lists(st.lists(STEPS, max_size=4), max_size=5),
    st.sampled_from([NOT_CAPTURED, CAPTURED]),
)  # fmt: skip
def test_a_renewed_table_is_a_new_one(
    first: list[Any], rounds: list[list[Any]], captured: Any
) -> None:
    inventory = Dumped(first)
    now = NOW
    before = table(inventory, "pods", now=now)
    for steps in rounds:
        for step in steps:
            take(inventory, step)
        now += timedelta(seconds=90)
        renewed = table(inventory, "pods", now=now, captured=captured, before=before)
        anew = table(inventory, "pods", now=now, captured=captured)
        assert words(renewed) == words(anew)
        assert (renewed.columns, renewed.unjudged) == (anew.columns, anew.unjudged)
        before = renewed


def test_rows_of_what_did_not_change_stay() -> None:
    same = {"owner": "web", "image": "reg.io/a", "account": "nobody"}
    inventory = Dumped([made_otherwise(name, restarts=0, **same) for name in NAMES])
    before = table(inventory, "pods", now=NOW)
    inventory.put(made_otherwise("p3", restarts=2, **same))
    renewed = table(inventory, "pods", now=NOW + timedelta(hours=1), before=before)
    stayed = [old is new for old, new in zip(before.rows, renewed.rows, strict=True)]
    assert stayed.count(False) == 1
    assert stayed.index(False) == 3
    age = renewed.column("AGE")
    assert {row.cell(age) for row in renewed.rows} == {"120m"}  # their ages go on
    later = made_otherwise("p3", "web", "evil.example/a", "nobody", 2)
    inventory.put(later)  # with half of its siblings it would be usual; alone it is odd
    again = table(inventory, "pods", now=NOW, before=renewed)
    assert [row.delta.text for row in again.rows if row.delta.text != "–"] == ["image"]


FILTERS = ["", "e", "ev", "evil", "evil.example", "!reg", "p1", "p", "status:Run", "-f p", "61m",
           "rst:>2", "-l app=web", "web evil"]  # fmt: skip
ORDERS = ["", "NAME", "RST", "AGE", "Δ", "RISK"]


HOWS = st.tuples(st.sampled_from(FILTERS), st.sampled_from(ORDERS), st.booleans(), st.booleans())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(PODS, min_size=6, max_size=12), st.lists(HOWS, min_size=2, max_size=2),
    st.lists(st.tuples(st.lists(STEPS, max_size=3), st.sampled_from([0, 0, 0, 1])), max_size=6),
)  # fmt: skip
def test_what_is_arranged_anew_is_the_same_from_what_was_before(
    first: list[Any], hows: list[Any], rounds: list[Any]
) -> None:
    inventory = Dumped(first)
    now: datetime = NOW
    shown: Table | None = None
    before: Arranged | None = None
    for steps, which in rounds:
        text, column, is_descending, is_faulty = hows[which]
        for step in steps:
            take(inventory, step)
        now += timedelta(seconds=45)
        shown = table(inventory, "pods", now=now, before=shown)
        wanted = parse_filter(text, [c.name for c in shown.columns])
        how: dict[str, Any] = {"is_descending": is_descending, "is_faulty": is_faulty}
        at = shown.column(column) if column else -1
        before = arranged(shown.rows, wanted, at, before=before, **how)
        anew = arranged(shown.rows, wanted, at, **how)
        assert [row.name for row in before.rows] == [row.name for row in anew.rows]
        assert all(old is new for old, new in zip(before.rows, anew.rows, strict=True))


def test_the_next_letter_looks_at_what_the_one_before_let_through() -> None:
    """Each row that is asked whether it holds a word says so."""
    inventory = Dumped([pod(name) for name in NAMES])
    shown = table(inventory, "pods", now=NOW)
    first = arranged(shown.rows, parse_filter("p"))
    one = arranged(shown.rows, parse_filter("p1"), before=first)
    assert [row.name for row in one.rows] == ["p1"]
    asked: list[str] = []

    class Asked:
        def __init__(self, row: Any) -> None:
            self.row = row

        def __getattr__(self, name: str) -> Any:
            if name == "holds":
                asked.append(self.row.name)
            return getattr(self.row, name)

    rows: Any = [Asked(row) for row in shown.rows]
    first = arranged(rows, parse_filter("p"))
    two = arranged(rows, parse_filter("p1"), before=first)
    del asked[:]
    arranged(rows, parse_filter("p1x"), before=two)
    assert asked == ["p1"]
    del asked[:]
    arranged(rows, parse_filter("p1"), before=two)
    assert asked == []
    arranged(rows, parse_filter("p2"), before=two)
    assert asked == NAMES
