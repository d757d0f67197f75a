"""What a container engine, and the way to it, answer instead of what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.case.text import visible
from console.errors import CaseError, UsageError
from console.live.api import Unreachable

if TYPE_CHECKING:
    from console.live.enginetunnel import Tunnel


class NoSuch(UsageError):
    """The engine holds no such object (any more)."""


@contextmanager
def asking(place: str, tunnel: Tunnel | None = None) -> Iterator[None]:
    """place: of the engine, as a screen may show it. Raises NoSuch, Unreachable, CaseError."""
    import docker.errors
    import requests

    try:
        yield
    except docker.errors.NotFound as error:
        raise NoSuch("the engine has no such object", where=place) from error
    except docker.errors.APIError as error:
        said = visible(str(error.explanation or error))[:300]
        raise CaseError(f"the engine refuses: {said}", where=place) from error
    except requests.exceptions.JSONDecodeError as error:
        raise CaseError("the engine's answer is no JSON", where=place) from error
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        said = reason_of(error, tunnel)
        raise Unreachable(f"no answer: {visible(said)[:200]}", where=place) from error


def reason_of(error: BaseException, tunnel: Tunnel | None = None) -> str:
    """What it began with: the libraries between wrap it into words about themselves.

    With what ssh last said, which need not be about this.
    """
    from ssl import SSLError

    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    reason = str(error)
    if isinstance(error, OSError) and error.strerror and not isinstance(error, SSLError):
        reason = error.strerror.lower()
    said = tunnel.said() if tunnel else ""
    return f"{reason}; ssh says: {said}" if said else reason
