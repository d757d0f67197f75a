"""`kubecase escalate`: tell an owner, and keep that, when and what they were told."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import print_json, visible


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("of", metavar="WHAT")
@click.argument("text")
@click.option("--event", "cited", multiple=True, metavar="CITATION", help="What it rests on.")
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
def escalate(folder: Path, of: str, text: str, cited: tuple[str, ...], as_json: bool) -> None:
    """Record that the owner of WHAT is told TEXT; prints who that is, and the words to send.

    kubecase sends nothing by itself: from a compromised network, the phone may be the better way.
    """
    from console.case.citation import Citation
    from console.case.folder import Case
    from console.errors import UsageError

    with Case.open(folder) as case:
        state = case.state()
        contact = state.owners.get(of)
        if not contact:
            known = ", ".join(visible(name) for name in state.owners) or "none is known"
            raise UsageError(
                "nobody is known to own it", where=of[:60],
                hint=f"`kubecase owner CASE {visible(of)[:40]} CONTACT`; owners: {known}",
            )  # fmt: skip
        cites = [str(Citation.parse(one)) for one in cited]
        entry = case.record("escalated", cites=cites, data={"of": of, "to": contact, "text": text})
    if as_json:
        print_json({"of": of, "to": contact, "text": text, "cites": cites, "ts": entry.ts})
        return
    click.echo(f"to      {visible(contact)}")
    click.echo(f"about   {visible(of)}")
    click.echo(f"case    {visible(state.title)} ({case.id}), phase {state.phase}")
    click.echo(f"text    {visible(text)}")
    for cite in cites:
        click.echo(f"cites   {visible(cite)}")
