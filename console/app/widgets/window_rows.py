"""Many rows of which a list holds those around its cursor; of the others it knows how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from rich.text import Text

NOT_READ = (Text(""), Text("…", style="dim"))


class WindowRows(Sequence[Sequence[Text]]):
    """total: how many there are; rows: some of them, from offset on."""

    def __init__(self, rows: Sequence[Sequence[Text]], offset: int, total: int) -> None:
        self._rows, self._offset, self._total = rows, offset, total

    def __len__(self) -> int:
        return self._total

    @overload
    def __getitem__(self, at: int) -> Sequence[Text]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Sequence[Text]]: ...
    def __getitem__(self, at: int | slice) -> Sequence[Text] | Sequence[Sequence[Text]]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(self._total))]
        if not 0 <= at < self._total:
            raise IndexError(at)
        place = at - self._offset
        return self._rows[place] if 0 <= place < len(self._rows) else NOT_READ
