"""`kubecase finding`: what the analyst concludes, with citations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.cli.output import print_json, print_table


@click.command()
@click.argument("folder", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--add", "title", help="Add a finding with this title.")
@click.option("--severity", default="medium", show_default=True,
              type=click.Choice(["info", "low", "medium", "high", "critical"]))  # fmt: skip
@click.option("--attack", multiple=True, metavar="ID", help="ATT&CK technique, such as T1611.")
@click.option("--entity", multiple=True, metavar="TYPE=VALUE")
@click.option("--event", "cited", multiple=True, metavar="CITATION", help="Event it rests on.")
@click.option("--judge", metavar="FINDING", help="Give this finding a status.")
@click.option("--status", type=click.Choice(["new", "real", "benign"]))
@click.option("--reason", default="", help="Why it has that status.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per finding.")
def finding(
    folder: Path,
    title: str | None,
    severity: str,
    attack: tuple[str, ...],
    entity: tuple[str, ...],
    cited: tuple[str, ...],
    judge: str | None,
    status: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """List the findings of CASE; --add makes one, --judge with --status gives one a status."""
    from console.case.citation import Citation
    from console.case.entities import Entity
    from console.case.folder import Case
    from console.errors import UsageError

    with Case.open(folder) as case:
        if title:
            case.record(
                "finding",
                entities=[str(Entity.parse(one)) for one in entity],
                cites=[str(Citation.parse(one)) for one in cited],
                data={"title": title, "severity": severity, "attack": list(attack)},
            )
        if judge:
            if status is None:
                raise UsageError("no status", hint="--status new, real or benign")
            key = case.state().finding(judge).key
            case.record("finding.status", data={"finding": key, "status": status, "reason": reason})
        found = case.state().findings
    rows: list[dict[str, Any]] = [
        {
            "id": one.name,
            "severity": one.severity,
            "status": one.status,
            "attack": list(one.attack),
            "who": one.who,
            "ts": one.ts,
            "entities": list(one.entities),
            "cites": [str(citation) for citation in one.citations],
            "title": one.title,
            "reason": one.reason,
        }
        for one in found
    ]
    if as_json:
        for row in rows:
            print_json(row)
    else:
        names = ["id", "severity", "status", "attack", "who", "ts", "title"]
        print_table(
            names,
            [[" ".join(r[n]) if isinstance(r[n], list) else r[n] for n in names] for r in rows],
        )
