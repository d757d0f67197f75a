"""The cluster's screens by keys, over an inventory that the test holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from console.app.app import Console
from console.app.commands import complete_command
from console.app.object_rows import Sheet
from console.app.screens.changes import ChangesScreen
from console.app.screens.cluster import ClusterScreen
from console.app.screens.describe import DescribeScreen
from console.app.screens.entity import EntityScreen
from console.app.screens.manifest import ManifestScreen
from console.app.screens.revisions import RevisionsScreen
from console.app.source import Source
from console.app.widgets.object_table import ObjectTable
from console.case.workspace import Workspace
from console.live.inventory import ClusterInfo, Feed, Inventory
from console.live.revisions import Sign
from tests.app.driving import command, enter, press, screen_text, settle, status, still
from tests.app.held_inventory import HeldInventory, pod

DUMPS = Path(__file__).parents[1] / "data" / "sample" / "lab_incident"
T0 = datetime(2026, 11, 24, 9, 0)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def held() -> HeldInventory:
    inventory = HeldInventory()
    for name in ("kubectl_get_all.json", "kubectl_get_nodes.json", "kubectl_get_rbac.json"):
        inventory.load(DUMPS / name, T0)
    return inventory


def console(demo: Workspace, held: HeldInventory) -> Console:
    app = Console(demo, start="cluster", clock=still)
    app.source = Source(held.at)
    return app


def names(app: Console) -> list[str]:
    return [row.name for row in app.screen.query_one(ObjectTable).shown.rows]


async def test_from_a_workload_to_its_pods_to_their_containers_and_back(
    demo: Workspace, held: HeldInventory
) -> None:
    app = console(demo, held)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "pods(all) [7/7]" in screen_text(app)
        await command(pilot, "deploy shop")
        assert names(app) == ["catalog", "shop"]
        await press(pilot, "j", "enter")
        assert "pods of deployments.apps shop/shop [2/2]" in screen_text(app)
        await press(pilot, "enter")
        assert names(app) == ["shop"]
        await press(pilot, "escape", "escape")
        screen = app.screen
        assert isinstance(screen, ClusterScreen)
        assert screen.current is not None
        assert screen.current.ref.name == "shop"  # the cursor is where it was
        await press(pilot, "escape")
        assert "pods(all) [7/7]" in screen_text(app)


async def test_owner_node_and_used_by(demo: Workspace, held: HeldInventory) -> None:
    app = console(demo, held)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "J")
        assert "replicasets.apps(shop)" in screen_text(app)
        screen = app.screen
        assert isinstance(screen, ClusterScreen)
        assert screen.current is not None
        assert screen.current.ref.name == "catalog-756455d6d5"
        await press(pilot, "escape", "o")
        assert names(app) == ["lab-node"]
        await press(pilot, "u")
        assert len(names(app)) == 7
        await press(pilot, "escape", "escape")
        await press(pilot, "p")
        assert isinstance(app.screen, EntityScreen)


async def test_filters_narrow_as_typed_and_say_what_is_wrong(
    demo: Workspace, held: HeldInventory
) -> None:
    app = console(demo, held)
    async with app.run_test(size=(120, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "/")
        await enter(pilot, "!Running")
        assert "[2/7]  filter: !Running" in screen_text(app)
        await press(pilot, "/", "ctrl+u")
        await enter(pilot, "status:Crash")
        assert names(app) == ["catalog-7679bdd8f4-mrsh9"]
        await press(pilot, "/", "ctrl+u")
        await enter(pilot, "-l app=nothing")
        assert "none of 7 matches the filter" in screen_text(app)
        await press(pilot, "escape")
        assert len(names(app)) == 7
        await press(pilot, "/")
        await enter(pilot, "stat:x")
        assert len(names(app)) == 7
        assert "expected" in screen_text(app)
        await press(pilot, "escape", "ctrl+z")
        assert names(app) == ["catalog-7679bdd8f4-mrsh9"]


@pytest.mark.parametrize(
    ("kind", "titles"),
    [("po", ["NAMESPACE", "STATUS", "RISK"]), ("rolebindings", ["NAMESPACE", "ROLE", "SUBJECTS"])],
)
async def test_long_names_leave_room_for_what_tells_most(
    demo: Workspace, held: HeldInventory, kind: str, titles: list[str]
) -> None:
    name = "payment-reconciliation-worker-in-the-blue-region-7d9f8c6b5-x2x4k"
    held.put("pods", pod(name, hostPID=True), T0)
    binding = {"metadata": {"name": name, "namespace": "shop"}}
    role = {"roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}}
    who = {"subjects": [{"kind": "User", "name": "eve"}]}
    held.put("rolebindings.rbac.authorization.k8s.io", binding | role | who, T0)
    app = console(demo, held)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await command(pilot, f"{kind} all")
        head, *lines = screen_text(app).split("\n")[3:]
        assert [title for title in titles if title not in head] == []
        [line] = [line for line in lines if "payment-" in line]
        assert "…" in line
        assert "x2x4k" in line
        assert {"po": "hostPID", "rolebindings": "eve"}[kind] in line


async def test_a_letter_sorts_and_again_turns_round(demo: Workspace, held: HeldInventory) -> None:
    app = console(demo, held)
    async with app.run_test(size=(120, 24)) as pilot:
        await settle(pilot)
        table = app.screen.query_one(ObjectTable)
        letter = next(spec.letter for spec in table.shown.columns if spec.title == "NAME")
        await press(pilot, letter)
        before = names(app)
        await press(pilot, letter)
        assert names(app) == before[::-1]
        assert "NAME↓" in screen_text(app)


async def test_an_order_or_a_filter_needs_no_new_reading(
    demo: Workspace, held: HeldInventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = console(demo, held)
    async with app.run_test(size=(120, 24)) as pilot:
        await settle(pilot)
        seen: list[str] = []
        read = ClusterScreen.read

        def noted(screen: ClusterScreen, inventory: Inventory) -> Sheet:
            seen.append(screen.view.kind)
            return read(screen, inventory)

        monkeypatch.setattr(ClusterScreen, "read", noted)
        await press(pilot, "N", "N", "/")
        await enter(pilot, "mrsh9")
        assert "filter: mrsh9" in screen_text(app)
        assert names(app) == ["catalog-7679bdd8f4-mrsh9"]
        assert seen == []
        await command(pilot, "nodes")
        assert names(app) == ["lab-node"]
        await press(pilot, "escape", "r")
        assert seen[0] == "nodes"
        assert seen[-1] == "pods"


async def test_empty_tables_say_why(demo: Workspace, held: HeldInventory) -> None:
    held.feed_list = [
        Feed("lab", "secrets", "", "hidden", None, "no right to list secrets in shop"),
        Feed("lab", "nodes", "", "lost", T0, "connection refused"),
        Feed("lab", "events", "", "not collected"),
    ]
    app = console(demo, held)
    async with app.run_test(size=(120, 24)) as pilot:
        await settle(pilot)
        for kind, said in (
            ("secrets", "no right to list secrets in shop"),
            ("events", "events were not collected"),
            ("ns", "no namespaces"),
        ):
            await command(pilot, kind)
            assert said in screen_text(app), kind
        await command(pilot, "po nothing-here")
        assert "no pods in nothing-here" in screen_text(app)
        await command(pilot, "nodes")
        assert "connection refused" in screen_text(app)  # beside the rows that are still shown
        assert names(app) == ["lab-node"]


async def test_what_is_gone_stays_and_is_there_again_at_its_time(
    demo: Workspace, held: HeldInventory
) -> None:
    ref = held.put("pods", pod("dbg", hostPID=True), T0 + MINUTE).ref
    held.delete(ref, T0 + 5 * MINUTE, "eve")
    app = console(demo, held)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        assert "‹gone 09:05› dbg" in screen_text(app)
        assert "▣ OFFLINE" in screen_text(app)
        await command(pilot, "as-of 09:02")
        screen = screen_text(app)
        assert "◷ AS OF 2026-11-24 09:02:00" in screen
        assert "gone" not in screen
        assert " dbg " in screen
        await press(pilot, "t")
        assert "pods shop/dbg" in screen_text(app)
        await press(pilot, "right")
        assert "‹gone 09:05› dbg" in screen_text(app)
        await press(pilot, "left", "left")
        assert "09:00:00" in screen_text(app)
        assert "dbg" not in names(app)
        await press(pilot, "4")
        assert "◷ AS OF" in screen_text(app)  # on every screen
        await command(pilot, "live")
        assert "◷ AS OF" not in screen_text(app)


async def test_the_cursor_stays_on_its_object_while_rows_come_and_go(
    demo: Workspace, held: HeldInventory
) -> None:
    app = console(demo, held)
    whole = held.at(None)
    app.source = Source(lambda moment: whole)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j")
        screen = app.screen
        assert isinstance(screen, ClusterScreen)
        assert screen.current is not None
        ref = screen.current.ref
        for number in range(5):
            whole.put("pods", pod(f"aaa-{number}", "apps"), T0 + MINUTE)
        screen.look()
        await settle(pilot)
        screen.ask()
        await settle(pilot)
        assert len(names(app)) == 12
        assert screen.current.ref == ref


async def test_describe_yaml_and_history_of_one_object(
    demo: Workspace, held: HeldInventory
) -> None:
    doc = pod("dbg", hostPID=True)
    doc["metadata"]["managedFields"] = [
        {"manager": "kubectl-run", "operation": "Update", "time": "2026-11-24T09:01:00Z",
         "fieldsV1": {"f:spec": {"f:hostPID": {}}}}
    ]  # fmt: skip
    held.put("pods", doc, T0 + MINUTE, "eve")
    held.put(
        "pods", doc | {"spec": doc["spec"] | {"nodeName": "node-2"}}, T0 + 2 * MINUTE, "mallory"
    )
    app = console(demo, held)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await command(pilot, "po shop dbg")
        assert names(app) == ["dbg"]
        await press(pilot, "d")
        assert isinstance(app.screen, DescribeScreen)
        screen = screen_text(app)
        assert "hostPID" in screen
        assert "T1611" in screen
        await press(pilot, "y")
        assert isinstance(app.screen, ManifestScreen)
        screen = screen_text(app)
        assert "kubectl-run (Update)  spec.hostPID" in screen
        assert "fieldsV1" not in screen
        await press(pilot, "m")
        assert "fieldsV1" in screen_text(app)
        await press(pilot, "/")
        await enter(pilot, "hostPID: true")
        assert "1 lines match" in status(app)
        await press(pilot, "escape", "h")
        assert isinstance(app.screen, ChangesScreen)
        screen = screen_text(app)
        assert "by mallory" in screen
        assert "- node-1" in screen
        assert "+ node-2" in screen
        await press(pilot, "G", "f")
        assert "◷ AS OF 2026-11-24 09:01:00" in screen_text(app)


async def test_hostile_names_steer_no_terminal(demo: Workspace, held: HeldInventory) -> None:
    held.put("pods", pod("evil\x1b[31m\u202e"), T0 + MINUTE)
    app = console(demo, held)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "po shop evil")
        for key in ("d", "y", "h"):
            await press(pilot, key)
            assert "\x1b" not in screen_text(app)
            assert "\u202e" not in screen_text(app)
            await press(pilot, "escape")


async def test_fifty_thousand_pods_are_lines_not_widgets(
    demo: Workspace, held: HeldInventory
) -> None:
    """Only what is in view is drawn: a key draws two lines."""
    base = held.put("pods", pod("web-0", "load"), T0)
    objects = [
        replace(base, ref=replace(base.ref, name=f"web-{n}", uid=f"u{n}")) for n in range(50_000)
    ]
    held.objects = lambda *args, **kwargs: objects  # type: ignore[method-assign]
    app = Console(demo, start="cluster", clock=still)
    app.source = Source(lambda moment: held)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "[50,000/50,000]" in screen_text(app)
        table = app.screen.query_one(ObjectTable)
        drawn: list[int] = []
        render = table.render_line
        table.render_line = lambda y: (drawn.append(y), render(y))[1]  # type: ignore[method-assign]
        await press(pilot, "j")
        assert sorted(set(drawn)) == [1, 2]
        await press(pilot, "G")
        assert table.cursor == 49_999


async def test_the_page_of_an_entity_says_what_it_is_now(
    demo: Workspace, held: HeldInventory
) -> None:
    ref = held.put("pods", pod("dbg", hostPID=True), T0 + MINUTE).ref
    held.delete(ref, T0 + 5 * MINUTE, "eve")
    app = console(demo, held)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await command(pilot, "pivot pod=dbg")
        assert isinstance(app.screen, EntityScreen)
        screen = screen_text(app)
        assert " now" in screen
        assert "deleted 09:05:00 by eve" in screen
        await press(pilot, "d")
        assert isinstance(app.screen, DescribeScreen)
        assert "pods shop/dbg" in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, "as-of 09:02")
        await command(pilot, "pivot pod=dbg")
        screen = screen_text(app)
        assert "as of 2026-11-24 09:02:00" in screen
        assert "by eve" not in screen


async def test_revisions_of_a_workload_with_the_first_bad_sign(demo: Workspace) -> None:
    app = Console(demo, start="cluster", clock=still)
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await command(pilot, "deploy shop catalog")
        await press(pilot, "h", "v")
        assert isinstance(app.screen, RevisionsScreen)
        screen = screen_text(app)
        assert "revisions of deployments.apps shop/catalog" in screen
        assert "spec.template" in screen
        table = app.screen.query_one(ObjectTable)
        sign = next(
            at for at, row in enumerate(table.shown.rows) if isinstance(row.about, Sign)
        )  # fmt: skip
        await press(pilot, *["j"] * sign)
        screen = screen_text(app)
        assert "first bad sign" in screen
        assert "s before, itself: deployments.apps shop/catalog" in screen
        await press(pilot, "f")
        assert "◷ AS OF" in screen_text(app)


async def test_a_namespace_is_completed_behind_every_kind(
    demo: Workspace, held: HeldInventory
) -> None:
    app = console(demo, held)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for line, whole in (("po sh", "po shop"), ("svc sh", "svc shop"), ("deploy a", "deploy all"),
                            ("changes pods sh", "changes pods shop"), ("usage sh", "usage shop"),
                            ("no sh", None)):  # fmt: skip
            assert await complete_command(app, line) == whole
        held.put("namespaces", {"metadata": {"name": "shadow"}}, T0)
        assert await complete_command(app, "po sh") == "po shadow"  # empty as yet
        await press(pilot, "colon", *"svc")
        assert ":svc [NAMESPACE]" in screen_text(app)
        await press(pilot, "space", *"shop", "enter")
        await press(pilot, "colon", *"svc shad", "tab", "enter")
        assert "services(shadow)" in screen_text(app)


class TwoClusters(HeldInventory):
    """The second one hides what it can, and has a namespace of the same name."""

    def clusters(self) -> list[ClusterInfo]:
        return [self.info, ClusterInfo("far", "https://127.0.0.2:6443", "v1.30.0", "ana")]

    def at(self, moment: datetime | None) -> TwoClusters:
        other = TwoClusters(self.cluster, moment)
        other.history, other.feed_list, other.info = self.history, self.feed_list, self.info
        return other


@pytest.fixture
def two() -> TwoClusters:
    found = TwoClusters()
    meta = {"name": "shop"}
    for cluster in ("lab", "far"):
        found.cluster = cluster
        found.put("namespaces", {"kind": "Namespace", "metadata": meta}, T0)
        found.put("pods", pod(f"of-{cluster}"), T0)
    found.cluster = "lab"
    found.put("secrets", {"kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}}, T0)
    found.feed_list = [
        Feed("lab", "secrets", "", "live"),
        Feed("far", "secrets", "shop", "hidden", T0, "no right to list secrets in shop"),
    ]
    return found


async def test_a_cluster_that_was_chosen_stays_chosen(demo: Workspace, two: TwoClusters) -> None:
    """Else the next table shows the other's objects, to whoever believes to be in this one."""
    app = console(demo, two)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        assert names(app) == ["of-far", "of-lab"]
        await command(pilot, "ctx far")
        assert names(app) == ["of-far"]
        await command(pilot, "secrets")
        assert "far:secrets(all)" in screen_text(app)
        assert names(app) == []
        await command(pilot, "ns")
        await press(pilot, "enter")
        assert "far:pods(shop)" in screen_text(app)
        assert names(app) == ["of-far"]
        await command(pilot, "po @lab shop")
        assert names(app) == ["of-lab"]
        await command(pilot, "po @all")
        assert names(app) == ["of-far", "of-lab"]
        await command(pilot, "po @none")
        assert "no such cluster" in screen_text(app)


async def test_a_namespace_of_one_cluster_leads_to_that_ones_pods(
    demo: Workspace, two: TwoClusters
) -> None:
    app = console(demo, two)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "ns")
        await press(pilot, "enter")
        assert len(names(app)) == 1


async def test_which_cluster_hides_something(demo: Workspace, two: TwoClusters) -> None:
    app = console(demo, two)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "secrets")
        assert "! far: no right to list secrets in shop" in screen_text(app)


async def test_changes_say_of_which_cluster_and_of_the_one_that_was_chosen(
    demo: Workspace, two: TwoClusters
) -> None:
    app = console(demo, two)
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await command(pilot, "changes po")
        assert {row.ref.cluster for row in table_of(app).shown.rows} == {"lab", "far"}
        assert "CLUSTER" in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, "ctx far")
        await press(pilot, "v")
        assert "far:changes of pods in all" in screen_text(app)
        assert {row.ref.cluster for row in table_of(app).shown.rows} == {"far"}
        assert "CLUSTER" not in screen_text(app)


def table_of(app: Console) -> ObjectTable:
    return app.screen.query_one(ObjectTable)


async def test_a_dash_under_risk_does_not_look_like_harmless(
    demo: Workspace, held: HeldInventory
) -> None:
    """Roles that can't be seen: in the table, of one pod, and of the account."""
    no_right = "no right to list clusterrolebindings"
    kind = "clusterrolebindings.rbac.authorization.k8s.io"
    held.feed_list = [Feed("lab", kind, "", "hidden", T0, no_right)]
    app = console(demo, held)
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        assert f"! RISK lacks what tokens may do: {no_right}" in screen_text(app)
        await press(pilot, "d")
        assert f"what the token in it may do: {no_right}" in screen_text(app)
        await press(pilot, "escape")
        await command(pilot, "can nowhere/nobody")
        assert "no right is given" not in screen_text(app)
        assert "can't be seen" in screen_text(app)
        assert no_right in screen_text(app)


async def test_what_k9s_users_type_and_press(demo: Workspace, held: HeldInventory) -> None:
    held.put("namespaces", {"kind": "Namespace", "metadata": {"name": "shop"}}, T0)
    app = console(demo, held)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await command(pilot, "po app=shop")
        assert "filter: -l app=shop" in screen_text(app)
        assert len(names(app)) == 2
        await command(pilot, "po shop app=client")
        assert names(app) == ["client"]
        await command(pilot, "po shpo")
        assert "there is no namespace shpo" in screen_text(app)
        for key in ("e", "ctrl+d", "ctrl+k"):
            await press(pilot, key)
            assert "no key edits or deletes: a lists" in status(app)
        await press(pilot, "ctrl+a")
        assert "kinds [" in screen_text(app)
        await command(pilot, "contexts")
        assert "clusters [" in screen_text(app)
        await command(pilot, "help")
        assert "Keys of this screen" in screen_text(app)
        assert "An underlined letter of the head" in screen_text(app)


async def test_rows_of_another_moment_are_not_taken_for_those_of_this_one(
    demo: Workspace, held: HeldInventory
) -> None:
    """While evidence is read, the table still has what it had: the title says so."""
    read = Event()
    app = console(demo, held)

    def slow(moment: datetime | None) -> Inventory:
        if moment is not None:
            assert read.wait(60.0)
        return held.at(moment)

    app.source = Source(slow)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ClusterScreen)
        assert "reading…" not in screen_text(app)
        screen.go_to(T0 + MINUTE)
        await pilot.pause()
        assert "◷ AS OF" in screen_text(app)
        assert "pods(all) [7/7]  reading…" in screen_text(app)
        read.set()
        await settle(pilot)
        assert "reading…" not in screen_text(app)
        await press(pilot, "d")
        assert isinstance(app.screen, DescribeScreen)
        read.clear()
        app.screen.go_to(T0 + 2 * MINUTE)
        await pilot.pause()
        assert "reading…" in screen_text(app)
        read.set()
        await settle(pilot)
        assert "reading…" not in screen_text(app)


async def test_the_time_bar_says_which_object_changed_in_a_narrow_window(
    demo: Workspace, held: HeldInventory
) -> None:
    held.put("pods", pod("a-pod-with-a-name-of-some-length"), T0 + MINUTE)
    app = console(demo, held)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "t", "left")
        assert "◷ 09:01:00.000" in screen_text(app)
        bar = screen_text(app).splitlines()[-2]
        assert "created pods shop/a-pod-with-a-name" in bar


async def test_a_change_without_a_field_says_why(demo: Workspace, held: HeldInventory) -> None:
    """A row that says `changed` and not what makes one look for what is not there."""
    doc = pod("counted")
    held.put("pods", doc, T0)
    doc["metadata"] |= {"annotations": {"deployment.kubernetes.io/revision": "7"}}
    held.put("pods", doc, T0 + MINUTE)
    app = console(demo, held)
    async with app.run_test(size=(140, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "changes po shop")
        assert "changed counted" in screen_text(app)
        assert "only the server's bookkeeping" in screen_text(app)


async def test_events_are_newest_first(demo: Workspace, held: HeldInventory) -> None:
    """What just happened is not on page forty."""
    for number, name in enumerate(("a", "b", "c")):
        seen = (T0 + number * MINUTE).isoformat() + "Z"
        doc = {"metadata": {"name": name, "namespace": "shop"}, "lastTimestamp": seen}
        held.put("events", doc, T0)
    app = console(demo, held)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await command(pilot, "events")
        assert names(app) == ["c", "b", "a"]
        await press(pilot, "escape")
        assert "pods(all)" in screen_text(app)
