"""A case of evidence alone: a small attack in the lab (data/sample/lab_incident), with its hunts' findings."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from console.case.folder import Case
from console.case.workspace import Workspace
from console.detect.hunts import load_hunts, read_kinds, run_hunt
from console.ingest.service import AddOptions, add_paths

# what the analyst of this case took as findings; others of the hunts find something too
TAKEN = (
    "files-changed", "host-access-pod", "rights-granted", "secrets-listed", "tracks-covered",
    "web-shell", "denied-then-allowed", "exec-into-pod",
)  # fmt: skip
SAMPLE = Path(__file__).parent / "data" / "sample" / "lab_incident"


def build_small_incident(folder: Path) -> None:
    case = Case.create(folder, title="Web shop: a stolen service-account token")
    options = AddOptions(cluster="lab", source="recorded in the project's own lab, 2026-11-23")
    with tempfile.TemporaryDirectory() as work:
        webshop = Path(work) / "webshop"
        shutil.copytree(SAMPLE, webshop, ignore=shutil.ignore_patterns("truth.*"))
        for added in add_paths(case, [webshop], options):
            if added.error:
                raise added.error
    workspace = Workspace(case)
    cursor, hunts = workspace.index.cursor(), load_hunts()
    for id_ in TAKEN:
        hit = run_hunt(cursor, hunts.get(id_), read_kinds(cursor))
        case.record(
            "finding",
            cites=[str(workspace.citation(key)) for key, _ in hit.examples],
            data={
                "title": hit.hunt.title,
                "severity": hit.hunt.severity,
                "attack": list(hit.hunt.attack),
            },
        )
    text = (
        "The web shell in the shop's cart page was used to steal the default service account's token,"
        " which a new role binding had just made powerful."
    )
    case.record("hypothesis", data={"text": text})
    workspace.close()
