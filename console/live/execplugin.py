"""Credentials from a program that the kubeconfig names, as clouds and single sign-on have it.

A program that fails is an error with its own words: without them the server would take us for
nobody, and all that it hides would look like a lack of rights. It may ask at the terminal only
before there is a screen; later it would take the keys from it.
Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from console.case.text import visible
from console.errors import CaseError
from console.live.credentials import Credentials, Part

ANSWERS_S = 60.0  # without a terminal it has nothing to wait for
ASKS_S = 600.0  # with one, an analyst may have to log in
EARLY = timedelta(seconds=10)
MAX_SAID = 300
_INFO = "KUBERNETES_EXEC_INFO"
_OF_CLUSTER = (
    "server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data",
    "proxy-url", "disable-compression",
)  # fmt: skip
_EXTENSION = "client.authentication.k8s.io/exec"


class PluginFailed(CaseError):
    """The program did not give credentials; `what` has its words."""


@dataclass(frozen=True)
class Granted:
    """What the program gave: a token, or a certificate with its key. expires: UTC, naive."""

    facts: Mapping[str, str]
    expires: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.expires is not None and _now() >= self.expires - EARLY


class Plugin:
    """The `exec` part of a kubeconfig's user."""

    def __init__(self, cluster: Part, user: Part, *, may_ask: bool) -> None:
        self._cluster, self._user = cluster, user
        self._lock = Lock()
        self._granted: Granted | None = None
        self._may_ask = may_ask and _has_terminal()

    def user(self) -> Part:
        """The user with what the program gives, instead of the program."""
        facts = {name: said for name, said in self._user.facts.items() if name != "exec"}
        return replace(self._user, facts={**facts, **self._current().facts})

    def renewing(self, credentials: Credentials) -> Credentials:
        """With a token that is asked for anew when its time is over; now also without terminal."""
        self._may_ask = False
        if "token" not in self._current().facts:
            return credentials
        return replace(
            credentials, authorization=lambda: f"Bearer {self._current().facts['token']}"
        )

    def _current(self) -> Granted:
        with self._lock:
            if self._granted is None or self._granted.is_over:
                self._granted = self._run()
            return self._granted

    def _run(self) -> Granted:
        asked = self._user.facts["exec"]
        program, version = str(asked["command"]), str(asked["apiVersion"])
        mode = str(asked.get("interactiveMode") or "IfAvailable")
        may_ask = self._may_ask and mode != "Never"
        if mode == "Always" and not may_ask:
            raise _failed(program, "it wants to ask at a terminal", "log in by hand, then again")
        if os.sep in program and not Path(program).is_absolute():
            program = str(self._user.folder / program)
        environment = os.environ | {
            str(pair["name"]): str(pair["value"]) for pair in asked.get("env") or ()
        }
        environment[_INFO] = json.dumps(self._info(version, may_ask))
        hint = visible(str(asked.get("installHint") or ""))[:MAX_SAID]
        try:
            done = subprocess.run(
                [program, *map(str, asked.get("args") or ())], env=environment, text=True,
                errors="replace", stdin=None if may_ask else subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=None if may_ask else subprocess.PIPE,
                timeout=ASKS_S if may_ask else ANSWERS_S, check=False,
            )  # fmt: skip
        except OSError as error:
            raise _failed(program, error.strerror or "it can't be run", hint) from error
        except subprocess.TimeoutExpired as error:
            raise _failed(program, f"no answer for {error.timeout:.0f} s", hint) from error
        if done.returncode != 0:
            said = " ".join((done.stderr or "").split())
            raise _failed(program, said or f"it ended with code {done.returncode}", hint)
        return _granted(program, version, done.stdout)

    def _info(self, version: str, may_ask: bool) -> dict[str, Any]:
        spec: dict[str, Any] = {"interactive": may_ask}
        if self._user.facts["exec"].get("provideClusterInfo"):
            facts = self._cluster.facts
            spec["cluster"] = {name: facts[name] for name in _OF_CLUSTER if name in facts}
            for extension in facts.get("extensions") or ():
                if extension.get("name") == _EXTENSION:
                    spec["cluster"]["config"] = extension.get("extension")
        return {"apiVersion": version, "kind": "ExecCredential", "spec": spec}


def _has_terminal() -> bool:
    """One that no screen has taken: that puts something else in the place of stderr."""
    return bool(
        sys.stdin and sys.stdin.isatty()
        and sys.stderr is sys.__stderr__ and sys.stderr and sys.stderr.isatty()
    )  # fmt: skip


def _granted(program: str, version: str, text: str) -> Granted:
    """Source: client.authentication.k8s.io, ExecCredential. Nothing of it goes into an error."""
    try:
        said = json.loads(text)
        status = said["status"]
        given, until = str(said["apiVersion"]), _time(status.get("expirationTimestamp"))
        token, certificate = status.get("token"), status.get("clientCertificateData")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _failed(program, "what it prints is no ExecCredential", "") from None
    if given != version:
        raise _failed(program, f"it speaks {given[:60]}, the kubeconfig {version[:60]}", "")
    facts = {"token": str(token)} if token else {}
    if certificate:
        facts |= {
            "client-certificate-data": _encoded(certificate),
            "client-key-data": _encoded(status.get("clientKeyData") or ""),
        }
    if not facts:
        raise _failed(program, "it gives neither a token nor a certificate", "")
    return Granted(facts, until)


def _time(written: str | None) -> datetime | None:
    if not written:
        return None
    return datetime.fromisoformat(written).astimezone(UTC).replace(tzinfo=None)


def _encoded(pem: str) -> str:
    from base64 import b64encode

    return b64encode(str(pem).encode()).decode()


def _failed(program: str, why: str, hint: str) -> PluginFailed:
    return PluginFailed(
        f"no credentials by the kubeconfig's program: {visible(why)[:MAX_SAID]}",
        where=visible(program)[:120], hint=hint or "log in, then try again",
    )  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
