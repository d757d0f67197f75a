"""Steps on one container of a Docker Engine: nothing is run in it, nothing of it is removed.

Source: Docker Engine API v1.41, /containers/{id}/{pause,stop,update}, /networks/{id}/connect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from console.respond.means import asked
from console.respond.steps import MovedOn, Step

if TYPE_CHECKING:
    from console.respond.means import Means

Op = Literal["pause", "stop", "disconnect", "no-restart"]


KEYS: dict[Op, str] = {
    "pause": "paused", "stop": "running", "disconnect": "connected", "no-restart": "policy",
}  # fmt: skip


class EngineStep(Step, frozen=True, kw_only=True, tag="engine"):
    """op on the container with that whole id. network: for `disconnect`, its name."""

    op: Op
    container: str
    network: str = ""
    stop_s: int = 10

    @property
    def where(self) -> str:
        return f"container/{self.container[:12]}"

    def preview(self, means: Means) -> list[str]:
        now = self.read(means)
        return [f"-{key}: {now[key]}" for key in now] + [
            f"+{key}: {v}" for key, v in self._then(now)
        ]

    def read(self, means: Means) -> Any:
        seen = asked(self.where, means.engine.inspect_container, self.container)
        match self.op:
            case "pause":
                return {"paused": bool(seen["State"]["Paused"])}
            case "stop":
                return {"running": bool(seen["State"]["Running"])}
            case "disconnect":
                found = seen["NetworkSettings"]["Networks"].get(self.network)
                known = {"connected": found is not None}
                if found is None:
                    return known
                return known | {
                    "aliases": found.get("Aliases") or [], "links": found.get("Links") or [],
                    "address": found.get("IPAddress", ""),
                }  # fmt: skip
            case "no-restart":
                return {"policy": dict(seen["HostConfig"]["RestartPolicy"])}

    def apply(self, means: Means, before: Any) -> Any:
        engine = means.engine
        match self.op:
            case "pause":
                if not before["paused"]:
                    asked(self.where, engine.pause, self.container)
            case "stop":
                asked(self.where, engine.stop, self.container, timeout=self.stop_s)
            case "disconnect":
                if before["connected"]:
                    asked(
                        self.where, engine.disconnect_container_from_network, self.container,
                        self.network,
                    )  # fmt: skip
            case "no-restart":
                asked(
                    self.where, engine.update_container, self.container,
                    restart_policy={"Name": "no", "MaximumRetryCount": 0},
                )  # fmt: skip
        return self.read(means)

    def is_applied(self, means: Means, before: Any) -> bool:
        now = self.read(means)
        return all(now[key] == value for key, value in self._then(now))

    def undo(self, means: Means, before: Any, after: Any) -> str:
        now = self.read(means)
        key = KEYS[self.op]
        if now[key] == before[key]:
            return ""
        if after is not None and now[key] != after[key]:
            raise MovedOn(
                f"{key} was {after[key]} when we left it and is {now[key]} now", where=self.where,
                hint="somebody changed it since; decide by hand",
            )  # fmt: skip
        engine = means.engine
        match self.op:
            case "pause":
                asked(self.where, engine.unpause, self.container)
            case "stop":
                asked(self.where, engine.start, self.container)
                return f"{self.where} runs again: with new processes, its memory is lost"
            case "disconnect":
                # without the old address: the engine may have given it away, and gives it back
                # where it has not
                asked(
                    self.where, engine.connect_container_to_network, self.container, self.network,
                    aliases=before.get("aliases") or None, links=_links(before),
                )  # fmt: skip
                address = self.read(means).get("address", "")
                if address != before.get("address", ""):
                    return f"{self.where} has another address now: {address}"
            case "no-restart":
                policy = before["policy"]
                asked(self.where, engine.update_container, self.container, restart_policy=policy)
        return ""

    def _then(self, now: Any) -> list[tuple[str, Any]]:
        match self.op:
            case "pause":
                return [("paused", True)]
            case "stop":
                return [("running", False)]
            case "disconnect":
                return [("connected", False)]
            case "no-restart":
                return [("policy", {"Name": "no", "MaximumRetryCount": 0})]


def _links(before: Any) -> list[tuple[str, str]] | None:
    links = [tuple(link.split(":", 1)) for link in before.get("links") or [] if ":" in link]
    return [(name, alias) for name, alias in links] or None
