"""Where a command reads a cluster from: the evidence of a case, or the cluster itself, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.live.inventory import Inventory

SETTLE_S = 60.0


@contextmanager
def opened(
    folder: Path | None,
    contexts: Sequence[str],
    kubeconfig: str | None,
    as_of: datetime | None,
    kinds: Sequence[str],
) -> Iterator[Inventory]:
    """A case, or contexts of a kubeconfig of which `kinds` are listed. Raises CaseError."""
    from console.errors import UsageError

    is_live = bool(contexts) or kubeconfig is not None
    if is_live == (folder is not None):
        raise UsageError("say either a case or --context")
    if is_live and as_of is not None:
        raise UsageError(
            "a cluster can't be asked for the past", hint="name a case that recorded it"
        )
    if folder is not None:
        with _case(folder, as_of) as found:
            yield found
    else:
        with _cluster(contexts, kubeconfig, kinds) as found:
            yield found


@contextmanager
def _case(folder: Path, as_of: datetime | None) -> Iterator[Inventory]:
    from console.case.workspace import Workspace
    from console.live.recording import Recording

    workspace = Workspace.open(folder)
    try:
        yield Recording(workspace, as_of)
    finally:
        workspace.close()


@contextmanager
def _cluster(
    contexts: Sequence[str], kubeconfig: str | None, kinds: Sequence[str]
) -> Iterator[Inventory]:
    from console.errors import CaseError
    from console.live.api import connect
    from console.live.mirror import Mirror

    apis = [connect(name, kubeconfig=kubeconfig) for name in contexts or (None,)]
    mirror = Mirror()
    try:
        mirror.start(apis, kinds)
        if not mirror.wait(lambda m: m.has_settled(), SETTLE_S):
            raise CaseError("no answer in time", where=", ".join(api.name for api in apis))
        yield mirror
    finally:
        mirror.stop()
        for api in apis:
            api.close()
