"""Forensic readiness, before an incident: what would be there, and what could be done.

Everything is read; the one write is a dry run, which the server checks and does not store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from console.live.access import own_namespace
from console.live.api import ClusterApi, Forbidden
from console.live.clock import Clock, fetch_version
from console.live.discovery import fetch_served
from console.live.identity import fetch_identity
from console.live.readiness import acting, auditing, clocks, keeping, network, owners
from console.live.readiness.base import Check, Look

CHECKS: tuple[Callable[[Look], Iterator[Check]], ...] = (
    auditing.checks, keeping.checks, acting.checks, network.checks, clocks.checks, owners.checks,
)  # fmt: skip


def check_readiness(api: ClusterApi, namespace: str = "") -> Iterator[Check]:
    """One check after the other, as they are done; the clocks take up to 30 s.

    namespace: where rights count that are not had everywhere; by default our own.
    Raises Unreachable, and ApiError where the server does not know us.
    """
    version, clock = _version(api)
    place = namespace or own_namespace(api, fetch_identity(api).user)
    look = Look(api, fetch_served(api).kinds, place, version=version, clock=clock)
    for checks in CHECKS:
        yield from checks(look)


def _version(api: ClusterApi) -> tuple[str, Clock | None]:
    try:
        return fetch_version(api)
    except Forbidden as error:
        if error.status == 401:
            raise
        return "", None
