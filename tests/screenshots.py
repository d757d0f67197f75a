"""Pictures of the screens, made by the program itself from the demo's case: `make screenshots`."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from console.app.app import Console
from console.app.screens.tour import read_tour
from console.case.workspace import Workspace
from console.detect.demo import build_demo, bundle

# At these a letter of 0.602 × 20 dots, rounded to whole ones, is as wide as its cell.
SCALE, FILM_SCALE = 0.9, 0.65
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
    "hunts": [":hunts"],
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
        svg, shown = picture(app)
    workspace.close()
    (FOLDER / f"{name}.svg").write_text(svg)
    cairosvg.svg2png(bytestring=shown.encode(), write_to=str(FOLDER / f"{name}.png"), scale=SCALE)
    print(name, file=sys.stderr)  # noqa: T201


def picture(app: Console) -> tuple[str, str]:
    """The screen as SVG: to keep, and to draw with a font of this machine."""
    svg = app.export_screenshot(title="kubecase")
    # the terminal's own font is fetched from nowhere
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    return svg, svg.replace("Fira Code", "DejaVu Sans Mono")


async def film(folder: Path) -> None:
    """The guided tour, step by step, as an animated picture."""
    import cairosvg
    from PIL import Image

    workspace = Workspace.open(folder)
    tour = read_tour(bundle().with_name("tour.toml"))
    app = Console(workspace, start="findings", tour=tour)
    frames = []
    async with app.run_test(size=(100, 30)) as pilot:
        for _ in tour:
            await settle(pilot)
            png = cairosvg.svg2png(bytestring=picture(app)[1].encode(), scale=FILM_SCALE)
            frames.append(Image.open(BytesIO(png)).convert("RGB").quantize(32))
            await pilot.press("enter")
    workspace.close()
    frames[0].save(FOLDER / "tour.gif", save_all=True, append_images=frames[1:],
                   duration=4000, loop=0, optimize=True)  # fmt: skip


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "case"
        build_demo(folder)
        for name, keys in SHOTS.items():
            asyncio.run(shoot(folder, name, keys))
        asyncio.run(film(folder))  # last: its pivots are journalled


if __name__ == "__main__":
    main()
