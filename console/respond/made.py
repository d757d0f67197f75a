"""What somebody made or changed in the clusters of a case, and what of it is still there.

From audit logs and recordings together (`queries/inventory/written.sql`); whether an object is
still the one that was made is asked of the cluster: by uid, or by when it says it was created.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from console.errors import UsageError
from console.live.api import Forbidden
from console.live.cells import moment

if TYPE_CHECKING:
    from console.case.folder import Case
    from console.case.workspace import Workspace
    from console.respond.cluster import Cluster, Doc

NEAR = timedelta(seconds=5)  # between the audit's clock and creationTimestamp's whole seconds
LIMIT = 500
# made: it is the object that was made. changed: it was there before, and was written to
State = Literal["there", "gone", "another", "hidden"]


@dataclass(frozen=True)
class Written:
    """One object. is_made: else it was only changed. key: `kind/namespace/name`, as marked."""

    kind: str
    namespace: str
    name: str
    uid: str
    is_made: bool
    first: datetime
    last: datetime
    who: str
    agent: str
    steps: int
    citation: str
    state: State = "there"

    @property
    def key(self) -> str:
        return "/".join(filter(None, (self.kind, self.namespace, self.name)))


@contextmanager
def opened(case: Case) -> Iterator[Workspace]:
    """The case's events, for as long as they are asked."""
    from console.case.workspace import Workspace

    workspace = Workspace(case)
    try:
        yield workspace
    finally:
        workspace.index.close()


def written(
    workspace: Workspace, actor: str, since: datetime | None, until: datetime | None
) -> list[Written]:
    """Oldest first. actor: as the audit log names it; "" is anybody, where a time says which."""
    from console.live.history import History
    from console.live.recording import NOISE

    if not actor and since is None:
        raise UsageError("whose, or since when?", hint="--actor NAME or --from TIME")
    history = History(workspace)
    kinds = [kind for kind in history.kinds().values() if kind.key not in NOISE]
    rows = history.written(kinds, actor=actor, since=since, until=until, limit=LIMIT)
    return [
        Written(
            kind, namespace, name, uid, is_made, made or first, last, who, agent, steps,
            history.citation(evidence, path, line, part),
        )
        for (kind, _, namespace, name, uid, is_made, first, last, made, who, agent, steps,
             evidence, path, line, part) in rows
    ]  # fmt: skip


def look(cluster: Cluster, one: Written) -> tuple[State, Doc | None]:
    """Whether it is still there, and the object that is."""
    try:
        doc = cluster.find(one.kind, one.namespace, one.name)
    except Forbidden:
        return "hidden", None
    except UsageError:
        return "gone", None  # its kind is not served any more
    if doc is None or "deletionTimestamp" in doc["metadata"]:
        return "gone", None
    if one.uid and doc["metadata"].get("uid"):
        return ("there" if doc["metadata"]["uid"] == one.uid else "another"), doc
    created = moment(str(doc["metadata"].get("creationTimestamp", "")))
    if one.is_made and created is not None and abs(created - one.first) > NEAR:
        return "another", doc
    return "there", doc


def owned_too(found: Sequence[tuple[Written, Doc]]) -> set[str]:
    """Keys of those whose owner is among them: they go with it."""
    uids = {doc["metadata"]["uid"] for _, doc in found}
    return {
        one.key
        for one, doc in found
        if any(ref.get("uid") in uids for ref in doc["metadata"].get("ownerReferences") or [])
    }
