"""A change to a cluster, before it is made: what it will do, to whom, what it can't; then its name.

The plan is asked of the server in a worker (a dry run); nothing changes until the target's name is
typed. What happens then is in the journal, step by step, before it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from console.app.safe import plain, safe
from console.app.screens.ask import AskScreen, ChooseScreen
from console.app.screens.dialog import Dialog
from console.app.widgets.text_pane import TextPane, folded
from console.errors import CaseError

if TYPE_CHECKING:
    from console.respond.action import Action
    from console.respond.means import Means
    from console.respond.runner import Prepared

MAX_DIFF = 400
YES = "yes"
LATER, SECOND = "for later", "until a second analyst has signed it"


@dataclass(frozen=True)
class Decision:
    """apply: now; else the plan is only kept. second: until another analyst has signed it.

    reason: why it is done. skip_reason: why nothing is preserved before.
    """

    prepared: Prepared
    apply: bool
    snapshot: bool = False
    second: bool = False
    reason: str = ""
    skip_reason: str = ""


class ActScreen(Dialog[Decision | None]):
    """ctrl-s keeps the plan for later, or for a second analyst; esc leaves all as it is."""

    CSS_PATH = "act.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("ctrl+s", "save", "Save plan"),
        Binding("ctrl+o", "options", "Options", priority=True),
        Binding("ctrl+b", "preserve", "Snapshot before", priority=True),
        Binding("ctrl+r", "reason", "Reason", priority=True),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-8)", show=False),
        Binding("pagedown", "scroll(8)", show=False),
    ]

    @dataclass
    class Planned(Message):
        """needs_name: production, where more than a yes is asked for."""

        result: Prepared | CaseError
        action: Action | None = None
        is_preserved: bool = True
        needs_name: bool = True

    @dataclass
    class Asked(Message):
        """It needs an option before there is a plan; values: something to begin with."""

        action: Action
        values: dict[str, str]

    def __init__(
        self, make: Callable[[Mapping[str, object]], tuple[Means, Action]], title: str, name: str,
        options: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """make: the action with such options, asked in a worker."""
        super().__init__()
        self.make, self.asked, self.target_name = make, title, name
        self.options: dict[str, object] = dict(options or {})
        self.prepared: Prepared | None = None
        self.action: Action | None = None
        self.is_preserved = True
        self.takes_snapshot = False
        self.reason = ""
        self.word = name

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(safe(self.asked, "bold"), id="act-title")
            yield TextPane(id="act-plan")
            yield Input(placeholder="asking the server what it would do…", disabled=True)
            yield Static("", id="act-hint")

    def on_mount(self) -> None:
        self.plan()

    def plan(self) -> None:
        self.hint("planning: nothing is changed  esc cancel")
        self.prepare(dict(self.options))

    @work(thread=True, exclusive=True, exit_on_error=False, group="plan")
    def prepare(self, options: dict[str, object]) -> None:
        from console.respond.preserve import is_preserved, parts
        from console.respond.runner import prepare

        worker = get_current_worker()
        is_kept = needs_name = True
        result: Prepared | CaseError
        action = None
        try:
            means, action = self.make(options)
            if action.asks and not options.get(action.asks):
                values = shown_options(action) | {action.asks: action.draft(means)}
                self.post_message(self.Asked(action, values))
                return
            result = prepare(means, action)
            needs_name = means.config.rules(result.where).is_production
            if result.plan.destroys and means.case is not None:
                wanted = parts(means, result.plan.suspects or [action.target])
                is_kept = all(is_preserved(means.case, one) for one in wanted)
        except CaseError as error:
            result = error
        if not worker.is_cancelled:
            self.post_message(self.Planned(result, action, is_kept, needs_name))

    @on(Planned)
    def draw(self, message: Planned) -> None:
        self.action = message.action
        if isinstance(message.result, CaseError):
            self.show([Text(f"✘ {plain(message.result.on_screen(), 800)}", "bold red")])
            self.query_one(Input).placeholder = "it can't be done: esc"
            self.hint("esc back  ctrl-o other options")
            return
        prepared = self.prepared = message.result
        title = f"{self.asked} on {plain(prepared.where, 80)}"
        self.query_one("#act-title", Static).update(safe(title, "bold"))
        self.is_preserved = message.is_preserved
        self.word = self.target_name if message.needs_name else YES
        self.takes_snapshot = not message.is_preserved
        self.show(list(self.lines(prepared)))
        line = self.query_one(Input)
        line.disabled = bool(self.obstacle(prepared))
        line.placeholder = self.obstacle(prepared) or f"type {self.word}: {self.target_name}"
        if not line.disabled:
            line.focus()
        self.draw_hint()
        self.call_after_refresh(self.draw_hint)  # how much is below is known then

    @on(Asked)
    def ask(self, message: Asked) -> None:
        self.ask_options(message.action, message.values)

    def action_options(self) -> None:
        """Plan again with others."""
        if self.action is not None and self.action.option_names():
            self.ask_options(self.action, shown_options(self.action))

    def ask_options(self, action: Action, values: Mapping[str, str]) -> None:
        from console.app.screens.options import OptionsScreen

        def take(said: dict[str, str] | None) -> None:
            if said is None:
                if self.action is None:  # there is nothing to go back to
                    self.dismiss(None)
                return
            self.options = {name: text for name, text in said.items() if text != values.get(name)
                            or name in self.options or name == action.asks}  # fmt: skip
            self.query_one(Input).disabled = True
            self.prepared = None
            self.plan()

        self.app.push_screen(
            OptionsScreen(
                self.asked, [(name, said) for name, said, _ in action.option_names()], values,
                (action.asks,),
            ),
            take,
        )  # fmt: skip

    def show(self, lines: list[Text]) -> None:
        pane = self.query_one(TextPane)
        pane.show(folded(lines, pane, self.app.console))

    def lines(self, prepared: Prepared) -> Iterator[Text]:
        plan = prepared.plan
        missing = tuple(f"to {right}" for right in prepared.missing)
        for name, said, style in (
            ("Will", plan.will, ""), ("Hits", plan.hits, ""), ("Not", plan.cannot, ""),
            ("Hidden", plan.hidden, "yellow"), ("DESTROYS", plan.destroys, "bold"),
            ("NO RIGHT", missing, "bold red"), ("REFUSED", prepared.refused, "bold red"),
        ):  # fmt: skip
            for number, line in enumerate(said):
                text = Text(f"{name if number == 0 else '':<9}", "bold")
                yield text.append(plain(line, 600), style)
        for step, (what, diff) in zip(plan.steps, prepared.previews, strict=True):
            if diff:
                yield Text(f"--- {plain(what, 200)}  ({step.previewed_by})", "dim")
            for line in diff[:MAX_DIFF]:
                color = {"+": "green", "-": "red"}.get(line[:1], "")
                yield Text(plain(line, 400), color)
            if len(diff) > MAX_DIFF:
                yield Text(f"… {len(diff) - MAX_DIFF} more lines", "dim")

    def obstacle(self, prepared: Prepared) -> str:
        """Why it can't be applied; empty if it can."""
        if prepared.missing:
            return "NO RIGHT, as above: ctrl-s saves the plan"
        return "the server refuses it, as above" if prepared.refused else ""

    def draw_hint(self) -> None:
        why = "ctrl-r reason ✔" if self.reason else "ctrl-r reason"
        keys = ["esc cancel", "ctrl-s save plan", why]
        if self.action is not None and self.action.option_names():
            keys.insert(2, "ctrl-o options")
        if below := self.query_one(TextPane).below:
            keys.append(f"↓ {below} more")
        keep = "  ".join(keys)
        if self.prepared and self.prepared.plan.destroys:
            box = "[x]" if self.takes_snapshot else "[ ]"
            taken = "  (there is one of the last hour)" if self.is_preserved else ""
            self.hint(f"First {box} snapshot: ctrl-b{taken}", keep)
        else:
            self.hint(keep)

    def hint(self, *lines: str) -> None:
        shown = Text("\n").join(safe(line, "dim") for line in lines)
        self.query_one("#act-hint", Static).update(shown)

    def action_preserve(self) -> None:
        if self.prepared and self.prepared.plan.destroys:
            self.takes_snapshot = not self.takes_snapshot
            self.draw_hint()

    def action_scroll(self, lines: int) -> None:
        self.query_one(TextPane).action_scroll_lines(lines)
        if self.prepared is not None:
            self.draw_hint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.prepared is None:
            return
        if event.value.strip() not in (self.word, self.target_name):
            self.hint(f"that is not {self.word}: nothing was done  esc cancel")
            return
        prepared = self.prepared
        if prepared.plan.destroys and not (self.takes_snapshot or self.is_preserved):
            self.app.push_screen(
                AskScreen("Why is no snapshot taken before?", hint="for the record  esc back"),
                lambda why: self.apply(prepared, why) if why else None,
            )
        else:
            self.apply(prepared, "")

    def apply(self, prepared: Prepared, skip_reason: str) -> None:
        self.dismiss(Decision(
            prepared, True, self.takes_snapshot, reason=self.reason, skip_reason=skip_reason
        ))  # fmt: skip

    def action_reason(self) -> None:
        """Why it is done, for the record."""

        def take(text: str | None) -> None:
            if text is not None:
                self.reason = text
                self.draw_hint()

        if self.prepared is not None:
            self.app.push_screen(
                AskScreen("Why is it done?", self.reason, "for the record  esc back",
                          can_be_empty=True),
                take,
            )  # fmt: skip

    def action_save(self) -> None:
        """Keep the plan, for later or for a second analyst."""
        prepared = self.prepared
        if prepared is None:
            return

        def take(choice: str | None) -> None:
            if choice is not None:
                is_second = choice == SECOND
                self.dismiss(Decision(prepared, False, second=is_second, reason=self.reason))

        self.app.push_screen(ChooseScreen("Keep the plan", (LATER, SECOND)), take)

    def action_cancel(self) -> None:
        self.dismiss(None)


def shown_options(action: Action) -> dict[str, str]:
    """As text to edit, in the notation that `Action.build` reads."""
    return {
        name: ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
        for name, value in action.options.items()
    }
