"""What a snapshot takes of a container by its engine; nothing is run in it or written to it.

Source: Docker Engine API v1.41: /containers/{id}/{json,top,stats,changes,logs,export}.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from console.live.engineerrors import asking
from console.respond.means import asked
from console.respond.snapshot import Item

if TYPE_CHECKING:
    from console.respond.means import Means


def items(means: Means, name: str, *, prefix: str = "") -> tuple[list[Item], tuple[str, ...]]:
    """Most volatile first. Raises CaseError where there is no such container."""
    engine = means.engine
    where = f"container/{name[:60]}"
    seen = asked(where, engine.inspect_container, name)
    id_, image = seen["Id"], seen["Image"]
    sized = _sizes(engine, id_)
    found = [
        _document(f"{prefix}top.json", f"GET /containers/{id_[:12]}/top", where,
                  lambda: engine.top(id_, "-eo user,pid,ppid,lstart,time,args")),
        _document(f"{prefix}stats.json", f"GET /containers/{id_[:12]}/stats?stream=false", where,
                  lambda: engine.stats(id_, stream=False)),
        _document(f"{prefix}docker_inspect.json", f"GET /containers/{id_[:12]}/json", where,
                  lambda: [engine.inspect_container(id_)]),
        _document(f"{prefix}changes.json", f"GET /containers/{id_[:12]}/changes", where,
                  lambda: engine.diff(id_) or []),
        Item(f"{prefix}engine.log", f"GET /containers/{id_[:12]}/logs?timestamps=true",
             lambda: _logs(engine, id_, where)),
        _document(f"{prefix}image_history.json", f"GET /images/{image[:19]}/history", where,
                  lambda: engine.history(image)),
        Item(f"{prefix}filesystem.tar", f"GET /containers/{id_[:12]}/export",
             lambda: export(engine, id_, where), size_hint=sized),
    ]  # fmt: skip
    return found, (
        "docker commit: it would write an image to the node's disk; the export holds the files",
        _no_checkpoint(engine, where),
    )


def export(engine: Any, id_: str, where: str) -> Iterator[bytes]:
    """The container's whole filesystem as a tar, block by block. Raises CaseError."""
    yield from _blocks(asked(where, engine.export, id_, chunk_size=1 << 20), where)


def _logs(engine: Any, id_: str, where: str) -> Iterator[bytes]:
    stream = asked(where, engine.logs, id_, stream=True, follow=False, timestamps=True)
    yield from _blocks(stream, where)


def _blocks(blocks: Iterable[bytes], where: str) -> Iterator[bytes]:
    with asking(where):
        yield from blocks


def _document(name: str, how: str, where: str, call: Callable[[], Any]) -> Item:
    def read() -> Iterator[bytes]:
        yield json.dumps(asked(where, call), ensure_ascii=True, sort_keys=True).encode() + b"\n"

    return Item(name, how, read)


def _sizes(engine: Any, id_: str) -> int:
    """About how much an export is: the image's size and what was written."""
    listed = asked("engine", engine.containers, all=True, size=True, filters={"id": id_})
    return int(listed[0].get("SizeRootFs") or 0) if listed else 0


def _no_checkpoint(engine: Any, where: str) -> str:
    """Why memory is not taken as a checkpoint. Source: `docker checkpoint` needs both."""
    info = asked(where, engine.info)
    if not info.get("ExperimentalBuild"):
        return "memory checkpoint: this engine does not offer it (its experimental mode is off)"
    return (
        "memory checkpoint: the engine would write it to its own disk; take it by hand if that is"
        " worth it"
    )
