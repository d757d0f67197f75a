"""The cluster: one kind of objects as a table, now or at any moment; from there to everything."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from console.app.acting import Acted, check_may_act, choose_for
from console.app.object_links import (
    DRILLS_TO_PODS,
    entity_of,
    node_of,
    owner_of,
    subject_of,
    target_of,
    users_kind,
)
from console.app.object_rows import Sheet, View, key_of_ref, make_sheet
from console.app.screens.object_list import ObjectListScreen
from console.app.snapshotting import snapshot
from console.app.special_rows import CLUSTERS, CONTAINERS, KINDS
from console.app.widgets.object_table import ObjectTable
from console.case.filter_times import parse_time
from console.errors import UsageError
from console.live.inventory import Ref
from console.live.kindnames import BUILT_IN, find_kind
from console.live.tables import NOT_CAPTURED
from console.visibility.deltas import captured_deltas

if TYPE_CHECKING:
    from console.live.inventory import Inventory

START = View("pods")
_NEWEST_FIRST = {"events": "LAST SEEN", "events.events.k8s.io": "LAST SEEN"}
_LABELS = re.compile(r"[A-Za-z0-9./_-]+(=|==|!=)[A-Za-z0-9._-]+(,[A-Za-z0-9./_=!-]+)*")


@dataclass
class _Step:
    """A view that was left, and what its cursor was on."""

    view: View
    key: Hashable | None


class ClusterScreen(ObjectListScreen):
    """k9s's keys: :po :node :svc … go to a kind, 0 all namespaces, enter drills down, esc back.

    An underlined letter of the head, with shift, sorts by its column. What is gone stays, dimmed.
    Δ of a pod: what its captures found to differ (files, net), and what it has that the other pods
    of its owner have not (image, command, mounts, rights, account, labels, host). Of one that is
    gone: that it is recorded.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "describe", "Describe"),
        Binding("y", "manifest", "YAML"),
        Binding("l", "logs", "Logs"),
        Binding("p", "pivot", "Pivot"),
        Binding("h", "history", "History"),
        Binding("t", "time_bar", "Time bar"),
        Binding("u", "users", "Used by"),
        Binding("f", "inside", "Inside"),
        Binding("a", "act", "Act"),
        Binding("m", "usage", "Usage"),
        Binding("s", "snapshot", "Snapshot", show=False),
        Binding("J", "owner", "Owner", show=False, key_display="shift-j"),
        Binding("o", "node", "Node", show=False),
        Binding("v", "changes", "Changes", show=False),
        Binding("V", "revisions", "Revisions of its workload", show=False, key_display="shift-v"),
        Binding("i", "rights", "Rights of its account", show=False),
        Binding("0", "namespace('')", "All namespaces", show=False),
        Binding("n", "namespace_here", "Only its namespace", show=False),
        Binding("ctrl+z", "faults", "Faults only", show=False),
        Binding("x", "gone", "Gone ones too, or not", show=False),
        Binding("ctrl+a", "kinds", "All kinds", show=False),
        Binding("e,ctrl+d,ctrl+k", "no_change", "None edits or deletes: a lists what can be done",
                show=False),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__(START)
        self.steps: list[_Step] = []

    def on_mount(self) -> None:
        live = self.source.live
        if live is not None:
            self.view = View("pods" if live.apis else "containers.docker", live.namespace)

    def _ref(self) -> Ref | None:
        """The object that the keys are about; of a container, its pod."""
        obj = self.current
        if obj is None or self.view.kind in (KINDS, CLUSTERS):
            self.set_status("nothing is under the cursor" if obj is None else "that is no object")
            return None
        return (
            self.view.related[1] if self.view.related and self.view.kind == CONTAINERS else obj.ref
        )

    # -- inside it, and what can be done about it

    def action_inside(self) -> None:
        """Files, network and processes of a pod or node, from the captures in the case."""
        if ref := self._ref():
            target = target_of(ref)
            if target:
                self.console_app.open_inside(target)
            else:
                self.set_status(f"only pods, workloads and nodes have an inside, not {ref.kind}")

    @property
    def chosen_cluster(self) -> str:
        return self.view.cluster

    def action_act(self) -> None:
        if about := self.acted_on():
            choose_for(self.console_app, about)

    def action_snapshot(self) -> None:
        if about := self.acted_on():
            snapshot(self.console_app, about.target, about.api)

    def acted_on(self) -> Acted | None:
        """The object, if it is of a live cluster and shown as it is now."""
        check_may_act(self.console_app)
        ref = self._ref()
        return Acted.of(self.console_app, ref) if ref else None

    # -- reading and drawing

    def read(self, inventory: Inventory) -> Sheet:
        live = self.source.live
        if live is not None and inventory is live.inventory:
            live.want(self.view.kind)
        return self._sheet(inventory)

    def rearranged(self, inventory: Inventory) -> Sheet | None:
        drawn = self.sheet
        if drawn is None or drawn.found is None or drawn.view.scope != self.view.scope:
            return None
        return self._sheet(inventory, is_anew=False)

    def _sheet(self, inventory: Inventory, *, is_anew: bool = True) -> Sheet:
        view, live, before = self.view, self.source.live, self.sheet
        return make_sheet(
            inventory, view, now=self.source.now(self.console_app.clock()), is_wide=self.is_wide,
            chosen=self.chosen.get(view.kind, ()), is_anew=is_anew,
            before=before if before and before.view.kind == view.kind else None,
            captured=captured_deltas(self.workspace) if view.kind == "pods" else NOT_CAPTURED,
            is_kept=live is None or live.recorded_bytes is not None,
        )  # fmt: skip

    def is_filling(self, inventory: Inventory) -> bool:
        return any(feed.state == "listing" for feed in inventory.feeds(self.view.kind))

    def title_words(self) -> str:
        sheet = self.sheet
        is_known = sheet is not None and sheet.view.kind == self.view.kind
        return self.view.titled(is_namespaced=not is_known or sheet.is_namespaced)  # type: ignore[union-attr]

    # -- from view to view

    def show_kind(self, text: str) -> None:
        """`po shop @prod -l app=web`: a kind, a namespace, a cluster, a filter; as typed after `:`.

        `app=web` alone is a label, as k9s has it.
        """
        name, _, rest = text.strip().partition(" ")
        words = rest.split()
        cluster = next((word[1:] for word in words if word.startswith("@")), None)
        if cluster is not None:
            rest = " ".join(word for word in words if word != f"@{cluster}")
            cluster = self.known_cluster("" if cluster == "all" else cluster)
        namespace, _, wanted = rest.strip().partition(" ")
        if namespace.startswith(("-", "/", "!")) or ":" in namespace or "=" in namespace:
            namespace, wanted = "", rest.strip()
        if _LABELS.fullmatch(wanted):
            wanted = f"-l {wanted}"
        inventory = self.source.opened
        # before anything is read, by the names that every cluster knows
        kind = inventory.find_kind(name) if inventory else find_kind(BUILT_IN.values(), name)
        if inventory is not None and kind is None:
            raise UsageError("no such kind here", where=name[:60], hint=":kinds lists them")
        is_all = namespace in ("all", "-A", "")
        at = "" if is_all and namespace else namespace or self.view.namespace
        where = self.view.cluster if cluster is None else cluster
        self.go(View(kind.key if kind else name, at, wanted.strip().removeprefix("/"), where))

    def run_command(self, name: str, rest: str) -> None:
        """What stands in the list of commands as the cluster's own."""
        from console.app.screens.changes import ChangesScreen
        from console.app.screens.connection import ConnectionScreen
        from console.app.screens.rights import CanScreen, WhoCanScreen
        from console.app.screens.usage import UsageScreen

        words = rest.split()
        if name == "kinds":
            self.go(View(KINDS, cluster=self.view.cluster))
        elif name == "access":
            self.app.push_screen(ConnectionScreen())
        elif name == "ctx" and rest:
            self.show_cluster("" if rest == "all" else rest)
        elif name == "ctx":
            self.go(View(CLUSTERS))
        elif name == "changes":
            self.app.push_screen(ChangesScreen(*words[:2], cluster=self.view.cluster))
        elif name == "usage":
            self.app.push_screen(UsageScreen(*words[:1]))
        elif name == "can":
            self.app.push_screen(CanScreen(rest))
        elif name == "who-can":
            if len(words) < 2:
                raise UsageError(
                    ":who-can needs VERB RESOURCE", hint="get secrets, create pods/exec"
                )
            self.app.push_screen(WhoCanScreen(words[0], words[1], *words[2:3]))
        elif name == "as-of":
            self.find_moment(rest)
        elif name == "live":
            self.go_to(None)

    def known_cluster(self, name: str) -> str:
        """Raises UsageError for one that is none; "" is all."""
        inventory = self.source.opened
        known = [one.name for one in inventory.clusters()] if inventory is not None else []
        if name and name not in known:
            raise UsageError("no such cluster", where=name[:60], hint=", ".join([*known, "all"]))
        return name

    def show_cluster(self, name: str) -> None:
        """One alone in the tables, from here on; "" for all; from the list of them, its pods."""
        self.known_cluster(name)
        if self.view.kind == CLUSTERS:
            live = self.source.live
            self.go(View("pods", live.namespace if live else "", cluster=name))
        else:
            self.change(replace(self.view, cluster=name))

    @work(thread=True, exclusive=True, exit_on_error=False, group="moment")
    def find_moment(self, text: str) -> None:
        """A clock time is of the day that is shown, else of the last one there is."""
        app = self.console_app
        self.source.open()  # which tells when the evidence ends
        day = self.source.now(app.clock())
        span = parse_time(text, now=app.clock(), day=day.date())
        if span is None:
            raise UsageError(
                "not a time", where=text[:40], hint="22:46, 22:46:30, 2026-11-23T22:46"
            )
        app.call_from_thread(self.go_to, span.start)

    def go(self, view: View, *, to: Hashable | None = None) -> None:
        """Another view; esc comes back to this one."""
        self.steps.append(_Step(self.view, self.table.current_key))
        if not view.sort:
            view = replace(view, sort=_NEWEST_FIRST.get(view.kind, ""))
        self.change(view, to=to)

    def step_back(self) -> bool:
        """To the view before; at the first, without its filter."""
        if not self.steps:
            return super().step_back()
        step = self.steps.pop()
        self.change(step.view, to=step.key)
        return True

    def action_namespace(self, namespace: str) -> None:
        self.change(replace(self.view, namespace=namespace))

    def action_namespace_here(self) -> None:
        obj = self.current
        if obj is not None and obj.ref.namespace:
            self.change(replace(self.view, namespace=obj.ref.namespace))

    def action_kinds(self) -> None:
        self.run_command("kinds", "")

    def action_no_change(self) -> None:
        """What k9s's users press here changes a cluster there."""
        self.set_status("no key edits or deletes: a lists what can be done, with a preview")

    def action_faults(self) -> None:
        self.change(replace(self.view, faults=not self.view.faults))

    def action_gone(self) -> None:
        self.change(replace(self.view, with_gone=not self.view.with_gone))

    # -- from the object under the cursor to what belongs to it

    @on(ObjectTable.Opened)
    def drill_down(self) -> None:
        """From a workload to its pods, to their containers, to a log; else describe."""
        obj = self.current
        if obj is None:
            return
        ref = obj.ref
        if ref.kind == KINDS:
            self.go(View(ref.name, self.view.namespace, cluster=self.view.cluster))
        elif ref.kind == CLUSTERS:
            self.show_cluster(ref.name)
        elif ref.kind == "namespaces":
            self.go(View("pods", ref.name, cluster=self._cluster_of(ref)))
        elif ref.kind == "nodes":
            self.go(View("pods", related=("on", ref)))
        elif ref.kind == "pods":
            self.go(View(CONTAINERS, related=("in", ref)))
        elif ref.kind in DRILLS_TO_PODS:
            self.go(View("pods", related=("below", ref)))
        elif ref.kind == CONTAINERS:
            self.action_logs()
        else:
            self.action_describe()

    def _cluster_of(self, ref: Ref) -> str:
        """To stay in, where there are several: another one may have such a namespace, too."""
        inventory = self.source.opened
        is_one = inventory is None or len(inventory.clusters()) < 2
        return self.view.cluster if is_one else ref.cluster

    def action_describe(self) -> None:
        from console.app.screens.describe import DescribeScreen

        if ref := self._ref():
            self.app.push_screen(DescribeScreen(ref))

    def action_manifest(self) -> None:
        from console.app.screens.manifest import ManifestScreen

        if ref := self._ref():
            self.app.push_screen(ManifestScreen(ref))

    def action_history(self) -> None:
        from console.app.screens.changes import ChangesScreen

        if ref := self._ref():
            self.app.push_screen(ChangesScreen(ref.kind, ref.namespace, ref=ref))

    def action_logs(self) -> None:
        obj = self.current
        if ref := self._ref():
            container = obj.ref.name if obj and obj.ref.kind == CONTAINERS else ""
            self.console_app.open_logs(ref, container)

    def action_changes(self) -> None:
        from console.app.screens.changes import ChangesScreen

        kind = "" if self.view.kind in (KINDS, CLUSTERS, CONTAINERS) else self.view.kind
        self.app.push_screen(ChangesScreen(kind, self.view.namespace, cluster=self.view.cluster))

    def action_revisions(self) -> None:
        from console.app.screens.revisions import RevisionsScreen

        if ref := self._ref():
            self.app.push_screen(RevisionsScreen(ref))

    def action_usage(self) -> None:
        """Processor, memory, network of the pods in view."""
        from console.app.screens.usage import UsageScreen

        self.app.push_screen(UsageScreen(self.view.namespace))

    def action_rights(self) -> None:
        from console.app.screens.rights import CanScreen

        obj = self.current
        subject = subject_of(obj) if obj else ""
        if subject:
            self.app.push_screen(CanScreen(subject))
        else:
            self.set_status("it runs under no account: :can SUBJECT asks for one")

    def action_users(self) -> None:
        """The pods that use it; of a container, those with the same image."""
        row = self.table.current
        if row is not None and row.ref.kind == CONTAINERS:
            image = Ref(row.ref.cluster, "images", "", str(row.about))
            self.go(View("pods", related=("users", image)))
        elif ref := self._ref():
            self.go(View(users_kind(ref), related=("users", ref)))

    def action_owner(self) -> None:
        obj, inventory = self.current, self.source.opened
        owner = owner_of(inventory, obj) if obj and inventory else None
        if owner is None:
            self.set_status("it has no owner")
        else:
            self.go(
                View(owner.kind, owner.namespace, cluster=self.view.cluster), to=key_of_ref(owner)
            )

    def action_node(self) -> None:
        obj = self.current
        node = node_of(obj) if obj else None
        if node is None:
            self.set_status("it runs on no node")
        else:
            self.go(View("nodes", cluster=self.view.cluster), to=node)

    def action_pivot(self) -> None:
        if ref := self._ref():
            self.open_entity(entity_of(ref))
