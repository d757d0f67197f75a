"""The step that closes a pod's network at its node, in the pod's own network namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from console.live.reviews import Right
from console.respond import netns
from console.respond.isolation import targets_of
from console.respond.steps import Step

if TYPE_CHECKING:
    from console.respond.means import Means

PROBE_RIGHTS = (
    Right("create", "namespaces"), Right("create", "pods"), Right("get", "pods"),
    Right("get", "pods", subresource="log"), Right("delete", "namespaces"),
)  # fmt: skip


class NodeRules(Step, frozen=True, kw_only=True, tag="node-rules"):
    """Rules in chains of our own, at the head of INPUT and OUTPUT."""

    is_atomic: ClassVar[bool] = False
    chain: str
    suspect: netns.Suspect
    keep: netns.Exceptions

    def rights(self) -> tuple[Right, ...]:
        return PROBE_RIGHTS

    def preview(self, means: Means) -> list[str]:
        keep = self.keep
        lines = [f"+iptables {self.chain}-I, {self.chain}-O at the head of INPUT and OUTPUT"]
        lines += [f"+  accept the node's probes to tcp/{port}" for port in keep.probe_ports]
        lines += ["+  accept dns"] if keep.dns else []
        lines += [f"+  accept {address}" for address in keep.addresses]
        return [*lines, "+  drop everything else, in and out, established connections too"]

    def read(self, means: Means) -> Any:
        return {"closed": False}

    def apply(self, means: Means, before: Any) -> Any:
        measured = netns.close(
            means, self.suspect, self.chain, self.keep, targets_of(means),
            found_before=means.found_before,
        )  # fmt: skip
        if measured is not None:
            means.measured[self.chain] = measured
        return {"closed": True}

    def is_applied(self, means: Means, before: Any) -> bool:
        try:
            return netns.is_closed(means, self.suspect, self.chain)
        except netns.Gone:
            return False

    def undo(self, means: Means, before: Any, after: Any) -> str:
        try:
            opened = netns.open_again(means, self.suspect, self.chain)
        except netns.Gone:
            return "the pod is gone, and its network namespace with it"
        if not opened and after is not None:
            return (
                "our rules were gone already: an undo that was cut did it, somebody else did,"
                " or the pod's sandbox was made anew"
            )
        return ""
