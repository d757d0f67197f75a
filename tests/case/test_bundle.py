"""A bundle is checked without kubecase, comes back whole, and nothing forged is taken."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
import zstandard

from console.case.bundle import export_bundle, import_bundle
from console.case.folder import Case
from console.case.verify import verify
from console.errors import CaseError, UsageError
from tests.real.lab import missing


@pytest.fixture
def full(case: Case, tmp_path: Path) -> Case:
    """A case with a copied file and one in place."""
    for name, in_place in (("a.log", False), ("b.log", True)):
        path = tmp_path / name
        path.write_bytes(os.urandom(5000))
        item = case.store.add_file(path, in_place=in_place)
        case.record(
            "evidence.added",
            data={
                "sha256": item.sha256, "name": item.name, "size_bytes": item.size_bytes,
                "in_place": str(item.in_place) if item.in_place else None,
            },
        )  # fmt: skip
    return case


def unpacked(bundle: Path, folder: Path) -> Path:
    folder.mkdir()
    with (
        bundle.open("rb") as raw,
        zstandard.ZstdDecompressor().stream_reader(raw) as packed,
        tarfile.open(fileobj=packed, mode="r|") as archive,
    ):
        archive.extractall(folder, filter="data")
    return folder


def repacked(folder: Path, bundle: Path) -> Path:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.add(path, str(path.relative_to(folder)))
    bundle.write_bytes(zstandard.ZstdCompressor().compress(data.getvalue()))
    return bundle


def test_sha256sum_checks_it_and_it_comes_back(full: Case, tmp_path: Path) -> None:
    bundle = tmp_path / "out.tar.zst"
    made = export_bundle(full, bundle)
    assert len(made.evidence) == 2
    folder = unpacked(bundle, tmp_path / "plain")
    done = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": OK") >= 8

    back = tmp_path / "back"
    found = import_bundle(bundle, back)
    assert found.case_id == full.id
    with Case.open(back) as case:
        hashes = {item.sha256 for item in case.store.list()}
    assert hashes == set(made.evidence)
    assert verify(back) == []
    import_bundle(bundle, full.folder)  # into the case that it came from
    assert verify(full.folder) == []


def test_a_part_leaves_the_rest_and_the_key_at_home(full: Case, tmp_path: Path) -> None:
    one = full.store.list()[0].sha256
    export_bundle(full, tmp_path / "part.tar.zst", [one[:12]])
    folder = unpacked(tmp_path / "part.tar.zst", tmp_path / "plain")
    assert [path.name for path in (folder / "evidence").iterdir()] == [one]
    assert not (folder / "case.key").exists()


@pytest.mark.parametrize("forge", ["byte", "extra", "missing", "sums", "cut"])
def test_forged_is_not_taken(full: Case, tmp_path: Path, forge: str) -> None:
    bundle = tmp_path / "out.tar.zst"
    export_bundle(full, bundle)
    folder = unpacked(bundle, tmp_path / "plain")
    data = next(folder.glob("evidence/*/data"))
    data.chmod(0o600)
    if forge == "byte":
        data.write_bytes(data.read_bytes()[:-1] + b"!")
    elif forge == "extra":
        (folder / "evidence" / "note").write_text("x")
    elif forge == "missing":
        data.unlink()
    elif forge == "sums":
        sums = folder / "SHA256SUMS"
        sums.chmod(0o600)
        sums.write_text(sums.read_text().replace("README", "READYOU"))
    repacked(folder, bundle)
    if forge == "cut":
        bundle.write_bytes(bundle.read_bytes()[:-2000])
    with pytest.raises(CaseError):
        import_bundle(bundle, tmp_path / "back")
    assert not (tmp_path / "back").exists()
    assert not list(tmp_path.glob(".kubecase-import-*"))


def test_a_path_that_climbs_is_refused(tmp_path: Path) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("evidence/../../../evil"))
    bundle = tmp_path / "evil.tar.zst"
    bundle.write_bytes(zstandard.ZstdCompressor().compress(data.getvalue()))
    with pytest.raises(CaseError, match="no bundle has"):
        import_bundle(bundle, tmp_path / "back")


def test_changed_evidence_is_not_exported(full: Case, tmp_path: Path) -> None:
    item = next(one for one in full.store.list() if one.in_place is None)
    shutil.copy(item.data_path, tmp_path / "x")
    item.data_path.parent.chmod(0o700)
    item.data_path.chmod(0o600)
    item.data_path.write_bytes(b"changed")
    with pytest.raises(CaseError, match="changed"):
        export_bundle(full, tmp_path / "out.tar.zst")
    assert not (tmp_path / "out.tar.zst").exists()


@pytest.fixture
def age(tmp_path: Path) -> tuple[Path, str]:
    """A key file of age, and its public key."""
    if shutil.which("age-keygen") is None:
        missing("needs age")
    path = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", str(path)], check=True, capture_output=True)
    done = subprocess.run(["age-keygen", "-y", str(path)], check=True, capture_output=True)
    return path, done.stdout.decode().strip()


def test_sealed_by_age(full: Case, tmp_path: Path, age: tuple[Path, str]) -> None:
    key, public = age
    bundle = tmp_path / "bundle.age"
    made = export_bundle(full, bundle, (), [public])
    data = bundle.read_bytes()
    assert data.startswith(b"age-encryption.org/v1")
    assert b"MANIFEST" not in data
    plain = tmp_path / "plain.tar.zst"
    subprocess.run(["age", "-d", "-i", str(key), "-o", str(plain), str(bundle)], check=True)
    with pytest.raises(UsageError, match="encrypted by age"):
        import_bundle(bundle, tmp_path / "none")
    assert import_bundle(bundle, tmp_path / "back", key).evidence == made.evidence
    other = tmp_path / "other.txt"
    subprocess.run(["age-keygen", "-o", str(other)], check=True, capture_output=True)
    with pytest.raises(CaseError, match=r"age did not decrypt it|no whole bundle"):
        import_bundle(bundle, tmp_path / "none", other)
    changed = tmp_path / "changed.age"
    changed.write_bytes(data[:-20] + bytes(20))
    with pytest.raises(CaseError):
        import_bundle(changed, tmp_path / "none", key)
    assert not (tmp_path / "none").exists()


def test_sealed_by_gpg(full: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("gpg") is None:
        missing("needs gpg")
    with tempfile.TemporaryDirectory(
        prefix="gpg-"
    ) as home:  # short: gpg's agent has a socket there
        monkeypatch.setenv("GNUPGHOME", home)
        subprocess.run(
            ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key",
             "court@example.org", "rsa2048", "encr", "never"],
            check=True, capture_output=True,
        )  # fmt: skip
        bundle = tmp_path / "bundle.gpg"
        made = export_bundle(full, bundle, (), ["court@example.org"])
        assert import_bundle(bundle, tmp_path / "back").evidence == made.evidence
        with pytest.raises(CaseError, match="gpg did not encrypt it"):
            export_bundle(full, tmp_path / "x.gpg", (), ["nobody@example.org"])
        assert not (tmp_path / "x.gpg").exists()
        subprocess.run(["gpgconf", "--kill", "all"], check=True)


def test_recipients_that_are_none(full: Case, tmp_path: Path) -> None:
    for wrong in (["--output=/x"], ["age1qqq", "court@example.org"]):
        with pytest.raises(UsageError):
            export_bundle(full, tmp_path / "x", (), wrong)
    assert "case.exported" not in {entry.kind for entry in full.entries()}
