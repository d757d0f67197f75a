"""Every way to tamper with a case has a name and a place in what `verify` says."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.case.evidence import Evidence
from console.case.folder import Case
from console.case.journal import canonical
from console.case.verify import verify


def add(case: Case, item: Evidence) -> Evidence:
    in_place = str(item.in_place) if item.in_place else None
    facts = {"sha256": item.sha256, "name": item.name, "size_bytes": item.size_bytes}
    case.record("evidence.added", data={**facts, "in_place": in_place})
    return item


@dataclass
class Scene:
    """A case with a copied log, one in place, and a journal that another one has seen."""

    case: Case
    copied: Evidence
    in_place: Evidence
    journal: Path
    home: Path

    def lines(self) -> list[bytes]:
        return self.journal.read_bytes().splitlines(keepends=True)

    def manifest(self, **changes: object) -> None:
        path = self.home / "manifest.json"
        path.chmod(0o600)
        path.write_text(json.dumps({**json.loads(path.read_bytes()), **changes}))


@pytest.fixture
def scene(case: Case, tmp_path: Path) -> Scene:
    log = tmp_path / "big.log"
    log.write_bytes(b"in place\n")
    copied = add(case, case.store.add_stream(io.BytesIO(b"Failed password\n"), "auth.log"))
    in_place = add(case, case.store.add_file(log, in_place=True))
    writer = Case.open(case.folder)
    for number in range(4):
        entry = writer.record("note", data={"text": f"note {number}"})
    case.record("note", data={"text": "I have seen four notes"})
    home = case.store.folder / copied.sha256
    home.chmod(0o700)
    assert verify(case.folder) == []
    return Scene(case, copied, in_place, case.journal_dir / entry.file, home)


def rewrite(line: bytes, **changes: object) -> bytes:
    return canonical({**json.loads(line), **changes}) + b"\n"


def resign(line: bytes, key: Ed25519PrivateKey, **changes: object) -> bytes:
    fields: dict[str, Any] = {**json.loads(line), **changes}
    fields["key"] = key.public_key().public_bytes_raw().hex()
    del fields["sig"]
    fields["sig"] = key.sign(canonical(fields)).hex()
    return canonical(fields) + b"\n"


Tamper = Callable[[Scene], object]


def journal(edit: Callable[[list[bytes]], list[bytes]]) -> Tamper:
    def tamper(scene: Scene) -> None:
        scene.journal.write_bytes(b"".join(edit(scene.lines())))

    return tamper


def change_byte(scene: Scene) -> None:
    path = scene.home / "data"
    path.chmod(0o600)
    path.write_bytes(b"Failed passworD\n")


def spoil_manifest(scene: Scene) -> None:
    path = scene.home / "manifest.json"
    path.chmod(0o600)
    path.write_text("[")


def link_elsewhere(scene: Scene) -> None:
    outside = scene.case.folder.parent / "outside"
    (scene.home / "data").rename(outside)
    (scene.home / "data").symlink_to(outside)


def move_in_place(scene: Scene) -> None:
    scene.in_place.data_path.rename(scene.in_place.data_path.with_name("moved.log"))


def change_in_place(scene: Scene) -> None:
    scene.in_place.data_path.write_bytes(b"in_place\n")


def add_outside_the_journal(scene: Scene) -> None:
    scene.case.store.add_stream(io.BytesIO(b"planted\n"), "planted.log")


def fake_journal(scene: Scene) -> None:
    line = resign(scene.lines()[0], Ed25519PrivateKey.generate(), data={"text": "forged"}, seen={})
    (scene.case.journal_dir / "eve-1.jsonl").write_bytes(line)


MALLORY = Ed25519PrivateKey.generate()
BROKEN_CHAIN = "the chain is broken"
CUT = "entries were cut from the end"
TAMPERINGS: Mapping[str, tuple[Tamper, str]] = {
    "byte changed": (change_byte, "its bytes were changed"),
    "bytes removed": (lambda s: (s.home / "data").unlink(), "its bytes are gone"),
    "bytes behind a link": (link_elsewhere, "not a regular file"),
    "evidence removed": (lambda s: shutil.rmtree(s.home), "evidence that is gone"),
    "evidence folder removed": (lambda s: shutil.rmtree(s.case.store.folder), "that is gone"),
    "evidence planted": (add_outside_the_journal, "no journal knows this evidence"),
    "file planted in evidence/": (
        lambda s: (s.case.store.folder / "notes.txt").write_text("x"),
        "did not put here",
    ),
    "file planted beside the bytes": (
        lambda s: (s.home / "data2").write_text("x"),
        "did not put here",
    ),
    "manifest: hash": (lambda s: s.manifest(sha256="0" * 64), "names another hash"),
    "manifest: size": (lambda s: s.manifest(size_bytes=1), "the manifest says 1 bytes"),
    "manifest: name": (lambda s: s.manifest(name="x"), "the manifest's name is x"),
    "manifest: in place": (lambda s: s.manifest(in_place="/etc/hostname"), "in_place"),
    "manifest: fifo": (lambda s: s.manifest(in_place="/dev/null"), "not a regular file"),
    "manifest: bad path": (lambda s: s.manifest(in_place="/\x00"), "moved or can't be read"),
    "manifest: no JSON": (spoil_manifest, "a manifest can't be read"),
    "in place: moved": (move_in_place, "in-place evidence moved"),
    "in place: changed": (change_in_place, "its bytes were changed"),
    "entry changed": (
        journal(lambda a: [a[0], a[1].replace(b"note 1", b"note 9"), *a[2:]]),
        "the signature does not fit",
    ),
    "entry signed by another": (
        journal(lambda a: [a[0], resign(a[1], MALLORY, data={"text": "x"}), *a[2:]]),
        "another key signed this entry",
    ),
    "entry removed": (journal(lambda a: [a[0], *a[2:]]), BROKEN_CHAIN),
    "first entry removed": (journal(lambda a: a[1:]), BROKEN_CHAIN),
    "entries reordered": (journal(lambda a: [a[0], a[2], a[1], a[3]]), BROKEN_CHAIN),
    "entry repeated": (journal(lambda a: [*a, a[3]]), BROKEN_CHAIN),
    "tail cut": (journal(lambda a: a[:2]), CUT),
    "all cut": (journal(lambda a: []), CUT),
    "journal removed": (lambda s: s.journal.unlink(), "a journal is gone"),
    "bad signature": (
        journal(lambda a: [*a[:3], rewrite(a[3], sig="00" * 64)]),
        "the signature does not fit",
    ),
    "no signature": (journal(lambda a: [*a[:3], rewrite(a[3], sig=None)]), "does not fit"),
    "no key": (journal(lambda a: [*a[:3], rewrite(a[3], key="zz")]), "does not fit"),
    "another spelling": (journal(lambda a: [b" " + a[0], *a[1:]]), "the signature does not fit"),
    "another line end": (journal(lambda a: [a[0][:-1] + b"\r\n", *a[1:]]), "does not fit"),
    "blank line": (journal(lambda a: [a[0], b"\n", *a[1:]]), "not an entry"),
    "garbage": (journal(lambda a: [*a, b"\xff\x00\n"]), "not an entry"),
    "all signed anew": (
        journal(lambda a: [resign(line, MALLORY) for line in a]),
        "is not the one that",
    ),
    "journal from elsewhere": (fake_journal, BROKEN_CHAIN),
    "journal under another name": (
        lambda s: s.journal.rename(s.journal.with_name("eve-7.jsonl")),
        BROKEN_CHAIN,
    ),
    "file planted in journal/": (
        lambda s: (s.journal.parent / "x\x1b.txt").write_text("x"),
        "a file that is no journal",
    ),
    "folder as a journal": (
        lambda s: (s.journal.parent / "eve-1.jsonl").mkdir(),
        "a file that is no journal",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_named(scene: Scene, name: str) -> None:
    tamper, said = TAMPERINGS[name]
    tamper(scene)
    problems = verify(scene.case.folder)
    assert any(said in problem.what for problem in problems), problems
    assert all(problem.where for problem in problems)


def test_changed_entry_is_named_by_its_line(scene: Scene) -> None:
    journal(lambda a: [a[0], a[1].replace(b"note 1", b"note 9"), *a[2:]])(scene)
    [changed, chain] = verify(scene.case.folder)
    assert changed.where == f"journal/{scene.journal.name}:2"
    assert chain.where == f"journal/{scene.journal.name}:3"


def test_each_problem_is_named_and_nothing_else(scene: Scene) -> None:
    change_byte(scene)
    move_in_place(scene)
    journal(lambda a: a[:2])(scene)
    found = {(problem.what.split(":")[0], problem.where) for problem in verify(scene.case.folder)}
    assert found == {
        ("its bytes were changed", f"evidence/{scene.copied.sha256}"),
        (
            "in-place evidence moved or can't be read",
            f"evidence/{scene.in_place.sha256} ({scene.in_place.data_path})",
        ),
        (CUT, f"journal/{scene.journal.name}"),
    }


def test_progress_counts_every_byte_once(scene: Scene) -> None:
    sizes: list[int] = []
    verify(scene.case.folder, sizes.append)
    assert sum(sizes) == scene.copied.size_bytes + scene.in_place.size_bytes
