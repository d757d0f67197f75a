"""`kubecase note`: a remark for the record."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("text")
@click.option("--event", "cited", metavar="CITATION", help="The event that it is about.")
@click.option("--entity", multiple=True, metavar="TYPE=VALUE", help="What it is about.")
def note(folder: Path, text: str, cited: str | None, entity: tuple[str, ...]) -> None:
    """Write TEXT into the journal of CASE."""
    from console.case.citation import Citation
    from console.case.entities import Entity
    from console.case.folder import Case

    cites = [str(Citation.parse(cited))] if cited else []
    with Case.open(folder) as case:
        entities = [str(Entity.parse(one)) for one in entity]
        case.record("note", entities=entities, cites=cites, data={"text": text})
