"""Delete an object and make it again: what was given out for the one of before is worth nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from console.live.api import Conflict, NotFound
from console.live.reviews import Right
from console.respond.manifest import reborn
from console.respond.steps import Delete, MovedOn

if TYPE_CHECKING:
    from console.respond.means import Means


class Renew(Delete, frozen=True, kw_only=True, tag="renew"):
    """Of exactly the object that the plan saw; the new one has its manifest and another uid."""

    is_atomic: ClassVar[bool] = False

    def rights(self) -> tuple[Right, ...]:
        return (*super().rights(), self.right("create"), self.right("patch"))

    def preview(self, means: Means) -> list[str]:
        means.cluster.delete(self.path, uid=self.uid, propagation=self.propagation, dry_run=True)
        return [f"-metadata.uid: {self.uid}", "+metadata.uid: a new one"]

    def apply(self, means: Means, before: Any) -> Any:
        try:
            is_old = means.cluster.read(self.path)["metadata"]["uid"] == self.uid
        except NotFound:  # a run that was cut came so far
            is_old = False
        if is_old:
            super().apply(means, before)
        self._make(means, before)
        return None

    def _make(self, means: Means, before: Any) -> None:
        body = reborn(before)
        if "secrets" in body:  # of the one of before: the tokens controller makes and adds others
            own = re.compile(rf"{re.escape(self.name)}-token-[a-z0-9]+")
            body["secrets"] = [o for o in body["secrets"] if not own.fullmatch(o.get("name", ""))]
        try:
            means.cluster.create(self.path.rpartition("/")[0], body)
        except Conflict:  # the cluster itself makes accounts named `default`, bare
            meta = means.cluster.read(self.path)["metadata"]
            if meta["uid"] == self.uid:
                raise MovedOn(
                    "it is still about to go", where=self.where, hint="try again in a moment"
                ) from None
            # its tokens are the controller's, which is at it in this moment
            body.pop("secrets", None)
            body["metadata"]["uid"] = meta["uid"]
            means.cluster.patch(self.path, body)

    def is_applied(self, means: Means, before: Any) -> bool:
        try:
            meta = means.cluster.read(self.path)["metadata"]
        except NotFound:
            return False
        return bool(meta["uid"] != self.uid)

    def undo(self, means: Means, before: Any, after: Any) -> str:
        try:
            meta = means.cluster.read(self.path)["metadata"]
        except NotFound:
            self._make(means, before)
            return f"{self.where} was made again from its manifest: {self.left}"
        if meta["uid"] == self.uid:
            return f"{self.where} was never deleted"
        return f"{self.where} stays as it was made anew: {self.left}"
