"""Who signs: one Ed25519 key per analyst, made on first use, readable by its owner alone."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from console.errors import CaseError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class Identity:
    """An analyst's name (safe in file names) and key."""

    analyst: str
    public_key_hex: str
    _private: Ed25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


def config_dir() -> Path:
    """The user's folder for kubecase, by the XDG rules on every system."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return Path(base) / "kubecase" if base else Path(platformdirs.user_config_dir("kubecase"))


def analyst_name() -> str:
    """$KUBECASE_ANALYST, else the login name; only letters, digits, `_` and `.` remain."""
    try:
        name = os.environ.get("KUBECASE_ANALYST") or getpass.getuser()
    except (OSError, KeyError):
        name = f"uid{os.getuid()}"
    return re.sub(r"[^A-Za-z0-9_.]+", "_", name).strip("._")[:48] or "analyst"


def load_identity() -> Identity:
    """The analyst's key; two processes that start at once make the same one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = config_dir() / "identity.key"
    try:
        if not path.exists():
            _create(path, Ed25519PrivateKey.generate().private_bytes_raw())
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except OSError as error:
        raise CaseError(
            f"the signing key can't be read or made: {error.strerror}",
            where=str(path),
            hint="give yourself access, or name another folder in XDG_CONFIG_HOME",
        ) from error
    except ValueError as error:
        raise CaseError(
            "the signing key is no Ed25519 key",
            where=str(path),
            hint="restore it, or move it away to start with a new one",
        ) from error
    return Identity(analyst_name(), private.public_key().public_bytes_raw().hex(), private)


def _create(path: Path, raw: bytes) -> None:
    """Write under a name of our own, then link: the first process wins, nobody sees half a key."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
    draft = path.with_name(f".{secrets.token_hex(8)}.key")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, raw.hex().encode())
        os.fsync(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.close(descriptor)
        draft.unlink()
