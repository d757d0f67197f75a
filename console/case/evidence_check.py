"""Whether evidence is still what its name, its manifest and the journals say."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from console.case.copying import take
from console.case.evidence import Evidence, EvidenceStore, is_hash
from console.case.problem import Problem
from console.case.text import visible
from console.errors import CaseError


def verify_evidence(
    store: EvidenceStore,
    journalled: Mapping[str, Iterable[Mapping[str, Any]]],
    progress: Callable[[int], None] = lambda size: None,
) -> list[Problem]:
    """Every piece of evidence that does not hold.

    journalled: by hash, what each `evidence.added` says of it. progress: called with bytes hashed.
    """
    problems: list[Problem] = []
    present: set[str] = set()
    for path in sorted(store.folder.iterdir()) if store.folder.is_dir() else ():
        where = f"evidence/{visible(path.name)}"
        if is_hash(path.name):
            present.add(path.name)
            problems += _verify_one(store, path, where, journalled.get(path.name, ()), progress)
        elif not (path.name.startswith(".tmp-") and path.is_dir()):  # somebody is adding it
            problems.append(Problem("something that kubecase did not put here", where))
    for sha256 in sorted(journalled.keys() - present):
        problems.append(Problem("the journal has evidence that is gone", f"evidence/{sha256}"))
    for sha256 in sorted(present - journalled.keys()):
        hint = "adding the same file again writes it into the journal"
        problems.append(Problem("no journal knows this evidence", f"evidence/{sha256}", hint))
    return problems


def _verify_one(
    store: EvidenceStore,
    home: Path,
    where: str,
    journalled: Iterable[Mapping[str, Any]],
    progress: Callable[[int], None],
) -> list[Problem]:
    try:
        item = store.read(home.name)
        manifest = json.loads((home / "manifest.json").read_bytes())
        extra = sorted({path.name for path in home.iterdir()} - {"data", "manifest.json"})
    except CaseError as error:
        return [Problem(error.what, where, "its bytes can't be checked against it")]
    except OSError as error:
        return [Problem(f"can't be read: {error.strerror}", where)]
    problems: list[Problem] = []
    if manifest.get("sha256") != home.name:
        problems.append(Problem("the manifest names another hash", f"{where}/manifest.json"))
    for name in extra:
        what = "something that kubecase did not put here"
        problems.append(Problem(what, f"{where}/{visible(name)}"))
    problems += _verify_bytes(item, where, progress)
    return problems + _verify_manifest(item, where, list(journalled))


def _verify_manifest(
    item: Evidence, where: str, journalled: list[Mapping[str, Any]]
) -> list[Problem]:
    """Against the journal; after a merge it may be any of the entries about the same bytes."""
    facts = {
        "name": item.name,
        "size_bytes": item.size_bytes,
        "in_place": str(item.in_place) if item.in_place else None,
    }
    if not journalled or any(
        all(said.get(field) == value for field, value in facts.items()) for said in journalled
    ):
        return []
    return [
        Problem(
            f"the manifest's {field} is {visible(str(value))},"
            f" the journal's {visible(str(journalled[0].get(field)))}",
            f"{where}/manifest.json",
        )
        for field, value in facts.items()
        if journalled[0].get(field) != value
    ]


def _verify_bytes(item: Evidence, where: str, progress: Callable[[int], None]) -> list[Problem]:
    place = f"{where} ({visible(str(item.data_path))})" if item.in_place else where
    missing = "in-place evidence moved or can't be read" if item.in_place else "its bytes are gone"
    try:
        if not stat.S_ISREG(item.data_path.lstat().st_mode):
            return [Problem("its bytes are not a regular file", place)]
        with item.data_path.open("rb") as handle:
            digest, size = take(handle, str(item.data_path), None, _steps(progress))
    except OSError as error:
        return [Problem(f"{missing}: {error.strerror}", place)]
    except (CaseError, ValueError) as error:
        return [Problem(f"{missing}: {error}", place)]
    problems = []
    if digest != item.sha256:
        problems.append(Problem("its bytes were changed", place, f"they hash to {digest}"))
    if size != item.size_bytes:
        what = f"the manifest says {item.size_bytes} bytes, there are {size}"
        problems.append(Problem(what, place))
    return problems


def _steps(progress: Callable[[int], None]) -> Callable[[int], None]:
    """From sizes that grow to the bytes between them."""
    last = 0

    def step(size: int) -> None:
        nonlocal last
        progress(size - last)
        last = size

    return step
