"""What undo needs and the journal must not hold: passwords, tokens, values of config maps.

Each such text stands in a file of the case, named by a digest under the case's key; plans and
journal hold the name. A bundle takes none of them along: an undo that needs one says so there.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from typing import TYPE_CHECKING, Any

from console.errors import CaseError
from console.live.redact import Redactor

if TYPE_CHECKING:
    from pathlib import Path

    from console.case.folder import Case

_NAME = re.compile(r"‹sealed:([0-9a-f]{32})›")


def seal(case: Case, value: Any) -> Any:
    """A copy for the journal. What was taken out is on the disk when this returns."""
    return _replaced(case, value, Redactor().mask_all(value))


def seal_options(case: Case, options: dict[str, Any]) -> dict[str, Any]:
    """Options of an action for the journal: a patch, which is a document, is taken out whole."""
    return {
        name: f"‹sealed:{_keep(case, value)}›"
        if isinstance(value, str) and ("\n" in value or value.lstrip().startswith("{"))
        else seal(case, value)
        for name, value in options.items()
    }  # fmt: skip


def unseal(case: Case, value: Any) -> Any:
    """The value as it was. Raises CaseError where a file of it is not here, or is another."""
    match value:
        case dict():
            return {name: unseal(case, part) for name, part in value.items()}
        case list():
            return [unseal(case, part) for part in value]
        case str() if found := _NAME.fullmatch(value):
            return _read(case, found[1])
        case _:
            return value


def _replaced(case: Case, value: Any, masked: Any) -> Any:
    """Where the two differ, the name of what was there."""
    match value:
        case dict():
            return {name: _replaced(case, part, masked[name]) for name, part in value.items()}
        case list() | tuple():
            return [_replaced(case, part, m) for part, m in zip(value, masked, strict=True)]
        case str() if value != masked and not _NAME.fullmatch(value):
            return f"‹sealed:{_keep(case, value)}›"
        case _:
            return value


def _keep(case: Case, text: str) -> str:
    name = _digest(case, text)
    path = _path(case, name)
    if path.exists():
        return name
    is_shared = case.is_group_readable
    draft = path.with_name(f".{name}.{os.getpid()}")
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.parent.chmod(0o2770 if is_shared else 0o700)  # its group is the case's
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o640 if is_shared else 0o600)
        draft.rename(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CaseError(
            f"what undo needs can't be written: {error.strerror}", where=str(path.parent),
            hint="make room, then do it again",
        ) from error  # fmt: skip
    return name


def _read(case: Case, name: str) -> str:
    path = _path(case, name)
    try:
        text = path.read_text()
    except OSError as error:
        raise CaseError(
            f"what undo needs is not here: {error.strerror}", where=str(path),
            hint="a bundle holds no passwords: do it where the case was made",
        ) from error  # fmt: skip
    if _digest(case, text) != name:
        raise CaseError("what undo needs was changed", where=str(path), hint="undo it by hand")
    return text


def _path(case: Case, name: str) -> Path:
    return case.folder / "sealed" / name


def _digest(case: Case, text: str) -> str:
    return hmac.new(case.masking_key(), text.encode(), hashlib.sha256).hexdigest()[:32]
