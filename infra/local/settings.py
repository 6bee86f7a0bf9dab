"""Where the local stack lives: directories and ports."""
from __future__ import annotations

import json
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.errors import OperatorError

PROJECT = Path(__file__).resolve().parents[2]
"""The project's root."""

SITE_HOST = "gas.localhost"
"""Browsers and curl resolve every name under .localhost to this machine; Python may not: send the Host header."""

LOCAL_STAGE = "local"
"""The stage of the local stack."""
DEFAULT_PORT = 8080
LEAST_DISK = 512 * 1024 * 1024
"""Bytes: a package, its unpacked functions and a few results."""


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """One local stack.

    Attributes:
        home: Directory of everything that it keeps.
        port: TCP port of the site and of every emulated AWS service.
        identity_port: TCP port of the development identity provider.
        workers: How many annotators run.
        package: Directory of the artifact.
        parameters: Of the stack, beside those that the local stack sets.
        region: The AWS region that the emulator plays.
    """

    home: Path
    port: int
    identity_port: int
    workers: int = 1
    package: Path = PROJECT / "out" / "package"
    parameters: tuple[tuple[str, str], ...] = ()
    region: str = "us-east-1"

    @property
    def endpoint(self) -> str:
        """Address of the emulated AWS services."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def site(self) -> str:
        """Where browsers find the site, without a slash at the end."""
        return f"http://{SITE_HOST}:{self.port}"

    @property
    def site_host(self) -> str:
        """What Python sends as the Host header to `endpoint`."""
        return f"{SITE_HOST}:{self.port}"

    @property
    def identity(self) -> str:
        """Address of the development identity provider."""
        return f"http://127.0.0.1:{self.identity_port}"

    @property
    def outbox(self) -> str:
        """Where sent mails can be read."""
        return f"{self.identity}/outbox"

    @property
    def run_file(self) -> Path:
        """The file that says that this stack runs, and where."""
        return self.home / "run.json"

    @property
    def logs(self) -> Path:
        """Directory of the processes' output."""
        return self.home / "logs"


def read_run_file(home: Path) -> dict[str, Any] | None:
    """What a running stack wrote about itself, or None."""
    try:
        run: dict[str, Any] = json.loads((home / "run.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return run


def port_is_free(port: int) -> bool:
    """True when nothing listens on a TCP port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_port(port: int, command: str) -> None:
    """Refuse to start where another program uses a port.

    Args:
        command: How to choose another one, as it is typed.

    Raises:
        OperatorError: Something else listens on the port.
    """
    if not port_is_free(port):
        raise OperatorError(f"Port {port} is taken by another program.", f"Choose another one: `{command}`.")


def require_disk(home: Path, least: int = LEAST_DISK) -> None:
    """Refuse to start with too little free disk space.

    Args:
        least: Bytes.

    Raises:
        OperatorError: Too little disk is free.
    """
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free
    if free < least:
        raise OperatorError(f"Only {free // 2**20} MB of disk are free at {home}; {least // 2**20} MB are needed.",
                            "Make room and start again.")
