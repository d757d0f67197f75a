"""Evidence to hand over: one file that explains itself, checked without kubecase.

A tar, compressed by zstd: the case's journals, the evidence with its manifests, `MANIFEST.json`,
`SHA256SUMS` (for `sha256sum -c`), and `SHA256SUMS.sig`, an Ed25519 signature over it whose public
key is in the manifest. The masking key stays at home unless everything is exported.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from console.case.copying import unreadable, unwritable
from console.case.folder import Case
from console.case.sealed import command_for, is_sealed, opened, sealing
from console.case.text import visible
from console.errors import CaseError, UsageError

VERSION = 1
BLOCK_BYTES = 1 << 20
# what a bundle may hold, and nothing else
_MEMBER = re.compile(
    r"(?:README|MANIFEST\.json|SHA256SUMS|SHA256SUMS\.sig|case\.toml|case\.key"
    r"|journal/[A-Za-z0-9_.]+-\d+\.jsonl|evidence/[0-9a-f]{64}/(?:data|manifest\.json))"
)
README = b"""A bundle of evidence made by kubecase.

Check it without kubecase:  sha256sum -c SHA256SUMS
MANIFEST.json says what is in it, who made it, and the public key (Ed25519, hex) with which
SHA256SUMS.sig signs SHA256SUMS. journal/ holds every decision, hash-chained and signed; each
evidence/<sha256>/data has that SHA-256, manifest.json beside it says where it is from.
"""


@dataclass(frozen=True)
class Bundle:
    """What was written or found. problems: what does not hold, in words."""

    case_id: str
    title: str
    evidence: tuple[str, ...]
    size_bytes: int
    problems: tuple[str, ...] = ()


def export_bundle(
    case: Case, target: Path, evidence: Sequence[str] = (), recipients: Sequence[str] = ()
) -> Bundle:
    """Write the bundle; of all evidence, or of what is named by (the start of) its hash.

    recipients: keys that it is encrypted to, by age or gpg.
    Raises CaseError and leaves nothing behind if it can't be written, or evidence changed.
    """
    import zstandard

    if recipients:
        command_for(recipients)  # raises before anything is recorded
    items = [case.store.get(one) for one in evidence] if evidence else case.store.list()
    case.record(
        "case.exported",
        data={
            "evidence": [item.sha256 for item in items],
            "to": target.name,
            "recipients": list(recipients),
        },
    )
    draft = target.with_name(f".{target.name}.tmp-{os.getpid()}")
    sums: list[tuple[str, str]] = []
    try:
        with (
            draft.open("xb") as file,
            sealing(file, recipients) if recipients else nullcontext(file) as raw,
            zstandard.ZstdCompressor(level=3, threads=-1).stream_writer(
                raw, closefd=False
            ) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ):
            _put(archive, sums, "README", README)
            _put_file(archive, sums, "case.toml", case.folder / "case.toml")
            if not evidence:
                _put_file(archive, sums, "case.key", case.folder / "case.key")
            for item in items:
                home = f"evidence/{item.sha256}"
                _put_file(archive, sums, f"{home}/data", item.data_path, item.sha256)
                manifest = json.loads(
                    (case.store.folder / item.sha256 / "manifest.json").read_bytes()
                )
                # what stayed in place elsewhere is in the bundle
                manifest["in_place"] = None
                text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
                _put(archive, sums, f"{home}/manifest.json", text.encode())
            for path in sorted(case.journal_dir.glob("*.jsonl")):
                _put(archive, sums, f"journal/{path.name}", path.read_bytes())
            identity = case.journal.identity
            facts = {
                "format": VERSION, "case": case.id, "title": case.title,
                "made": datetime.now(UTC).isoformat(timespec="seconds"),
                "who": identity.analyst, "public_key": identity.public_key_hex,
                "is_whole": not evidence,
                "evidence": [
                    {"sha256": i.sha256, "name": i.name, "size_bytes": i.size_bytes,
                     "source": i.source} for i in items
                ],
            }  # fmt: skip
            _put(archive, sums, "MANIFEST.json", json.dumps(facts, indent=1).encode() + b"\n")
            listed = "".join(f"{sha256}  {name}\n" for sha256, name in sums).encode()
            _put(archive, [], "SHA256SUMS", listed)
            _put(archive, [], "SHA256SUMS.sig", identity.sign(listed).hex().encode() + b"\n")
        with draft.open("rb") as handle:
            os.fsync(handle.fileno())
        draft.chmod(0o600)
        draft.rename(target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        draft.unlink(missing_ok=True)
    return Bundle(case.id, case.title, tuple(item.sha256 for item in items), target.stat().st_size)


def import_bundle(bundle: Path, folder: Path, identity: Path | None = None) -> Bundle:
    """Take a bundle back: a new case at `folder`, or into the same case there.

    identity: age's key file for an encrypted one.
    Nothing is taken unless every hash and the signature hold; else CaseError names what does not.
    """
    from console.case.merge import merge

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".kubecase-import-") as name:
        draft = Path(name) / "case"
        sums = _unpack(bundle, draft, identity)
        facts = _check(draft, sums, bundle)
        evidence = tuple(str(one["sha256"]) for one in facts["evidence"])
        found = Bundle(str(facts["case"]), str(facts["title"]), evidence, bundle.stat().st_size)
        for extra in ("README", "MANIFEST.json", "SHA256SUMS", "SHA256SUMS.sig"):
            (draft / extra).unlink(missing_ok=True)
        for part in ("journal", "evidence", "index", "reports"):
            (draft / part).mkdir(mode=0o700, exist_ok=True)
        _seal(draft)
        if (folder / "case.toml").exists():
            with Case.open(folder) as case:
                if case.id != found.case_id:
                    raise UsageError("the bundle is of another case", where=str(folder))
                merge(case, draft)
                _record(case, evidence, bundle.name)
        else:
            if folder.exists() and any(folder.iterdir()):
                raise UsageError("there is something already", where=str(folder))
            if folder.exists():
                folder.rmdir()
            _new_key(draft)
            draft.rename(folder)
            with Case.open(folder) as case:
                _record(case, evidence, bundle.name)
    return found


def _record(case: Case, evidence: tuple[str, ...], name: str) -> None:
    """What came in; and that evidence which lay elsewhere is in the case now."""
    said = case.state().evidence
    for item in map(case.store.get, evidence):
        if item.in_place is None and said.get(item.sha256, {}).get("in_place"):
            case.record_added(item)
    case.record("case.imported", data={"evidence": list(evidence), "from": name})


def _put(archive: tarfile.TarFile, sums: list[tuple[str, str]], name: str, data: bytes) -> None:
    archive.addfile(_info(name, len(data)), io.BytesIO(data))
    sums.append((hashlib.sha256(data).hexdigest(), name))


def _put_file(
    archive: tarfile.TarFile, sums: list[tuple[str, str]], name: str, path: Path, sha256: str = ""
) -> None:
    """Raises CaseError if the file is not what its hash says."""
    try:
        with path.open("rb") as handle:
            size = os.fstat(handle.fileno()).st_size
            hashing = _Hashing(handle)
            archive.addfile(_info(name, size), hashing)
    except OSError as error:
        raise unreadable(str(path), error) from error
    if sha256 and hashing.digest.hexdigest() != sha256:
        raise CaseError(
            "its bytes were changed", where=visible(str(path)), hint="`kubecase verify` says more"
        )
    sums.append((hashing.digest.hexdigest(), name))


class _Hashing:
    """Hashes what is read through it."""

    def __init__(self, handle: IO[bytes]) -> None:
        self.digest = hashlib.sha256()
        self._handle = handle

    def read(self, size: int = -1) -> bytes:
        block = self._handle.read(size)
        self.digest.update(block)
        return block


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o400, int(datetime.now(UTC).timestamp())
    return info


def _unpack(bundle: Path, draft: Path, identity: Path | None) -> dict[str, str]:
    """Only members that a bundle has, each once; returns their hashes."""
    import zstandard

    draft.mkdir(mode=0o700)
    sums: dict[str, str] = {}
    try:
        with (
            opened(bundle, identity) if is_sealed(bundle) else bundle.open("rb") as raw,
            zstandard.ZstdDecompressor().stream_reader(
                raw, read_across_frames=True, closefd=False
            ) as packed,
            tarfile.open(fileobj=packed, mode="r|") as archive,
        ):
            for member in archive:
                if not member.isreg() or not _MEMBER.fullmatch(member.name) or member.name in sums:
                    raise CaseError(
                        "it holds something that no bundle has", where=visible(member.name[:120])
                    )
                path = draft / PurePosixPath(member.name)
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                source = archive.extractfile(member)
                assert source is not None
                digest = hashlib.sha256()
                with path.open("xb") as target:
                    while block := source.read(BLOCK_BYTES):
                        digest.update(block)
                        target.write(block)
                path.chmod(0o600)
                sums[member.name] = digest.hexdigest()
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise CaseError(f"no whole bundle: {error}", where=visible(str(bundle))) from error
    except OSError as error:
        raise unreadable(str(bundle), error) from error
    return sums


def _check(draft: Path, sums: dict[str, str], bundle: Path) -> dict[str, Any]:
    """The manifest, when every hash and the signature hold. Raises CaseError."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    where = visible(str(bundle))
    try:
        listed = (draft / "SHA256SUMS").read_bytes()
        signature = bytes.fromhex((draft / "SHA256SUMS.sig").read_text().strip())
        facts = json.loads((draft / "MANIFEST.json").read_bytes())
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(facts["public_key"]))
        key.verify(signature, listed)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaseError("no bundle of evidence", where=where) from error
    except InvalidSignature as error:
        raise CaseError("the signature does not hold: it was changed", where=where) from error
    wanted = {}
    for line in listed.decode("utf-8", "replace").splitlines():
        sha256, _, name = line.partition("  ")
        wanted[name] = sha256
    bare = {n: s for n, s in sums.items() if n not in ("SHA256SUMS", "SHA256SUMS.sig")}
    if bare != wanted:
        differing = sorted({n for n, _ in bare.items() ^ wanted.items()})
        raise CaseError(
            "its content is not what was signed", where=visible(", ".join(differing[:5]))
        )
    for name, sha256 in bare.items():
        parts = name.split("/")
        if parts[-1] == "data" and parts[1] != sha256:
            raise CaseError("evidence is not what its name says", where=name)
    return dict(facts)


def _seal(draft: Path) -> None:
    for home in (draft / "evidence").iterdir():
        for path in home.iterdir():
            path.chmod(0o400)
        home.chmod(0o500)


def _new_key(draft: Path) -> None:
    """A part of a case has no masking key: a new one, so that what is read here can be masked."""
    import secrets

    path = draft / "case.key"
    if not path.exists():
        path.write_text(secrets.token_hex(32))
    path.chmod(0o600)
