"""Pictures of the screens, made by the program itself from the demo's case: `make screenshots`."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from console.app.app import Console
from console.case.workspace import Workspace
from console.detect.demo import build_demo

FOLDER = Path(__file__).parents[1] / "screenshots"
SIZE = (120, 36)
SHOTS: dict[str, list[str]] = {
    "overview": ["1"],
    "cluster": ["2"],
    "describe": ["2", "slash", *"dbg", "enter", "d"],
    "changes": ["2", "v"],
    "rights": ["2", "i"],
    "timeline": ["4", "slash", *"user:*shop:default", "enter", "e", "e"],
    "detail": ["4", "slash", *"hostPID", "enter", "enter"],
    "lanes": ["4", "L"],
    "values": ["4", "h"],
    "entity": ["4", "slash", *"dbg", "enter", "p", "enter"],
    "findings": ["5"],
    "evidence": ["6"],
    "case": ["8"],
}


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(4):
        with suppress(WorkerCancelled):  # a newer query took over
            await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.05)


async def shoot(folder: Path, name: str, keys: list[str]) -> None:
    import cairosvg

    workspace = Workspace.open(folder)
    app = Console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            if len(key) > 1 or key in "14568eLhp2dvi":
                await settle(pilot)
        svg = app.export_screenshot(title="kubecase")
    workspace.close()
    # the terminal's own font is fetched from nowhere
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    (FOLDER / f"{name}.svg").write_text(svg)
    shown = svg.replace("Fira Code", "DejaVu Sans Mono")
    cairosvg.svg2png(bytestring=shown.encode(), write_to=str(FOLDER / f"{name}.png"), scale=0.8)
    print(name, file=sys.stderr)  # noqa: T201


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "case"
        build_demo(folder)
        for name, keys in SHOTS.items():
            asyncio.run(shoot(folder, name, keys))


if __name__ == "__main__":
    main()
