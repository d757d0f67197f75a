"""`kubecase tag`: a mark on an event."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("cited", metavar="CITATION")
@click.argument("name", metavar="TAG")
@click.option("--remove", is_flag=True, help="Take the tag away.")
def tag(folder: Path, cited: str, name: str, remove: bool) -> None:
    """Tag the event CITATION (as `kubecase events --columns evidence,path,line` shows it)."""
    from console.case.citation import Citation
    from console.case.folder import Case

    citation = Citation.parse(cited)
    with Case.open(folder) as case:
        case.record("untag" if remove else "tag", cites=[str(citation)], data={"tag": name})
