"""How one API server is reached, and as whom: what `ClusterApi` needs of a kubeconfig's context.

Plain ones (a certificate, a token, a password) are read here, and what a program of the kubeconfig
gives (`execplugin.py`). The `kubernetes` client, which costs more to import than a first list
takes, does the rest: auth providers, token files, proxies, and a pod's own account.
"""

from __future__ import annotations

import base64
import os
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3
from urllib3.util import create_urllib3_context, make_headers

if TYPE_CHECKING:
    from kubernetes.client import Configuration

_PLAIN_CLUSTER = frozenset(
    ("server", "certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify",
     "tls-server-name", "disable-compression", "extensions")
)  # fmt: skip
_PLAIN_USER = frozenset(
    ("client-certificate", "client-certificate-data", "client-key", "client-key-data", "token",
     "username", "password", "extensions")
)  # fmt: skip


@dataclass(frozen=True)
class Credentials:
    """They hold secrets: nothing of them is shown or kept.

    authorization: the header's value at this moment, "" for none; a token that was given for a time
    is renewed by asking. certificate: the client's, PEM, empty for none. username: of a password.
    is_trusting: the server's certificate is not checked.
    make_pool: the connections, by the words that urllib3.PoolManager has for them.
    """

    server: str
    authorization: Callable[[], str] = lambda: ""
    certificate: bytes = b""
    username: str = ""
    is_trusting: bool = False
    make_pool: Callable[..., urllib3.PoolManager] = urllib3.PoolManager


@dataclass(frozen=True)
class Part:
    """The cluster or user of a context, and the folder from which its relative paths start."""

    facts: Mapping[str, Any]
    folder: Path

    def read(self, name: str) -> bytes:
        """What is in `NAME-data`, else in the file NAME; empty where neither is there."""
        if found := self.facts.get(f"{name}-data"):
            return base64.b64decode(found)
        place = self.facts.get(name)
        return (self.folder / place).read_bytes() if place else b""


def is_plain(cluster: Part, user: Part) -> bool:
    """Whether `read_plain` can do it: no plugin, no file of a token, no proxy on the way."""
    from urllib.request import getproxies, proxy_bypass

    host = urlsplit(str(cluster.facts.get("server"))).netloc
    return (
        cluster.facts.keys() <= _PLAIN_CLUSTER
        and user.facts.keys() <= _PLAIN_USER
        and (not getproxies().keys() - {"no"} or bool(proxy_bypass(host)))
    )


def read_plain(cluster: Part, user: Part) -> Credentials:
    """Raises OSError, ValueError, TypeError or KeyError for what can't be used."""
    server = str(cluster.facts["server"]).rstrip("/")
    username, password = (str(user.facts.get(name) or "") for name in ("username", "password"))
    authorization = ""
    if token := user.facts.get("token"):
        authorization = f"Bearer {token}"
    elif username and password:
        authorization = make_headers(basic_auth=f"{username}:{password}")["authorization"]
    options: dict[str, Any] = {}
    certificate = b""
    if server.startswith("https"):
        certificate = user.read("client-certificate")
        options["ssl_context"] = _tls(cluster, certificate, user.read("client-key"))
        if name := cluster.facts.get("tls-server-name"):
            options["server_hostname"] = str(name)
    pool = partial(urllib3.PoolManager, **options)
    return Credentials(
        server, lambda: authorization, certificate, username, _is_trusting(cluster), pool
    )


def _is_trusting(cluster: Part) -> bool:
    return bool(cluster.facts.get("insecure-skip-tls-verify"))


def _tls(cluster: Part, certificate: bytes, key: bytes) -> ssl.SSLContext:
    is_trusting = _is_trusting(cluster)
    context = create_urllib3_context(cert_reqs=ssl.CERT_NONE if is_trusting else ssl.CERT_REQUIRED)
    authority = b"" if is_trusting else cluster.read("certificate-authority")
    if authority:
        context.load_verify_locations(cadata=authority.decode())
    elif not is_trusting:
        context.load_default_certs()
    if certificate:
        _load_certificate(context, certificate + b"\n" + key)
    return context


def _load_certificate(context: ssl.SSLContext, pem: bytes) -> None:
    """The library reads files only; this one is there as long as it reads."""
    descriptor, name = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        context.load_cert_chain(name, password="")  # never ask the terminal for one
    finally:
        os.unlink(name)


def read_client(cluster: Part, user: Part) -> Credentials:
    """By the `kubernetes` client, of these parts alone. Raises what `read_plain` does."""
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, kube_config

    configuration = Configuration()
    try:
        kube_config.load_kube_config_from_dict(
            {
                "clusters": [{"name": "it", "cluster": _rooted(cluster)}],
                "users": [{"name": "it", "user": _rooted(user)}],
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                "current-context": "it",
            },
            client_configuration=configuration, persist_config=False,
        )  # fmt: skip
    except ConfigException as error:
        raise ValueError(str(error)) from error
    return of_client(configuration)


def _rooted(part: Part) -> dict[str, Any]:
    """With its files by their whole paths."""
    files = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
    return {
        name: str(part.folder / said) if name in files and said else said
        for name, said in part.facts.items()
    }


def of_client(configuration: Configuration) -> Credentials:
    """What the `kubernetes` client made of a context, or of the pod that we run in."""
    from kubernetes.client.rest import RESTClientObject

    def authorization() -> str:
        settings: Any = configuration.auth_settings()  # asking renews a token that was for a time
        return str(settings.get("BearerToken", {}).get("value") or "")

    def make_pool(**options: Any) -> urllib3.PoolManager:
        configuration.connection_pool_maxsize = options["maxsize"]
        configuration.socket_options = options["socket_options"]
        pool: urllib3.PoolManager = RESTClientObject(configuration).pool_manager
        return pool

    certificate = configuration.cert_file
    return Credentials(
        str(configuration.host).rstrip("/"), authorization,
        Path(certificate).read_bytes() if certificate else b"",
        str(configuration.username or ""), not configuration.verify_ssl, make_pool,
    )  # fmt: skip
