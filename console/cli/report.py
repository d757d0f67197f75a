"""`kubecase report`: the record that holds up afterwards."""

from __future__ import annotations

from pathlib import Path

import click

FORMS = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html"}


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
@click.option(
    "--format", "form", type=click.Choice(["md", "html"]), help="Else by the file's name."
)
def report(folder: Path, output: Path | None, form: str | None) -> None:
    """Write the report of CASE: findings, cited events, evidence with hashes, journal."""
    from console.case.report import render_html, render_markdown
    from console.case.workspace import Workspace
    from console.errors import CaseError

    form = form or _form_of(output)
    workspace = Workspace.open(folder)
    try:
        text = render_markdown(workspace)
        title = workspace.state.title or workspace.case.title
    finally:
        workspace.close()
    if form == "html":
        text = render_html(text, title)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CaseError(f"can't be written: {error.strerror}", where=str(output)) from error
    click.echo(str(output))


def _form_of(output: Path | None) -> str:
    """By the file's name; Markdown where that says nothing. Raises UsageError."""
    from console.errors import UsageError

    if output is None or not output.suffix:
        return "md"
    form = FORMS.get(output.suffix.lower())
    if form is None:
        raise UsageError(
            f"a report can't be written as {output.suffix}",
            where=str(output),
            hint=f"{', '.join(FORMS)}, or --format",
        )
    return form
