"""What can be done to an object, as commands after `:`, one for each action of the registry.

Without a TARGET they are about the row under the cursor; with one, about what it names, in the
notation of `kubecase act`. Nothing is changed before the dialogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from console.app import acting
from console.app.commands import Command
from console.case.entities import TYPES
from console.errors import UsageError
from console.visibility.target import CONTAINER, IMAGE, USER

if TYPE_CHECKING:
    from console.app.app import Console
    from console.live.inventory import Inventory, Kind
    from console.respond.action import Action

ISOLATE = {"pods": "isolate-pod", "nodes": "cordon-node"}
INSIDE = ("pods", "nodes", "deployments.apps", "statefulsets.apps", "daemonsets.apps",
          "replicasets.apps", "jobs.batch", CONTAINER)  # fmt: skip


@cache
def action_commands() -> Mapping[str, Command]:
    """By id. The registry imports every action: some 0.2 s the first time."""
    from console.respond.registry import all_actions

    return {
        kind.id: Command(
            kind.id, "[TARGET]", kind.title, partial(_run, kind), partial(_targets, kind.kinds)
        )
        for kind in all_actions().values()
    }


def isolate(app: Console, rest: str) -> None:
    """A pod by a policy, a node by cordoning it, as `kubecase isolate` does."""

    def take(about: acting.Acted) -> None:
        from console.respond.registry import find_action

        if about.key not in ISOLATE:
            raise UsageError("pods and nodes are isolated", where=str(about.target),
                             hint=":act lists what can be done to it")  # fmt: skip
        acting.open_action(app, find_action(ISOLATE[about.key]), about.target, about.api)

    acting.on_target(app, rest, take)


def snapshot(app: Console, rest: str) -> None:
    from console.app.snapshotting import snapshot as take_one

    acting.on_target(app, rest, lambda about: take_one(app, about.target, about.api))


def act(app: Console, rest: str) -> None:
    """The list of what can be done."""
    acting.on_target(app, rest, lambda about: acting.choose_for(app, about))


def _run(kind: type[Action], app: Console, rest: str) -> None:
    def take(about: acting.Acted) -> None:
        from console.respond.registry import fits

        if not fits(kind, about.key):
            raise UsageError(f"{kind.id} is not for {about.key}", where=str(about.target),
                             hint=f"it is for {', '.join(kind.kinds)}")  # fmt: skip
        acting.open_action(app, kind, about.target, about.api)

    acting.on_target(app, rest, take)


# -- completion, away from the event loop


def isolate_targets(app: Console, start: str) -> Sequence[str]:
    return _targets(tuple(ISOLATE), app, start)


def snapshot_targets(app: Console, start: str) -> Sequence[str]:
    return _targets(INSIDE, app, start)


def all_targets(app: Console, start: str) -> Sequence[str]:
    return _targets(("*", CONTAINER, IMAGE, USER), app, start)


def _targets(kinds: Sequence[str], app: Console, start: str) -> Sequence[str]:
    """A kind's word first, then the objects of that kind."""
    inventory = app.source.opened
    if inventory is None:
        return ()
    words = _words(kinds, inventory)
    word, slash, _ = start.partition("/")
    if not slash:
        return [f"{one}/" for one in sorted(words, key=len)]  # pod before poddisruptionbudget
    kind = words.get(word)
    if word in (USER, IMAGE) and kind is None:
        values = app.column_values(TYPES[word][0], start.partition("/")[2])
        return [f"{word}/{value}" for value in values]
    if kind is None:
        return ()
    return [
        "/".join(filter(None, (word, one.ref.namespace, one.ref.name)))
        for one in inventory.objects(kind.key, with_gone=False)
    ]


def _words(kinds: Sequence[str], inventory: Inventory) -> Mapping[str, Kind | None]:
    """`pod`, `deployment` … as they are typed; None for what is no kind of an API."""
    found: dict[str, Kind | None] = {}
    for kind in inventory.kinds():
        key = acting.key_of(kind.key)
        if key in kinds or ("*" in kinds and key == kind.key and inventory.feeds(kind.key)):
            found[CONTAINER if key == CONTAINER else kind.kind.lower()] = kind
    found |= {word: None for word in (IMAGE, USER) if word in kinds}
    return found
