"""The numbered screens, each imported when it is first opened: the first frame needs only one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.screen import Screen


def _overview() -> Screen[object]:
    from console.app.screens.overview import OverviewScreen

    return OverviewScreen()


def _cluster() -> Screen[object]:
    from console.app.screens.cluster import ClusterScreen

    return ClusterScreen()


def _containers() -> Screen[object]:
    from console.app.screens.containers import ContainersScreen

    return ContainersScreen()


def _timeline() -> Screen[object]:
    from console.app.screens.timeline import TimelineScreen

    return TimelineScreen()


def _findings() -> Screen[object]:
    from console.app.screens.findings import FindingsScreen

    return FindingsScreen()


def _evidence() -> Screen[object]:
    from console.app.screens.evidence import EvidenceScreen

    return EvidenceScreen()


def _actions() -> Screen[object]:
    from console.app.screens.actions import ActionsScreen

    return ActionsScreen()


def _case() -> Screen[object]:
    from console.app.screens.case import CaseOverviewScreen

    return CaseOverviewScreen()


MODES: Mapping[str, Callable[[], Screen[object]]] = {
    "overview": _overview,
    "cluster": _cluster,
    "containers": _containers,
    "timeline": _timeline,
    "findings": _findings,
    "evidence": _evidence,
    "actions": _actions,
    "case": _case,
}
