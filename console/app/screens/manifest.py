"""One object as YAML; who set which field, and when, in the place of managedFields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from console.app.safe import plain
from console.app.screens.object_text import ObjectTextScreen
from console.live.managed import Manager, managers

if TYPE_CHECKING:
    from console.live.inventory import Inventory, Obj

_KEY = re.compile(r"^(\s*(?:- )*)([^\s:'\"][^:]*|'[^']*'|\"[^\"]*\")(:)( |$)")
WIDEST = 10_000  # a value is not broken into lines
MAX_FIELDS = 6


class ManifestScreen(ObjectTextScreen):
    """The YAML as the server or the evidence has it, without values of Secrets.

    m unfolds managedFields.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "managed", "managedFields"),
    ]
    what = "yaml"

    is_unfolded = False

    def read_text(self, inventory: Inventory, obj: Obj) -> list[Text]:
        doc = obj.doc
        wrote = managers(doc)
        if not self.is_unfolded and isinstance(doc.get("metadata"), dict):
            doc["metadata"].pop("managedFields", None)
        lines = list(yaml_lines(doc))
        if not wrote:
            return lines
        return [*_writers(wrote), *lines]

    def action_managed(self) -> None:
        self.is_unfolded = not self.is_unfolded
        self.ask()


def yaml_lines(doc: dict[str, Any]) -> Iterator[Text]:
    """Keys in bold; what would steer a terminal is escaped by YAML and by us."""
    import yaml

    dumped = yaml.safe_dump(
        doc, sort_keys=False, allow_unicode=True, width=WIDEST, default_flow_style=False
    )
    for line in dumped.splitlines():
        text = Text(plain(line, WIDEST), no_wrap=True)
        if key := _KEY.match(text.plain):
            text.stylize("bold", key.start(2), key.end(2))
        yield text


def _writers(wrote: list[Manager]) -> Iterator[Text]:
    """One line for each tool that wrote, the newest first."""
    yield Text("# who set what, by managedFields (m unfolds them)", style="dim")
    for manager in sorted(wrote, key=lambda m: str(m.ts or ""), reverse=True):
        when = f"{manager.ts:%Y-%m-%d %H:%M:%S}" if manager.ts else "no time            "
        fields = sorted(manager.fields)
        shown = ", ".join(fields[:MAX_FIELDS])
        more = f" + {len(fields) - MAX_FIELDS} more" if len(fields) > MAX_FIELDS else ""
        part = f"/{manager.subresource}" if manager.subresource else ""
        text = Text(f"# {when}  ", style="dim")
        text.append(plain(f"{manager.name} ({manager.operation}{part})", 100), "bold")
        text.append(f"  {plain(shown, 300)}{more}")
        yield text
    yield Text("")
