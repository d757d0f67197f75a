"""All actions, found because they are there: for the key `a`, the palette, and commands."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from console.case.text import visible
from console.errors import UsageError
from console.live.engine import GROUP
from console.respond import actions
from console.respond.action import Action
from console.visibility.target import CONTAINER, IMAGE, USER, Target


@cache
def all_actions() -> Mapping[str, type[Action]]:
    """By id, in order of id. A new file in `console/respond/actions/` is enough."""
    found: dict[str, type[Action]] = {}
    for module in pkgutil.iter_modules(actions.__path__):
        loaded = importlib.import_module(f"{actions.__name__}.{module.name}")
        for _, one in inspect.getmembers(loaded, inspect.isclass):
            is_own = one.__module__ == loaded.__name__
            if is_own and issubclass(one, Action) and not inspect.isabstract(one):
                found[one.id] = one
    return dict(sorted(found.items()))


def find_action(action_id: str) -> type[Action]:
    """Raises UsageError."""
    try:
        return all_actions()[action_id]
    except KeyError as error:
        raise UsageError(
            "no such action", where=action_id[:60], hint=", ".join(all_actions())
        ) from error


def actions_for(target: Target, key: str, *, is_readonly: bool = False) -> list[type[Action]]:
    """What can be done to a target whose kind has that key (`pods`, `deployments.apps`).

    What contains comes first, what destroys last. Read-only contexts have none.
    """
    if is_readonly:
        return []
    found = [one for one in all_actions().values() if fits(one, key)]
    return sorted(found, key=lambda one: (one.rank, one.id))


def fits(action: type[Action], key: str) -> bool:
    """Whether an action is for targets whose kind has that key."""
    is_object = key not in (CONTAINER, IMAGE, USER) and not key.endswith(f".{GROUP}")
    return key in action.kinds or ("*" in action.kinds and is_object)


def build(action_id: str, target: Target, options: Mapping[str, Any]) -> Action:
    """Raises UsageError for an unknown action or option, or for one container of a pod."""
    if target.container:
        raise UsageError("an action is for a whole pod", where=visible(str(target)))
    return find_action(action_id).build(target, options)
