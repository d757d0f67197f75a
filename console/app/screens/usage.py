"""What pods and containers use, over time; what is unlike its siblings stands first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from console.app.object_links import entity_of, target_of
from console.app.object_rows import Sheet, View
from console.app.screens.object_list import ObjectListScreen
from console.app.usage_rows import usage_sheet
from console.app.widgets.object_table import ObjectTable
from console.live.keptusage import read_usage

if TYPE_CHECKING:
    from console.live.inventory import Inventory, Ref
    from console.live.metrics import Metrics

NOT_TOLD = "no usage was recorded in the hour before; what captures saw: 3 Containers, Stats"


class UsageScreen(ObjectListScreen):
    """Figures of the kubelets, of the metrics API where those may not be asked, of the engine; of a
    past moment, and in a case without a cluster, as they were recorded.

    A full bar of a line over time is the most that any of the siblings used. In red: what is
    further from its siblings' median than their usual spread explains.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "describe", "Describe"),
        Binding("l", "logs", "Logs"),
        Binding("p", "pivot", "Pivot"),
        Binding("f", "inside", "Inside"),
        Binding("0", "all", "All namespaces", show=False),
        Binding("ctrl+z", "faults", "Only what stands out", show=False),
    ]

    def __init__(self, namespace: str = "") -> None:
        super().__init__(View("usage", namespace))

    def on_mount(self) -> None:
        if self.source.live is not None:
            self.source.live.meter.start()

    def generation_of(self, inventory: Inventory) -> int:
        """Objects come and go far more often than figures do."""
        live = self.source.live
        return live.meter.metrics.generation if live else inventory.generation

    def read(self, inventory: Inventory) -> Sheet:
        now = self.source.now(self.console_app.clock())
        metrics, problems, empty = self._figures()
        return usage_sheet(
            inventory, metrics, self.view, now=now, problems=problems, empty=empty,
            is_wide=self.is_wide, chosen=self.chosen.get(self.view.kind, ()),
        )  # fmt: skip

    def _figures(self) -> tuple[Metrics, Sequence[str], str]:
        """Of the session as far as it goes back, else as they were recorded."""
        live, moment = self.source.live, self.source.as_of
        if live is not None and moment is None:
            return live.meter.metrics, live.meter.problems, "asking the kubelets…"
        held = live.meter.metrics.cut(moment) if live is not None and moment else None
        if held is not None and held.subjects():
            return held, (), NOT_TOLD
        return read_usage(self.workspace, moment), (), NOT_TOLD

    def title_words(self) -> str:
        return f"usage({self.view.namespace or 'all'})"

    @property
    def ref_here(self) -> Ref | None:
        row = self.table.current
        return row.ref if row is not None else None

    @on(ObjectTable.Opened)
    def action_describe(self) -> None:
        from console.app.screens.describe import DescribeScreen

        if ref := self.ref_here:
            self.app.push_screen(DescribeScreen(ref))

    def action_logs(self) -> None:
        row = self.table.current
        if row is not None:
            self.console_app.open_logs(row.ref, row.about.subject.container)

    def action_pivot(self) -> None:
        if ref := self.ref_here:
            self.open_entity(entity_of(ref))

    def action_inside(self) -> None:
        ref = self.ref_here
        target = target_of(ref) if ref else ""
        if target:
            self.console_app.open_inside(target)

    def action_all(self) -> None:
        self.change(View("usage", "", self.view.filter))

    def action_faults(self) -> None:
        self.change(replace(self.view, faults=not self.view.faults))
