"""From a key on a row to an action that is applied and measured: what the screens share of it.

Everything that asks a server runs in a worker of the app; the bottom line tells how far it is, and
the analyst can cancel it: between two steps, or while it only measures. The journal says how far it
came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.app.safe import plain
from console.app.screens.act import ActScreen, Decision
from console.app.screens.ask import ChooseScreen
from console.errors import Cancelled, UsageError
from console.visibility.target import CONTAINER, IMAGE, USER, Target

if TYPE_CHECKING:
    from console.app.app import Console
    from console.app.task import Task
    from console.live.api import ClusterApi
    from console.live.inventory import Ref
    from console.respond.action import Action
    from console.respond.means import Means
    from console.respond.record import Record


ENDING = "a step under way is finished first"


def means_for(
    app: Console, api: ClusterApi | None, context: str | None = None, *, task: Task | None = None
) -> Means:
    """What an action of this console acts with; reads the configuration: workers only."""
    from dataclasses import replace

    from console.respond.config import load_config
    from console.respond.means import Means

    config = load_config()
    if app.is_readonly:
        config = replace(config, is_readonly=True)
    means = Means(app.workspace.case, context, None, config, api)
    if app.source.live is not None and app.source.live.engine is not None:
        means.use_engine(app.source.live.engine.client.api)
    if task is not None:
        means.cancelled, means.counted = task.cancelled, task.count
    return means


@dataclass(frozen=True)
class Acted:
    """What a key or a command is about. key: of its kind, as actions name it. api: None where no
    cluster has it."""

    target: Target
    key: str
    api: ClusterApi | None = None

    @classmethod
    def of(cls, app: Console, ref: Ref) -> Acted:
        """The object of a row."""
        key = key_of(ref.kind)
        target = Target.of(ref) if key == ref.kind else Target(key, "", ref.name)
        return cls(target, key, app.api_of(ref.cluster) if key == ref.kind else None)


def key_of(kind: str) -> str:
    """A `Kind.key` as actions name it: what an engine holds has words of its own."""
    return {"containers.docker": CONTAINER, "images.docker": IMAGE}.get(kind, kind)


def check_may_act(app: Console) -> None:
    """Raises UsageError where nothing can be changed."""
    if app.source.live is None:
        raise UsageError("no cluster is connected", hint="`kubecase live CASE` connects to one")
    if app.source.as_of is not None:
        raise UsageError("this is the past", hint=":live goes back to now")


def on_target(app: Console, text: str, take: Callable[[Acted], None]) -> None:
    """What a target names, on the one cluster that has it or that is chosen; "": what the cursor
    is on. Raises UsageError."""
    check_may_act(app)
    if not text:
        screen = app.seen_screen
        about = screen.acted_on() if screen is not None else None
        if isinstance(about, str):
            on_target(app, about, take)
        elif about is not None:
            take(about)
        return
    target = Target.parse(text)
    if target.container:
        raise UsageError("an action is for a whole pod", where=text[:120])
    inventory = app.source.opened
    found = inventory.find_kind(target.kind) if inventory is not None else None
    if target.kind in (CONTAINER, IMAGE, USER):
        key = target.kind
    elif found is None:
        raise UsageError("no such kind here", where=target.kind[:60], hint=":kinds lists them")
    else:
        key = found.key
        target = Target(key, target.namespace, target.name)
    on_cluster(app, lambda api: take(Acted(target, key, api)))


def on_cluster(app: Console, take: Callable[[ClusterApi | None], object]) -> None:
    """The session's only cluster; of several, the one that is chosen."""
    names = list(app.source.live.apis) if app.source.live else []
    chosen = app.seen_screen.chosen_cluster if app.seen_screen is not None else ""
    if len(names) < 2 or chosen in names:
        take(app.api_of(chosen))
        return
    app.push_screen(
        ChooseScreen("On which cluster?", [plain(name, 80) for name in names]),
        lambda name: take(app.api_of(names[[plain(n, 80) for n in names].index(name)]))
        if name is not None else None,
    )  # fmt: skip


def choose_for(app: Console, about: Acted) -> None:
    """What can be done, as a list; then its dialogue."""
    from console.respond.registry import actions_for

    found = actions_for(about.target, about.key, is_readonly=app.is_readonly)
    if not found:
        why = "read-only: no action is offered" if app.is_readonly else "no action is known for it"
        app.say(why)
        return
    titles = [f"{one.id}  {one.title}" for one in found]

    def take(choice: str | None) -> None:
        if choice is not None:
            open_action(app, found[titles.index(choice)], about.target, about.api)

    title = f"What can be done about {plain(str(about.target), 80)}"
    app.push_screen(ChooseScreen(title, titles), take)


def open_action(app: Console, kind: type[Action], target: Target, api: ClusterApi | None) -> None:
    """The dialogue of one action, and what follows from it; of some, a choice of rows before."""
    if app.is_readonly:
        raise UsageError("read-only: no action is offered")
    if kind.id == "eradicate":
        mark_made(app, target, api)
    else:
        _open(app, kind, target, api, {})


def mark_made(app: Console, target: Target, api: ClusterApi | None) -> None:
    """What a user made, as rows to mark; what is marked is deleted after the dialogue."""
    from console.app.screens.eradicate import EradicateScreen
    from console.respond.actions.eradicate import Eradicate

    def take(options: dict[str, object] | None) -> None:
        if options is not None:
            _open(app, Eradicate, target, api, options)

    app.push_screen(EradicateScreen(target.name, lambda: means_for(app, api)), take)


def take_memory(app: Console, target: Target, pid: int) -> None:
    """The dialogue about the memory of one process of a pod."""
    from console.respond.actions.take_memory import TakeMemory

    pod = Target("pods", target.namespace, target.name)
    on_cluster(app, lambda api: _open(app, TakeMemory, pod, api, {"pid": str(pid)}))


def _open(
    app: Console, kind: type[Action], target: Target, api: ClusterApi | None,
    options: Mapping[str, object],
) -> None:  # fmt: skip
    from console.app.screens.packets import PacketsScreen
    from console.respond.packets import Watch

    def make(options: Mapping[str, object]) -> tuple[Means, Action]:
        return means_for(app, api), kind.build(target, options)

    def decide(decision: Decision | None) -> None:
        if decision is None:
            return
        watch = Watch()

        def work(task: Task) -> str:
            means = means_for(app, api, task=task)
            means.watch = watch
            try:
                return _carry(app, means, decision, task)
            finally:
                watch.is_over = True

        about = f"{kind.id} {target.name}"
        is_begun = app.run_task(work, about=about, ending=ENDING)
        if is_begun and kind.id == "take-packets" and decision.apply:
            app.push_screen(PacketsScreen(title, watch))

    title = f"{kind.title}: {plain(str(target), 80)}"
    app.push_screen(ActScreen(make, title, target.name, options), decide)


def _carry(app: Console, means: Means, decision: Decision, task: Task) -> str:
    """Preserve, write the plan down, apply, verify; returns the last word. In a worker."""
    from console.respond.preserve import preserve
    from console.respond.runner import carry_out, record_plan

    case, prepared = app.workspace.case, decision.prepared
    rules = means.config.rules(prepared.where)
    needs_second = rules.needs_second or decision.second
    is_kept_only = needs_second or not decision.apply
    if not is_kept_only:
        with _before_anything():
            preserve(
                case, means, prepared.id, prepared.action.target, prepared.plan.destroys,
                suspects=prepared.plan.suspects, take_first=decision.snapshot,
                skip_reason=decision.skip_reason or None, say=task.say,
            )  # fmt: skip
    record = record_plan(case, prepared, second=needs_second, reason=decision.reason)
    if is_kept_only:
        more = ": a second analyst signs it" if needs_second else ""
        return f"plan {record.id} is kept{more}: 7 Actions"
    verdict = carry_out(case, means, record, say=task.say)
    return _said(record, verdict.word, verdict.text)


@contextmanager
def _before_anything() -> Iterator[None]:
    """A snapshot before an action: where it is cancelled, the action is not begun."""
    try:
        yield
    except Cancelled as error:
        raise Cancelled(
            f"nothing was changed: {error.what}",
            where=error.where, hint=error.hint, keys=error.keys,
        ) from error  # fmt: skip


def finish(app: Console, record: Record, api: ClusterApi | None, name: str) -> None:
    """Go on with a plan or a half-done action, undo it, verify it again or sign it.

    What destroys is preserved before, also when a plan is applied later.
    """
    from console.respond import runner
    from console.respond.preserve import preserve

    def work(task: Task) -> str:
        case, say = app.workspace.case, task.say
        if name == "approve":
            runner.approve(case, record)
            return f"plan {record.id} is signed"
        means = means_for(app, api, None if api else record.where, task=task)
        if name == "undo":
            notes = runner.undo(case, means, record, say=say)
            return "; ".join([f"{record.id} is undone", *notes])
        if name == "verify":
            verdict = runner.verify(case, means, record, say=say)
        else:
            destroys = record.plan.get("destroys") or ()
            with _before_anything():
                preserve(
                    case, means, record.id, record.target, destroys, suspects=record.suspects,
                    take_first=True, say=say,
                )  # fmt: skip
            verdict = runner.carry_out(case, means, record, say=say)
        return _said(record, verdict.word, verdict.text)

    if app.is_readonly and name != "approve":
        raise UsageError("read-only: nothing is changed here")
    app.run_task(work, about=f"{record.action_id} {record.target.name}", ending=ENDING)


def _said(record: Record, word: str, text: str) -> str:
    sign = {"held": "✔", "not held": "✘"}.get(word, "?")
    more = "" if word == "held" else "  → 7 Actions"
    return f"{sign} {text}{more}  ({record.action_id} {record.target}, {record.id})"
