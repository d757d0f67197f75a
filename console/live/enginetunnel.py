"""An engine behind ssh: a socket of our own, each connection to it is one `ssh` of the user's.

The user's own ssh with its agent, keys, jump hosts and known hosts; it is not let ask for anything.
Source: docker CLI, which runs `docker system dial-stdio` at the far end in the same way.
"""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from console.errors import UsageError

CONNECT_S = 10


class Tunnel:
    """url: `ssh://[user@]host[:port]`. Listens at `socket_url` until `close`."""

    def __init__(self, url: str) -> None:
        self._command = ssh_command(url)
        self._folder = Path(tempfile.mkdtemp(prefix="kubecase-"))  # 0700: for us alone
        self._errors = (self._folder / "errors").open("ab")
        path = self._folder / "engine.sock"
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(16)
        self._running: list[subprocess.Popen[bytes]] = []
        self.socket_url = f"unix://{path}"
        atexit.register(self.close)  # who ends by an error closes nothing
        Thread(target=self._accept, name="engine tunnel", daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._server.accept()
                with connection:  # ssh has it now, as its input and output
                    self._running.append(
                        subprocess.Popen(
                            self._command, stdin=connection.fileno(), stdout=connection.fileno(),
                            stderr=self._errors, start_new_session=True,
                        )
                    )  # fmt: skip
                self._running = [ssh for ssh in self._running if ssh.poll() is None]

    def said(self) -> str:
        """What ssh, or the far end, last had to say of why it does not go."""
        with suppress(OSError):
            lines = (self._folder / "errors").read_text(errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""

    def close(self) -> None:
        atexit.unregister(self.close)
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for ssh in self._running:
            ssh.terminate()
            ssh.wait()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def ssh_command(url: str) -> list[str]:
    """Raises UsageError where the URL names no host, or more than a host."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not parts.hostname or port == -1 or parts.password:
        raise UsageError("no such ssh address", where=parts.hostname or "",
                         hint="ssh://USER@HOST:PORT")  # fmt: skip
    command = ["ssh", "-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_S}"]
    command += ["-l", parts.username] if parts.username else []
    command += ["-p", str(port)] if port else []
    return [*command, "--", parts.hostname, "docker", "system", "dial-stdio"]
