"""The smallest acts, as data: what a plan holds, the journal keeps and another process can go on.

Each step reads what it will change (`read`), does it (`apply`), can tell whether it was done
(`is_applied`: after a crash nobody remembers), and takes exactly that back (`undo`), unless
somebody changed it since: then MovedOn.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from console.case.text import visible
from console.errors import CaseError
from console.live.api import Conflict, NotFound
from console.live.redact import Redactor
from console.live.reviews import Right
from console.respond.cluster import Doc, is_secret
from console.respond.manifest import (
    ACCOUNT,
    ACCOUNT_UID,
    clean,
    diff,
    fingerprint,
    reborn,
)

if TYPE_CHECKING:
    from console.respond.means import Means

ACTION_LABEL = "kubecase.io/action"
NEW_OBJECT = "a new uid, and nothing it held"
TOKEN_TRIES, TOKEN_WAIT_S = 20, 0.25
TRIES = 6  # a status update between read and write is no change of what we touch


class MovedOn(CaseError):
    """Somebody changed the object since; nothing was changed by us."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What all steps can do. `text`: one line for plan and record.

    previewed_by: who says what `preview` gives. is_atomic: it is done or it is not; of others a
    part may stand after a crash, so that undo looks for it.
    """

    previewed_by: ClassVar[str] = "the plan"
    is_atomic: ClassVar[bool] = True
    text: str

    def rights(self) -> tuple[Right, ...]:
        return ()

    def preview(self, means: Means) -> list[str]:
        """The change as diff lines, from a dry run where there is one. Raises what apply would."""
        return []

    def read(self, means: Means) -> Any:
        """What is there before; the journal keeps it, so it holds no secret."""
        raise NotImplementedError

    def apply(self, means: Means, before: Any) -> Any:
        """Act. Returns what undo has to find unchanged."""
        raise NotImplementedError

    def is_applied(self, means: Means, before: Any) -> bool:
        raise NotImplementedError

    def undo(self, means: Means, before: Any, after: Any) -> str:
        """Take it back; returns what is to be said about it, or "". Raises MovedOn."""
        raise NotImplementedError

    def not_undone(self, before: Any) -> str:
        """What undo can't restore, in words; "" where it restores all."""
        return ""


class ObjectStep(Step, frozen=True, kw_only=True):
    """A step on one object of the API. `resource` is its plural name, for RBAC."""

    previewed_by: ClassVar[str] = "server dry run"
    path: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""

    def right(self, verb: str, subresource: str = "") -> Right:
        name = "" if verb == "create" else self.name
        return Right(verb, self.resource, self.group, self.namespace, name, subresource)

    @property
    def where(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.resource} {place}{self.name}"


class Change(msgspec.Struct, frozen=True):
    """One field. set: `value` (None removes it); add, remove: an item of a list, told by `key`.

    stays: the API lets nobody take it back, so undo leaves it.
    """

    path: tuple[str, ...]
    value: Any = None
    how: Literal["set", "add", "remove"] = "set"
    key: tuple[str, ...] = ()
    stays: bool = False

    def wanted(self, current: Any) -> Any:
        if self.how == "set":
            return self.value
        others = [item for item in current or [] if not self._is_same(item)]
        return [*others, self.value] if self.how == "add" else others

    def restored(self, current: Any, before: Any) -> Any:
        """What undo puts there; items that others added to a list stay."""
        if self.stays:
            return current
        if self.how == "set":
            return before
        was = [item for item in before or [] if self._is_same(item)]
        rest = [item for item in current or [] if not self._is_same(item)]
        # at its old place, where the others are as they were
        if rest == [item for item in before or [] if not self._is_same(item)]:
            return before
        return [*rest, *was]

    def part(self, value: Any) -> Any:
        """Of a field's value what this change is about."""
        if self.how == "set":
            return value
        return [item for item in value or [] if self._is_same(item)]

    def _is_same(self, item: Any) -> bool:
        return all(item.get(name) == self.value.get(name) for name in self.key)


class Edit(ObjectStep, frozen=True, kw_only=True, tag="edit"):
    """Change fields of an object that is exactly the one that the plan saw."""

    uid: str
    seen: str  # fingerprint at the time of the plan
    changes: tuple[Change, ...]

    def rights(self) -> tuple[Right, ...]:
        return (self.right("get"), self.right("patch"))

    def preview(self, means: Means) -> list[str]:
        now = means.cluster.read(self.path)
        return diff(now, means.cluster.patch(self.path, self._body(now), dry_run=True))

    def read(self, means: Means) -> Any:
        return self._values(means.cluster.read(self.path))

    def apply(self, means: Means, before: Any) -> Any:
        for _ in range(TRIES):
            now = means.cluster.read(self.path)
            if now["metadata"]["uid"] != self.uid:
                raise MovedOn("another object has its name now", where=self.where, hint=PLAN_AGAIN)
            if fingerprint(now) != self.seen:
                raise MovedOn("it was changed since the plan", where=self.where, hint=PLAN_AGAIN)
            try:
                return self._values(means.cluster.patch(self.path, self._body(now)))
            except Conflict:
                continue
        raise MovedOn("it changes all the time", where=self.where, hint="try again")

    def is_applied(self, means: Means, before: Any) -> bool:
        try:
            now = means.cluster.read(self.path)
        except NotFound:
            return False
        return now["metadata"]["uid"] == self.uid and all(
            change.part(value) == change.part(change.wanted(value))
            for change, value in zip(self.changes, self._values(now), strict=True)
        )

    def undo(self, means: Means, before: Any, after: Any) -> str:
        if after is None:  # a crash came before the answer
            after = [c.wanted(was) for c, was in zip(self.changes, before, strict=True)]
        for _ in range(TRIES):
            try:
                now = means.cluster.read(self.path)
            except NotFound:
                return f"{self.where} is gone: nothing to restore"
            if now["metadata"]["uid"] != self.uid:
                return f"{self.where} is another object now: nothing to restore"
            current = self._values(now)
            restored = []
            for change, value, was, left in zip(self.changes, current, before, after, strict=True):
                if change.part(value) not in (change.part(left), change.part(was)):
                    field = visible(".".join(change.path))
                    raise MovedOn(
                        f"{field} was {_shown(left)} when we left it and is {_shown(value)} now",
                        where=self.where, hint="somebody changed it since; decide by hand",
                    )  # fmt: skip
                restored.append(change.restored(value, was))
            if restored == current:
                return ""
            try:
                means.cluster.patch(self.path, self._patch(now, restored))
                return ""
            except Conflict:
                continue
        raise MovedOn("it changes all the time", where=self.where, hint="try again")

    def _values(self, doc: Doc) -> list[Any]:
        return [_at(doc, change.path) for change in self.changes]

    def _body(self, now: Doc) -> Doc:
        return self._patch(now, [c.wanted(_at(now, c.path)) for c in self.changes])

    def _patch(self, now: Doc, values: list[Any]) -> Doc:
        meta = now["metadata"]
        body: Doc = {"metadata": {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}}
        for change, value in zip(self.changes, values, strict=True):
            place = body
            for name in change.path[:-1]:
                place = place.setdefault(name, {})
            place[change.path[-1]] = _merge(_at(now, change.path), value)
        return body


class Create(ObjectStep, frozen=True, kw_only=True, tag="create"):
    """Make an object; `path` is its collection. A label tells which action made it."""

    body: Doc

    def rights(self) -> tuple[Right, ...]:
        return (self.right("create"), self.right("get"), self.right("delete"))

    def preview(self, means: Means) -> list[str]:
        made = means.cluster.create(self.path, self.body, dry_run=True)
        for name in ("uid", "creationTimestamp"):
            made["metadata"].pop(name, None)
        return diff(None, made)

    def read(self, means: Means) -> Any:
        return None

    def apply(self, means: Means, before: Any) -> Any:
        try:
            made = means.cluster.create(self.path, self.body)
        except Conflict:
            made = means.cluster.read(self._own)
            if not self._is_ours(made):
                raise
        return {"uid": made["metadata"]["uid"], "fingerprint": fingerprint(made)}

    def is_applied(self, means: Means, before: Any) -> bool:
        try:
            return self._is_ours(means.cluster.read(self._own))
        except NotFound:
            return False

    def undo(self, means: Means, before: Any, after: Any) -> str:
        try:
            now = means.cluster.read(self._own)
        except NotFound:
            return f"{self.where} is gone already"
        meta = now["metadata"]
        is_same = self._is_ours(now) if after is None else fingerprint(now) == after["fingerprint"]
        if not is_same:
            raise MovedOn(
                "it is not as we made it", where=self.where,
                hint="somebody changed it since; look at it, then delete it by hand",
            )  # fmt: skip
        means.cluster.delete(self._own, uid=meta["uid"], resource_version=meta["resourceVersion"])
        return ""

    @property
    def _own(self) -> str:
        return f"{self.path}/{self.name}"

    def _is_ours(self, doc: Doc) -> bool:
        mark = self.body["metadata"]["labels"][ACTION_LABEL]
        return bool((doc["metadata"].get("labels") or {}).get(ACTION_LABEL) == mark)


class Delete(ObjectStep, frozen=True, kw_only=True, tag="delete"):
    """Delete exactly the object that the plan saw. Its manifest is kept, and makes it again.

    left: what making it again does not bring back, or brings back too, in words.
    """

    uid: str
    seen: str
    left: str = NEW_OBJECT
    grace_s: int | None = None
    propagation: str = "Background"

    def rights(self) -> tuple[Right, ...]:
        return (self.right("get"), self.right("delete"))

    def preview(self, means: Means) -> list[str]:
        means.cluster.delete(self.path, uid=self.uid, propagation=self.propagation, dry_run=True)
        return diff(means.cluster.read(self.path), None)

    def read(self, means: Means) -> Any:
        return clean(means.cluster.read(self.path))

    def apply(self, means: Means, before: Any) -> Any:
        for _ in range(TRIES):
            now = means.cluster.read(self.path)
            if now["metadata"]["uid"] != self.uid:
                raise MovedOn("another object has its name now", where=self.where, hint=PLAN_AGAIN)
            if fingerprint(now) != self.seen:
                raise MovedOn("it was changed since the plan", where=self.where, hint=PLAN_AGAIN)
            try:
                means.cluster.delete(
                    self.path, uid=self.uid, grace_s=self.grace_s, propagation=self.propagation,
                    resource_version=now["metadata"]["resourceVersion"],
                )  # fmt: skip
                return {"deleted": self.uid}
            except Conflict:
                continue
        raise MovedOn("it changes all the time", where=self.where, hint="try again")

    def is_applied(self, means: Means, before: Any) -> bool:
        try:
            meta = means.cluster.read(self.path)["metadata"]
        except NotFound:
            return True
        return meta["uid"] != self.uid or "deletionTimestamp" in meta

    def undo(self, means: Means, before: Any, after: Any) -> str:
        collection = self.path.rpartition("/")[0]
        try:
            now = means.cluster.read(self.path)
        except NotFound:
            means.cluster.create(collection, reborn(before))
            said = f"{self.where} was made again from its manifest: {self.not_undone(before)}"
            return said + self._token_came(means, before)
        if now["metadata"]["uid"] == self.uid:
            if "deletionTimestamp" not in now["metadata"]:
                return f"{self.where} was never deleted"
            raise MovedOn("it is still about to go", where=self.where, hint="try again in a moment")
        if reborn(now) == reborn(before):  # by an undo that was cut
            return f"{self.where} is there again as it was: {self.not_undone(before)}"
        raise MovedOn("one of that name is there again", where=self.where, hint="compare them")

    def not_undone(self, before: Any) -> str:
        return self.left

    def _token_came(self, means: Means, before: Doc) -> str:
        """Whether the cluster has written a token: it notes the account's uid when it does."""
        if not is_secret(self.path) or ACCOUNT not in (before["metadata"].get("annotations") or {}):
            return ""
        for _ in range(TOKEN_TRIES):
            try:
                now = means.cluster.read(self.path)["metadata"].get("annotations") or {}
            except NotFound:
                return (
                    "; the cluster took it away again: its service account is another one, or gone"
                )
            if ACCOUNT_UID in now:
                return "; a token is in it"
            time.sleep(TOKEN_WAIT_S)
        return "; no token was written into it yet"


class Evict(Delete, frozen=True, kw_only=True, tag="evict"):
    """Have a pod end by the eviction API, which respects disruption budgets."""

    def rights(self) -> tuple[Right, ...]:
        return (self.right("get"), self.right("create", "eviction"))

    def preview(self, means: Means) -> list[str]:
        return [f"-{self.where}"]

    def apply(self, means: Means, before: Any) -> Any:
        options = {"preconditions": {"uid": self.uid}}
        version = "policy/v1beta1"
        if means.cluster.kind("poddisruptionbudgets.policy").version == "v1":
            version = "policy/v1"
        means.cluster.create(
            f"{self.path}/eviction",
            {
                "apiVersion": version, "kind": "Eviction",
                "metadata": {"name": self.name, "namespace": self.namespace},
                "deleteOptions": options,
            },
        )  # fmt: skip
        return {"deleted": self.uid}

    def undo(self, means: Means, before: Any, after: Any) -> str:
        return f"{self.where} {self.not_undone(before)}"

    def not_undone(self, before: Any) -> str:
        return "can't be brought back: its controller has started another"


PLAN_AGAIN = "plan again"


def _shown(value: Any) -> str:
    return visible(repr(Redactor().mask_all(value)))[:400]


def _merge(now: Any, wanted: Any) -> Any:
    """The merge patch that turns the one into the other: null where a field has to go."""
    if not isinstance(now, dict) or not isinstance(wanted, dict):
        return wanted
    gone: Doc = {name: None for name in now if name not in wanted}
    return gone | {name: _merge(now.get(name), value) for name, value in wanted.items()}


def _at(doc: Doc, path: tuple[str, ...]) -> Any:
    place: Any = doc
    for name in path:
        if not isinstance(place, dict):
            return None
        place = place.get(name)
    return place
