"""The case that ships with kubecase: a small real incident, built from its evidence when asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.case.folder import Case
from console.case.workspace import Workspace
from console.detect.hunts import run_hunts
from console.ingest.service import AddOptions, add_paths

if TYPE_CHECKING:
    from console.ingest.load import Progress

TITLE = "Web shop: a stolen service-account token"
HYPOTHESIS = (
    "The web shell in the shop's cart page was used to steal the default service account's token,"
    " which a new role binding had just made powerful."
)


def evidence_folder() -> Path:
    """The evidence of the demo, as it ships."""
    return Path(str(files("console"))) / "demo" / "webshop"


def build_demo(folder: Path, progress: Callable[[Progress], None] = lambda progress: None) -> None:
    """Make the demo's case in a new folder, with the findings of its hunts."""
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    case = Case.create(draft, title=TITLE)
    options = AddOptions(cluster="lab", source="recorded in the project's own lab, 2026-11-23")
    for added in add_paths(case, [evidence_folder()], options, progress=progress):
        if added.error:
            raise added.error
    workspace = Workspace(case)
    for hit in run_hunts(workspace.index.cursor()):
        if hit.count:
            case.record(
                "finding",
                cites=[str(workspace.citation(key)) for key, _ in hit.examples],
                data={"title": hit.title, "severity": hit.severity, "attack": list(hit.attack)},
            )
    case.record("hypothesis", data={"text": HYPOTHESIS})
    workspace.close()
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def summarise(workspace: Workspace) -> dict[str, Any]:
    """What a case holds, for a terminal or as JSON."""
    timeline = workspace.timeline()
    extent = timeline.extent()
    sources = timeline.sources()
    formats: dict[str, int] = {}
    for source in sources:
        for chain, count in (source["formats"] or {}).items():
            formats[chain] = formats.get(chain, 0) + count
    return {
        "title": workspace.state.title,
        "sources": len(sources),
        "lines": sum(int(source["lines"]) for source in sources),
        "events": extent.events,
        "formats": dict(sorted(formats.items(), key=lambda item: -item[1])),
        "first": extent.first,
        "last": extent.last,
        "stands_out": [
            {
                "hunt": hit.id,
                "title": hit.title,
                "severity": hit.severity,
                "attack": list(hit.attack),
                "events": hit.count,
                "first": hit.first,
                "example": hit.examples[0][1] if hit.examples else "",
            }
            for hit in run_hunts(workspace.index.cursor())
            if hit.count
        ],
    }
