"""What can be typed after `:`; the palette, the help and the completion are made of this list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from console.case.entities import TYPES, Entity
from console.case.state import PHASES
from console.errors import UsageError

if TYPE_CHECKING:
    from console.app.app import Console


@dataclass(frozen=True)
class Command:
    """One command. An argument in square brackets may be left out.

    complete: what the argument can be, given its beginning; called away from the event loop.
    """

    name: str
    argument: str
    help: str
    run: Callable[[Console, str], object]
    complete: Callable[[Console, str], Sequence[str]] = lambda app, start: ()

    @property
    def needs_argument(self) -> bool:
        return bool(self.argument) and not self.argument.startswith("[")


def commands(app: Console) -> Mapping[str, Command]:
    """All that can be meant here: where nothing can be changed, no action."""
    from console.app.action_commands import action_commands

    is_acting = app.source.live is not None and not app.is_readonly
    return {**COMMANDS, **(action_commands() if is_acting else {})}


def find_command(name: str) -> Command:
    """By its name or the beginning of it, actions last; raises UsageError where that is none or
    several."""
    from console.app.action_commands import action_commands

    name = _SHORT.get(name, name).lower()
    if name in COMMANDS:
        return COMMANDS[name]
    found = [c for c in COMMANDS.values() if c.name.startswith(name)]
    if not found:
        actions = action_commands()
        found = [c for c in actions.values() if c.name.startswith(name)]
        found = [actions[name]] if name in actions else found
    if len(found) == 1:
        return found[0]
    several = ", ".join(c.name for c in found)
    hint = f"one of {several}" if several else "? lists the commands"
    raise UsageError("no such command", where=f":{name[:40]}", hint=hint)


def run_command(app: Console, line: str) -> None:
    """Run a command line; raises CaseError for one that can't be."""
    name, _, rest = line.strip().partition(" ")
    if name not in COMMANDS and name not in _SHORT and is_kind(app, name):
        app.on_cluster(lambda screen: screen.show_kind(line.strip()))
        return
    command = find_command(name)
    if command.needs_argument and not rest.strip():
        raise UsageError(f":{command.name} needs {command.argument}", hint=command.help)
    command.run(app, rest.strip())


def is_kind(app: Console, name: str) -> bool:
    """`po`, `Deployment`, `certificates.cert-manager.io`: of what is read, else the usual ones."""
    inventory = app.source.opened
    if inventory is not None:
        return inventory.find_kind(name) is not None
    return name.lower() in _USUAL_KINDS


def kind_names(app: Console, start: str) -> list[str]:
    """Kinds that begin so; for completion."""
    inventory = app.source.opened
    if inventory is None:
        return sorted(name for name in _USUAL_KINDS if name.startswith(start))
    return sorted(kind.key for kind in inventory.kinds() if kind.key.startswith(start))


def namespaces(app: Console, kind: str) -> list[str]:
    """Where objects of that kind may be, as far as is known; for completion, away from the loop."""
    inventory = app.source.opened
    found = inventory.find_kind(kind) if inventory is not None else None
    if inventory is None or found is None or not found.is_namespaced:
        return []
    names = {one.ref.name for one in inventory.objects("namespaces", with_gone=False)}
    # a dump may lack them, and so may a right
    names |= {one.ref.namespace for one in inventory.objects(found.key)}
    return [*sorted(names), "all"]


def _changes(app: Console, start: str) -> Sequence[str]:
    kind, space, _ = start.partition(" ")
    if not space:
        return kind_names(app, kind)
    return [f"{kind} {name}" for name in namespaces(app, kind)]


async def complete_command(app: Console, line: str) -> str | None:
    """The line completed by one word, if there is only one way or a first one."""
    import asyncio

    name, space, rest = line.partition(" ")
    if not space:
        found = next((c for c in commands(app).values() if c.name.startswith(name)), None)
        if found is None or not name:
            return next(iter(kind_names(app, name)), None) if name else None
        return found.name + (" " if found.argument else "")
    command = commands(app).get(name)
    if command is not None:
        choices = await asyncio.to_thread(command.complete, app, rest)
    else:
        choices = await asyncio.to_thread(namespaces, app, name)
    match = next((c for c in choices if c.startswith(rest) and c != rest), None)
    return None if match is None else f"{name} {match}"


def _mode(name: str, help: str) -> Command:
    return Command(name, "", help, lambda app, rest: app.open_mode(name))


def _timeline(
    name: str, argument: str, help: str,
    complete: Callable[[Console, str], Sequence[str]] = lambda app, start: (),
) -> Command:  # fmt: skip
    """A command that the timeline carries out."""

    def run(app: Console, rest: str) -> None:
        app.on_timeline(lambda screen: screen.run_command(name, rest))

    return Command(name, argument, help, run, complete)


def _owner(app: Console, rest: str) -> None:
    of, _, contact = rest.partition(" ")
    app.record("owner", data={"of": of, "contact": contact.strip()})


def _entities(app: Console, start: str) -> Sequence[str]:
    kind, equals, value = start.partition("=")
    if not equals:
        return [f"{name}=" for name in sorted(TYPES, key=len)]
    if kind not in TYPES:
        return ()
    return [f"{kind}={found}" for found in app.column_values(TYPES[kind][0], value)]


def _tags(app: Console, start: str) -> Sequence[str]:
    return sorted({tag for tags in app.workspace.state.tags.values() for tag in tags})


def _cluster(
    name: str, argument: str, help: str,
    complete: Callable[[Console, str], Sequence[str]] = lambda app, start: (),
) -> Command:  # fmt: skip
    """A command that the cluster's screen carries out."""

    def run(app: Console, rest: str) -> None:
        app.on_cluster(lambda screen: screen.run_command(name, rest))

    return Command(name, argument, help, run, complete)


def _said(kind: str) -> Callable[[Console, str], object]:
    return lambda app, rest: app.record(kind, data={"text": rest})


def _clusters(app: Console, start: str) -> Sequence[str]:
    inventory = app.source.opened
    return [*(one.name for one in inventory.clusters()), "all"] if inventory is not None else []


def _containers(app: Console, rest: str) -> None:
    """Where an engine is all there is, its containers; what was captured is behind their `f`."""
    live = app.source.live
    if rest:
        app.open_inside(rest)
    elif live is not None and live.engine is not None and not live.apis:
        app.on_cluster(lambda screen: screen.show_kind("containers.docker"))
    else:
        app.open_mode("containers")


def _acts() -> ModuleType:
    from console.app import action_commands

    return action_commands


def _cancel(app: Console, rest: str) -> None:
    if not app.cancel_task():
        app.say("nothing is under way")


COMMANDS = {
    command.name: command
    for command in (
        _mode("overview", "what to look at, and what is not seen"),
        _mode("cluster", "what runs; :po :node :svc … go to a kind"),
        Command("containers", "[TARGET]", "files, network, processes of what was captured",
                lambda app, rest: _containers(app, rest)),
        _mode("timeline", "all events"),
        _mode("findings", "what was concluded"),
        Command("hunts", "", "what to look for in every case, and what of it is there",
                lambda app, rest: app.open_hunts()),
        _mode("evidence", "every file, and what was read of it"),
        _mode("actions", "what was planned, applied, measured, undone"),
        _mode("case", "phase, hypothesis, notes, owners, journal"),
        Command("filter", "[FILTER]", "the timeline with this filter",
                lambda app, rest: app.open_timeline(rest),
                lambda app, start: app.filter_completions(start)),
        _timeline("goto", "TIME", "the timeline at a time (UTC)"),
        Command("pivot", "TYPE=VALUE", "the page of an entity",
                lambda app, rest: app.open_entity(Entity.parse(rest)), _entities),
        Command("capture", "TARGET", "look into pod/NS/NAME, workload/NS/KIND/NAME, node/NAME",
                lambda app, rest: app.capture(rest)),
        Command("isolate", "[TARGET]", "close a pod's network, cordon a node; a dialogue first",
                lambda app, rest: _acts().isolate(app, rest),
                lambda app, start: _acts().isolate_targets(app, start)),
        Command("snapshot", "[TARGET]", "everything of a pod, workload, node, container",
                lambda app, rest: _acts().snapshot(app, rest),
                lambda app, start: _acts().snapshot_targets(app, start)),
        Command("act", "[TARGET]", "what can be done about it",
                lambda app, rest: _acts().act(app, rest),
                lambda app, start: _acts().all_targets(app, start)),
        Command("note", "TEXT", "a note on the case (n in the timeline: on an event)",
                _said("note")),
        _timeline("tag", "TAG", "tag the marked events; -TAG takes it away", _tags),
        Command("sql", "[SELECT …]", "ask in SQL, read-only", lambda app, rest: app.open_sql(rest)),
        Command("phase", "PHASE", f"one of {', '.join(PHASES)}",
                lambda app, rest: app.change_phase(rest), lambda app, start: PHASES),
        Command("hypothesis", "TEXT", "what you think happened", _said("hypothesis")),
        Command("owner", "WHAT CONTACT", "who hardens a node or account, how to reach them",
                _owner),
        Command("title", "TEXT", "another title for the case",
                lambda app, rest: app.record("title", data={"title": rest})),
        Command("add", "[PATH]", "add evidence", lambda app, rest: app.add_evidence(rest)),
        Command("verify", "", "hash everything again", lambda app, rest: app.verify_evidence()),
        Command("plan", "", "the response plan: what is done, what is to do",
                lambda app, rest: app.show_plan()),
        Command("report", "", "the report as it would be", lambda app, rest: app.show_report()),
        _timeline("lanes", "", "one row per entity instead of one per event"),
        _timeline("save", "NAME", "keep the timeline's filter as a view"),
        _timeline("view", "", "the saved views"),
        _timeline("export", "[PATH]", "write what the timeline shows: .csv, .jsonl, .parquet"),
        _cluster("kinds", "", "every kind that is served, or that the evidence holds"),
        _cluster("access", "", "who this identity is, what it may see and what it can't"),
        _cluster("ctx", "[CLUSTER]", "the clusters; one alone in the tables, or all", _clusters),
        _cluster("changes", "[KIND [NAMESPACE]]", "created, changed, deleted; newest first",
                 _changes),
        _cluster("usage", "[NAMESPACE]", "processor, memory, network over time; who stands out",
                 lambda app, start: namespaces(app, "pods")),
        _cluster("can", "SUBJECT", "what an account may do: NAMESPACE/NAME, user, group"),
        _cluster("who-can", "VERB RESOURCE", "which accounts may do that"),
        _cluster("as-of", "TIME", "the cluster as it was (UTC); ← → in the time bar"),
        _cluster("live", "", "back to now"),
        Command("cancel", "", "end what is under way (ctrl-c), between two steps of an action",
                _cancel),
        Command("help", "", "the keys of this screen, and all commands",
                lambda app, rest: app.show_help()),
        Command("q", "", "leave kubecase", lambda app, rest: app.leave()),
    )
}  # fmt: skip
_USUAL_KINDS = frozenset((
    "po", "pod", "pods", "no", "node", "nodes", "ns", "namespace", "namespaces", "deploy",
    "deployment", "deployments", "rs", "replicaset", "replicasets", "sts", "statefulset",
    "statefulsets", "ds", "daemonset", "daemonsets", "job", "jobs", "cj", "cronjob", "cronjobs",
    "svc", "service", "services", "ep", "endpoints", "ing", "ingress", "ingresses", "netpol",
    "networkpolicies", "cm", "configmap", "configmaps", "secret", "secrets", "sa",
    "serviceaccount", "serviceaccounts", "role", "roles", "rolebinding", "rolebindings",
    "clusterrole", "clusterroles", "clusterrolebinding", "clusterrolebindings", "ev", "events",
    "pv", "pvc", "crd", "containers", "images", "networks", "volumes",
))  # fmt: skip
_SHORT = {
    "quit": "q", "exit": "q", "q!": "q", "context": "ctx", "contexts": "ctx", "aliases": "kinds",
    "?": "help", "h": "help",
}  # fmt: skip
