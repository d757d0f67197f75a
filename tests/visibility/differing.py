"""What a diff of a case's captures gives, as a test reads it: one dict a row."""

from __future__ import annotations

from typing import Any

from console.case.folder import Case
from console.case.workspace import Workspace
from console.visibility.diff import differences
from console.visibility.target import Target


def rows_of(
    case: Case, what: str, target: Target, against: str, **more: Any
) -> list[dict[str, Any]]:
    workspace = Workspace(case)
    try:
        [found] = differences(workspace, what, target, against, **more)
    finally:
        workspace.close()
    return [dict(zip(found.page.columns, row, strict=True)) for row in found.page.rows]
