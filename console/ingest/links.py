"""The links in an archive. What one leads to is read under its own name, if the archive has it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

_MAX_FOLLOWED = 40  # as Linux: path_resolution(7), ELOOP
_OF_LOGS = re.compile(r"(^|/)logs?/|\.log\b", re.IGNORECASE)


class Links:
    """Names of one archive, as they come; absolute ones are meant from its root."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._links: dict[str, str] = {}

    def add(self, name: str) -> None:
        """A file or folder."""
        name = _plain(name)
        while name and name not in self._names:
            self._names.add(name)
            name = posixpath.dirname(name)

    def add_link(self, name: str, target: str, *, is_hard: bool = False) -> None:
        """target: as the archive has it; of a hard link a name in the archive itself."""
        name = _plain(name)
        self._links[name] = _plain(target if is_hard else _beside(name, target))

    def leading_out(self) -> Iterator[tuple[str, str, bool]]:
        """(name, target, whether it may be of a log) of each that leads to nothing in here."""
        for name, target in self._links.items():
            if not self._has(target):
                yield name, target, _OF_LOGS.search(f"{name} {target}") is not None

    def _has(self, name: str) -> bool:
        for _ in range(_MAX_FOLLOWED):
            if name in self._names or name == "":
                return True
            at = name
            while at and at not in self._links:  # the nearest folder that is itself a link
                at = posixpath.dirname(at)
            if not at:
                return False
            name = _plain(self._links[at] + name[len(at) :])
        return False


def _beside(name: str, target: str) -> str:
    return target if target.startswith("/") else posixpath.join(posixpath.dirname(name), target)


def _plain(name: str) -> str:
    """Without a way out: `..` above the root stays there."""
    return posixpath.normpath(f"/{name}").lstrip("/")
