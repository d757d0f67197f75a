"""The case that ships with kubecase: a whole incident, recorded and answered by kubecase itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.case.bundle import import_bundle
from console.case.folder import Case
from console.case.workspace import Workspace
from console.detect.hunts import load_hunts, run_hunts
from console.ingest.service import resume

if TYPE_CHECKING:
    from console.ingest.load import Progress


def bundle() -> Path:
    """The demo as it ships: evidence and journals, hashed and signed."""
    return Path(str(files("console"))) / "demo" / "incident.tar.zst"


def build_demo(folder: Path, progress: Callable[[Progress], None] = lambda progress: None) -> None:
    """Make the demo's case in a new folder: take the bundle, read its evidence.

    Raises CaseError, and leaves nothing at `folder`, if a piece could not be taken or read.
    """
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    import_bundle(bundle(), draft)
    with Case.open(draft) as case:
        for added in resume(case, progress=progress):
            if added.error:
                raise added.error
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
                **hit.summary,
                "example": hit.examples[0][1] if hit.examples else "",
            }
            for hit in run_hunts(workspace.index.cursor(), load_hunts())
            if hit.count
        ],
    }
