"""Which engine is meant, by the rules of the ecosystem: DOCKER_HOST, contexts, the usual sockets.

In this order: what was asked for (a URL, or the name of a docker context), DOCKER_HOST with its TLS
settings, docker's current context, then the sockets of Docker, rootless Docker and Podman.
Source: docker CLI, contexts and environment variables; podman-system-service(1).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.case.text import visible
from console.errors import CaseError, UsageError
from console.live.engineerrors import reason_of
from console.live.enginetunnel import Tunnel

if TYPE_CHECKING:
    from docker import DockerClient

TIMEOUT_S = 60


@dataclass(frozen=True)
class EngineAddress:
    """name: as a screen shows it. url: `unix:///…`, `tcp://…`, `ssh://…`. found: how, in words."""

    name: str
    url: str
    found: str
    tls: Any = field(default=None, repr=False)


def find_engine(asked: str | None = None, environ: Mapping[str, str] = os.environ) -> EngineAddress:
    """asked: a URL or the name of a docker context. Raises UsageError where there is no engine."""
    if asked and "://" in asked:
        return EngineAddress(asked, asked, "as asked for", _tls(environ, asked))
    if asked:
        return _of_context(asked, environ)
    if host := environ.get("DOCKER_HOST"):
        return EngineAddress("docker", host, "DOCKER_HOST", _tls(environ, host))
    if (current := _current_context(environ)) != "default":
        return _of_context(current, environ)
    tried = sockets(environ)
    for path in tried:
        if os.access(path, os.R_OK | os.W_OK):
            name = "podman" if "podman" in path.name else "docker"
            return EngineAddress(name, f"unix://{path}", "the usual socket")
    present = [str(path) for path in tried if path.exists()]
    if present:
        raise UsageError("no right to open the engine's socket", where=present[0],
                         hint="run as a member of its group, or as root")  # fmt: skip
    raise UsageError("no container engine found", hint="set DOCKER_HOST, or start Docker or Podman")


def sockets(environ: Mapping[str, str]) -> list[Path]:
    """Where an engine may listen: the system's Docker, rootless Docker, Podman of both kinds."""
    run = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    home = Path(environ.get("HOME") or "/nonexistent")
    return [
        Path("/var/run/docker.sock"), run / "docker.sock", home / ".docker/run/docker.sock",
        run / "podman/podman.sock", Path("/run/podman/podman.sock"),
    ]  # fmt: skip


def open_engine(address: EngineAddress) -> tuple[DockerClient, Tunnel | None]:
    """A client that has had an answer, and the tunnel it goes through. Raises CaseError."""
    import requests
    import urllib3
    from docker.errors import DockerException

    from console.live.engineclient import OwnClient

    if address.tls and not address.tls.verify:  # said once, where the connection is shown
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    tunnel = Tunnel(address.url) if address.url.startswith("ssh://") else None
    try:
        client = OwnClient(
            base_url=tunnel.socket_url if tunnel else address.url, tls=address.tls or False,
            timeout=TIMEOUT_S, user_agent=_user_agent(), max_pool_size=16,
        )  # fmt: skip
        client.ping()
    except (DockerException, requests.RequestException, OSError, ValueError) as error:
        reason = reason_of(error, tunnel)
        if tunnel:
            tunnel.close()
        raise CaseError(
            f"the engine does not answer: {visible(reason)[:200]}", where=visible(address.url),
            hint=f"its address is from {address.found}",
        ) from error  # fmt: skip
    return client, tunnel


def _user_agent() -> str:
    from console.live.api import user_agent

    return user_agent()


def _config(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "~")) / ".docker")


def _current_context(environ: Mapping[str, str]) -> str:
    if name := environ.get("DOCKER_CONTEXT"):
        return name
    path = _config(environ) / "config.json"
    if not path.exists():
        return "default"
    return str(_read(path).get("currentContext") or "default")


def _of_context(name: str, environ: Mapping[str, str]) -> EngineAddress:
    """Source: docker CLI, cli/context/store: folders are named by the SHA-256 of the name."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = _config(environ) / "contexts" / "meta" / digest / "meta.json"
    if not meta.exists():
        raise UsageError("no such docker context", where=visible(name), hint="docker context ls")
    endpoint = (_read(meta).get("Endpoints") or {}).get("docker") or {}
    if not endpoint.get("Host"):
        raise UsageError("this docker context names no engine", where=visible(name))
    tls = _config(environ) / "contexts" / "tls" / digest / "docker"
    return EngineAddress(
        name, str(endpoint["Host"]), f"the docker context {visible(name)}",
        _tls_of(tls, is_checked=not endpoint.get("SkipTLSVerify")) if tls.is_dir() else None,
    )  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError("docker's configuration can't be read", where=str(path)) from error
    return found if isinstance(found, dict) else {}


def _tls_of(folder: Path, *, is_checked: bool) -> Any:
    from docker.tls import TLSConfig

    authority, certificate, key = (folder / f"{name}.pem" for name in ("ca", "cert", "key"))
    if certificate.exists() and not key.exists():
        raise UsageError("the certificate has no key", where=str(key))
    return TLSConfig(
        client_cert=(str(certificate), str(key)) if certificate.exists() else None,
        ca_cert=str(authority) if authority.exists() else None, verify=is_checked,
    )  # fmt: skip


def _tls(environ: Mapping[str, str], url: str) -> Any:
    """DOCKER_TLS_VERIFY and DOCKER_CERT_PATH; they mean tcp only."""
    is_checked, folder = environ.get("DOCKER_TLS_VERIFY"), environ.get("DOCKER_CERT_PATH")
    if not url.startswith("tcp://") or not (is_checked or folder):
        return None
    place = Path(folder) if folder else _config(environ)
    if is_checked and not (place / "ca.pem").exists():
        raise UsageError("there is no ca.pem to check the engine by", where=str(place),
                         hint="DOCKER_CERT_PATH names its folder")  # fmt: skip
    return _tls_of(place, is_checked=bool(is_checked))
