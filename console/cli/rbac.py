"""`kubecase rbac`: the rights that kubecase needs, ready to apply."""

from __future__ import annotations

from importlib.resources import files

import click

LEVELS = ("read", "probe", "respond")


@click.command()
@click.argument("levels", type=click.Choice(LEVELS), nargs=-1)
def rbac(levels: tuple[str, ...]) -> None:
    """Print ClusterRoles for kubecase: `read`, `probe` (inside containers), `respond` (actions).

    Without a level, all three. Bind them to whom you trust, the last two for the incident only:

    kubecase rbac read | kubectl apply -f -
    """
    folder = files("console.respond") / "rbac"
    texts = [(folder / f"{level}.yaml").read_text("utf-8") for level in levels or LEVELS]
    click.echo("---\n".join(texts), nl=False)
