"""The report: Markdown, and HTML from it. What no evidence is cited for is marked as opinion."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from console.case.citation import Citation
from console.case.metrics import read_metrics, shown_duration
from console.case.plan import read_plan, tasks_of
from console.case.text import visible

if TYPE_CHECKING:
    from console.case.workspace import Workspace

MAX_ENTRIES = 500
OPINION = "*(opinion: no evidence cited)*"


def render_markdown(workspace: Workspace) -> str:
    """The whole report. Everything that came from evidence or journals is escaped."""
    state, case = workspace.state, workspace.case
    extent = workspace.timeline().extent()
    lines = [
        f"# {text(state.title or case.title)}",
        "",
        f"Case `{case.id}`, created {case.created}. Phase: {state.phase}.",
        "",
        "## Summary",
        "",
        f"{extent.events:,} events from {_time(extent.first)} to {_time(extent.last)} UTC.",
        "",
    ]
    if state.hypothesis:
        lines += [f"Hypothesis: {text(state.hypothesis)} {OPINION}", ""]
    lines += _findings(workspace)
    lines += _cited_events(workspace)
    lines += _entities(workspace)
    lines += _notes(workspace)
    lines += _response(workspace)
    lines += _evidence(workspace)
    lines += _journal(workspace)
    return "\n".join(lines) + "\n"


def text(value: object) -> str:
    """Text that no Markdown or HTML reader takes for more: one line, controls visible."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~&-])", r"\\\1", visible(str(value))).replace("\\-", "-")


def _time(moment: datetime | None) -> str:
    return moment.isoformat(sep=" ", timespec="milliseconds") if moment else "–"


def _cite(citation: Citation) -> str:
    return f"`{citation.display().replace('`', chr(39))}`"


def _findings(workspace: Workspace) -> list[str]:
    lines = ["## Findings", ""]
    if not workspace.state.findings:
        return [*lines, "None recorded.", ""]
    for finding in workspace.state.findings:
        lines += [f"### {finding.name} {text(finding.title)}", ""]
        facts = [
            f"severity {finding.severity}",
            f"status {finding.status}",
            f"by {text(finding.who)}",
        ]
        if finding.attack:
            facts.append("ATT&CK " + ", ".join(text(technique) for technique in finding.attack))
        lines.append("; ".join(facts) + ".")
        if finding.reason:
            lines.append(f"Reason: {text(finding.reason)} {OPINION}")
        if finding.entities:
            lines.append(
                "Entities: " + ", ".join(text(entity) for entity in finding.entities) + "."
            )
        cited = ", ".join(_cite(citation) for citation in finding.citations)
        lines += [f"Rests on: {cited}." if cited else OPINION, ""]
    return lines


def _citations(workspace: Workspace) -> list[Citation]:
    """Every event that a finding, a note or a tag cites."""
    state = workspace.state
    cited: set[Citation] = set(state.tags)
    for finding in state.findings:
        cited.update(finding.citations)
    cited.update(note.citation for note in state.notes if note.citation)
    return sorted(cited)


def _cited_events(workspace: Workspace) -> list[str]:
    lines = ["## Timeline of cited events", ""]
    timeline = workspace.timeline()
    rows = []
    for citation in _citations(workspace):
        event = timeline.event(workspace.key(citation))
        if event is None:
            rows.append((datetime.max, f"| – | – | – | not in the index | {_cite(citation)} |"))
            continue
        tags = " ".join(sorted(workspace.state.tags.get(citation, ())))
        cells = [
            _time(event["ts"]),
            event["actor"] or "–",
            event["outcome"],
            event["message"] or "",
        ]
        shown = " | ".join(text(str(cell)[:300]) for cell in cells)
        mark = f" **{text(tags)}**" if tags else ""
        rows.append((event["ts"] or datetime.max, f"| {shown}{mark} | {_cite(citation)} |"))
    if not rows:
        return [*lines, "No event is cited yet.", ""]
    lines += ["| time (UTC) | who | outcome | what | evidence |", "|---|---|---|---|---|"]
    return [*lines, *(line for _, line in sorted(rows)), ""]


def _entities(workspace: Workspace) -> list[str]:
    names = {name for finding in workspace.state.findings for name in finding.entities}
    names |= {step.entity for step in workspace.state.trail}
    if not names:
        return []
    return ["## Entities that were followed", "", *(f"- {text(n)}" for n in sorted(names)), ""]


def _notes(workspace: Workspace) -> list[str]:
    if not workspace.state.notes:
        return []
    lines = ["## Notes", ""]
    for note in workspace.state.notes:
        source = _cite(note.citation) if note.citation else OPINION
        lines.append(f"- {_time(note.ts)} {text(note.who)}: {text(note.text)} {source}")
    return [*lines, ""]


def _response(workspace: Workspace) -> list[str]:
    """Times, owners and who was told, and the plan: all of it from the journal."""
    state = workspace.state
    lines = ["## Response", "", "| took | from (UTC) | to (UTC) | what |", "|---|---|---|---|"]
    for one in read_metrics(workspace):
        cells = [shown_duration(one.took), _time(one.start), _time(one.stop), text(one.name)]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    lines += [f"- owner of {text(of)}: {text(who)}" for of, who in state.owners.items()]
    for call in state.calls:
        about = f" about {text(call.of)}" if call.of else ""
        lines.append(f"- {_time(call.ts)} {text(call.who)} to {text(call.to)}{about}: "
                     f"{text(call.text)}")  # fmt: skip
    lines += ["", "| phase | state | task | word |", "|---|---|---|---|"]
    for task in tasks_of(state, read_plan(workspace.case.folder)):
        cells = [task.phase, task.status, text(task.title), text(task.word)]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _evidence(workspace: Workspace) -> list[str]:
    lines = ["## Evidence", "", "| SHA-256 | name | bytes | taken (UTC) | source |",
             "|---|---|---|---|---|"]  # fmt: skip
    for item in workspace.case.store.list():
        cells = [f"`{item.sha256}`", text(item.name), f"{item.size_bytes:,}", _time(item.added)]
        lines.append("| " + " | ".join([*cells, text(item.source or "–")]) + " |")
    return [*lines, ""]


def _journal(workspace: Workspace) -> list[str]:
    entries = workspace.case.entries()
    lines = ["## Journal", ""]
    if len(entries) > MAX_ENTRIES:
        lines += [f"The last {MAX_ENTRIES} of {len(entries)} entries.", ""]
    lines += ["| time (UTC) | who | what | data |", "|---|---|---|---|"]
    for entry in entries[-MAX_ENTRIES:]:
        data = " ".join([*entry.entities, *(str(value) for value in entry.data.values() if value)])
        lines.append(
            f"| {_time(entry.ts)} | {text(entry.who)} | {entry.kind} | {text(data[:300])} |"
        )
    return [*lines, ""]


def render_html(markdown: str, title: str) -> str:
    """The report as one HTML page without scripts; only what this module writes is markup."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    style = (
        "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;font-size:13px}"
        "td,th{border:1px solid #bbb;padding:.2rem .4rem;"
        "vertical-align:top;overflow-wrap:anywhere}code{font-size:12px}"
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(visible(title))}"
        f'</title><meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<style>{style}</style></head><body>{body}</body></html>\n"
    )
