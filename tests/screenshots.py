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
# What is typed after `:`, or a key.
SHOTS: dict[str, list[str]] = {
    "overview": [":overview"],
    "cluster": [":po shop"],
    "describe": [":po kube-system", "slash", *"x7k2p", "enter", "d"],
    "changes": [":as-of 2026-11-24 23:23:34", ":changes deploy shop"],
    "rights": [":can shop/web"],
    "containers": [":containers pod/shop/web-8444d8cd9c-2r4bs"],
    "timeline": [":filter user:*shop\\:web", "e", "e"],
    "detail": [":filter requestObject.spec.hostPID:true x7k2p", "enter"],
    "lanes": [":filter namespace:shop", "L"],
    "values": [":timeline", "h"],
    "entity": [":pivot user=system:serviceaccount:shop:web"],
    "findings": [":findings"],
    "evidence": [":evidence"],
    "actions": [":actions"],
    "plan": [":plan"],
    "case": [":case"],
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
            if key.startswith(":"):
                app.run_command(key[1:])
            else:
                await pilot.press(key)
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
