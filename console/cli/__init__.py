"""The command `kubecase`: one file per command, imported when it is used and not before."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Mapping

import click
from click.shell_completion import CompletionItem

# Name -> (where it is, its line in --help). `--help` imports none of them.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "act": ("console.cli.act:act", "Plan or apply any action on a pod, node, container …"),
    "actions": ("console.cli.actions:actions", "What was done to the cluster; half-done ones."),
    "add": ("console.cli.add:add", "Take files, folders or archives into a case and read them."),
    "changes": ("console.cli.changes:changes", "Print what was made, changed, deleted: by whom."),
    "capture": ("console.cli.capture:capture", "Look into a container without entering it."),
    "completion": ("console.cli.completion:completion", "Print the shell's completion script."),
    "demo": ("console.cli.demo:demo", "Open a real incident that ships with kubecase."),
    "diff": ("console.cli.diff:diff", "What differs in a container, against what you name."),
    "eradicate": ("console.cli.eradicate:eradicate", "Delete what somebody made, with undo."),
    "escalate": ("console.cli.escalate:escalate", "Tell an owner, and keep that it was told."),
    "events": ("console.cli.events:events", "Print the events that a filter lets through."),
    "evidence": ("console.cli.evidence:evidence", "List the evidence, or correct its times."),
    "export": ("console.cli.export:export", "Write evidence to hand over, hashed and signed."),
    "finding": ("console.cli.finding:finding", "List, add or judge findings."),
    "formats": ("console.cli.formats:formats", "List the formats, or test one of your own."),
    "handover": ("console.cli.handover:handover", "Where the case stands, for the next analyst."),
    "hunts": ("console.cli.hunts:hunts", "Ask what to look for in every case, and what is there."),
    "import": ("console.cli.import_:import_", "Take a bundle of evidence back."),
    "inventory": ("console.cli.inventory:inventory", "What is in a cluster, or was at a moment."),
    "isolate": ("console.cli.isolate:isolate", "Isolate a pod, and measure whether it is."),
    "journal": ("console.cli.journal:journal", "Print what was decided, by whom and when."),
    "live": ("console.cli.live:live", "Open the console on running clusters, recorded."),
    "logs": ("console.cli.logs:logs", "Print or follow the logs of a pod's containers."),
    "memory": ("console.cli.memory:memory", "Take the memory of a pod's process."),
    "merge": ("console.cli.merge:merge", "Join another copy of the same case into this one."),
    "metrics": (
        "console.cli.metrics:metrics",
        "The times of a case: to detection, to containment.",
    ),
    "new": ("console.cli.new:new", "Make a new case."),
    "note": ("console.cli.note:note", "Add a note to the case, or to an event."),
    "open": ("console.cli.open:open_", "Open a case in the console."),
    "owner": ("console.cli.owner:owner", "Who hardens what, and how to reach them."),
    "packets": ("console.cli.packets:packets", "Take a pod's packets, and see its flows."),
    "hypothesis": (
        "console.cli.hypothesis:hypothesis",
        "Show what is thought to have happened, or say it.",
    ),
    "phase": ("console.cli.phase:phase", "Show the phase of the response, or go to another."),
    "pivot": ("console.cli.pivot:pivot", "What is known of an entity, such as ip=203.0.113.9."),
    "plan": ("console.cli.plan:plan", "The response plan: what is done, what is to do."),
    "rbac": ("console.cli.rbac:rbac", "Print the rights that kubecase needs, ready to apply."),
    "ready": ("console.cli.ready:ready", "Check a cluster before an incident happens."),
    "record": ("console.cli.record:record", "Watch clusters, and keep what they show."),
    "reindex": ("console.cli.reindex:reindex", "Build the index again from evidence and journal."),
    "report": ("console.cli.report:report", "Write the report, as Markdown or HTML."),
    "revisions": (
        "console.cli.revisions:revisions",
        "The history of a workload, and what came before it failed.",
    ),
    "rights": ("console.cli.rights:rights", "What a user, group or service account may do."),
    "rollback": ("console.cli.rollback:rollback", "A workload back to an earlier revision."),
    "rollforward": ("console.cli.rollforward:rollforward", "Repair a workload by a patch."),
    "snapshot": ("console.cli.snapshot:snapshot", "Take all of a pod, container or node."),
    "sql": ("console.cli.sql:sql", "Ask the case in SQL, read-only."),
    "tag": ("console.cli.tag:tag", "Tag an event, or take a tag away."),
    "undo": ("console.cli.undo:undo", "Take an action back, or say what is in the way."),
    "usage": ("console.cli.usage:usage", "What pods and containers use; which one stands out."),
    "verify": ("console.cli.verify:verify", "Check that evidence and journals still hold."),
    "view": ("console.cli.view:view", "One file of a container: its text, bytes, differences."),
    "who-can": ("console.cli.who_can:who_can", "Who may do a thing, and by which binding."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads one when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(name, help=line)
            for name, (_, line) in sorted(COMMANDS.items())
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(COMMANDS.items())])


def _print_version(ctx: click.Context, parameter: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        click.echo(f"kubecase {version('kubecase')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True,
              callback=_print_version, help="Print the version.")  # fmt: skip
def cli() -> None:
    """Investigate security incidents in Kubernetes and Docker, in the terminal.

    Start with `kubecase demo`, or `kubecase new CASE --title …` and `kubecase add CASE PATH…`.
    Exit codes: 0 fine, 1 a check failed or something could not be read, 2 wrong use.
    """


# What the machine refuses, and not the program: said in one line, as any other error.
_REFUSALS = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE,
    errno.ENAMETOOLONG, errno.EFBIG,
}  # fmt: skip


def refusal(error: Exception) -> str:
    """The line for an error that the machine gives (no room, no right), "" for any other."""
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        place = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror}{place}: make room, or check that you may read and write there"
    if type(error).__module__.lstrip("_") == "duckdb":
        text = str(error).splitlines()[0]
        if any(os.strerror(number) in text for number in _REFUSALS):
            return text
    return ""


def main() -> None:
    """Run; what the analyst can act on is one line on standard error and exit code 2."""
    from console.cli.output import visible
    from console.errors import CaseError

    try:
        status = cli(prog_name="kubecase", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.Abort:
        click.echo("cancelled", err=True)
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("cancelled", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except CaseError as error:
        lines = map(visible, str(error).split("\n"))  # a filter shows where it is wrong
        click.echo("kubecase: " + "\n".join(lines), err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        line = refusal(error)
        if not line:
            raise
        click.echo(f"kubecase: {visible(line)}", err=True)
        sys.exit(2)
