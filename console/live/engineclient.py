"""docker-py's client, with the certificates that were asked for."""

from __future__ import annotations

from typing import Any

from docker import APIClient, DockerClient


class OwnApi(APIClient):  # type: ignore[misc]
    """REQUESTS_CA_BUNDLE is about the web: the engine's own authority goes before it."""

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        asked = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, asked, cert)


class OwnClient(DockerClient):  # type: ignore[misc]
    def __init__(self, **options: Any) -> None:
        self.api = OwnApi(**options)
