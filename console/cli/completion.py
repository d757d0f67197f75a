"""`kubecase completion`: the script that a shell sources."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL, for instance: source <(kubecase completion bash)."""
    from console.cli import cli

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "kubecase", "_KUBECASE_COMPLETE").source())
