"""A bundle encrypted to its recipients by a tool that they have too: age, or OpenPGP's gpg.

Source: age(1), gpg(1). Nothing of the plain bundle is written to a disk on the way out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from console.case.text import visible
from console.errors import CaseError, UsageError

_AGE = b"age-encryption.org/v1"
_ARMOUR = (b"-----BEGIN AGE ENCRYPTED FILE", b"-----BEGIN PGP MESSAGE")
# a session key for a public key or a passphrase comes first: packets 1 and 3, in old and new form.
# Source: RFC 9580, sections 4.2 and 5
_PGP = frozenset({0x84, 0x85, 0x86, 0x8C, 0x8D, 0x8E, 0xC1, 0xC3})
MAX_SAID = 300


def is_sealed(bundle: Path) -> bool:
    """Whether it has to be decrypted first: by its first bytes, not by its name."""
    with bundle.open("rb") as handle:
        head = handle.read(64)
    return head.startswith((_AGE, *_ARMOUR)) or head[:1] in {bytes([tag]) for tag in _PGP}


def command_for(recipients: Sequence[str]) -> list[str]:
    """What encrypts to all of them. `age1…` and `ssh-…` keys are age's, others gpg's.

    Raises UsageError where the tool is not here, or they need two.
    """
    wrong = [one for one in recipients if one.startswith("-") or not one.isprintable()]
    if wrong:
        raise UsageError("no recipient", where=visible(wrong[0][:60]))
    by_age = [one for one in recipients if one.startswith(("age1", "ssh-ed25519 ", "ssh-rsa "))]
    if by_age and len(by_age) != len(recipients):
        raise UsageError("recipients of age and of gpg: one bundle for each")
    if by_age:
        return [_tool("age"), "--encrypt", *(word for one in by_age for word in ("-r", one))]
    named = [word for one in recipients for word in ("--recipient", one)]
    # trust is the analyst's, who names the key; gpg would ask
    return [_tool("gpg"), "--batch", "--no-tty", "--quiet", "--trust-model", "always",
            "--output", "-", *named, "--encrypt"]  # fmt: skip


@contextmanager
def sealing(target: IO[bytes], recipients: Sequence[str]) -> Iterator[IO[bytes]]:
    """What is written is encrypted into `target`. Raises CaseError with what the tool says."""
    command = command_for(recipients)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=target, stderr=said)
        assert process.stdin is not None
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            pass  # the tool gave up: its words are raised below
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.wait() != 0:
            raise CaseError(f"{os.path.basename(command[0])} did not encrypt it: {_said(said)}")


@contextmanager
def opened(bundle: Path, identity: Path | None) -> Iterator[IO[bytes]]:
    """The decrypted bundle. identity: age's key file; gpg finds its own.

    Raises CaseError with what the tool says; also at the end, where the file was changed.
    """
    with bundle.open("rb") as handle:
        head = handle.read(64)
    if head.startswith((_AGE, _ARMOUR[0])):
        if identity is None:
            raise UsageError("it is encrypted by age", where=visible(str(bundle)),
                             hint="--identity FILE")  # fmt: skip
        command = [_tool("age"), "--decrypt", "-i", str(identity), str(bundle)]
    else:
        command = [_tool("gpg"), "--batch", "--no-tty", "--quiet", "--decrypt", str(bundle)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
        )
        assert process.stdout is not None
        try:
            yield process.stdout
            process.stdout.read()
        except BaseException:
            if process.poll() in (None, 0):
                process.kill()
                process.wait()
                raise
        if process.wait() != 0:
            raise CaseError(
                f"{os.path.basename(command[0])} did not decrypt it: {_said(said)}",
                where=visible(str(bundle)),
            )


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise UsageError(f"there is no {name} here", hint=f"install {name}, or leave it plain")
    return found


def _said(stream: IO[bytes]) -> str:
    stream.seek(0)
    return visible(stream.read(4 * MAX_SAID).decode("utf-8", "replace").strip())[:MAX_SAID]
