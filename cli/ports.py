"""TCP ports: which are taken, and by which setting they are moved."""

import asyncio
import errno
import socket
import sys
from collections.abc import Mapping

from cli.processes import StackTrouble

STACK_PORTS = (
    "HOLDFAST_PORT",
    "HOLDFAST_TEMPORAL_PORT",
    "HOLDFAST_TEMPORAL_UI_PORT",
    "HOLDFAST_MAIL_DOUBLE_PORT",
    "HOLDFAST_STRIPE_DOUBLE_PORT",
    "HOLDFAST_METRICS_PORT",
)


def is_taken(host: str, port: int) -> bool:
    """True when nothing can listen there now; addresses still closing (TIME_WAIT) do not count."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError as trouble:
            if trouble.errno == errno.EADDRINUSE:
                return True
            raise StackTrouble(
                f"cannot listen on {host}:{port}: {trouble.strerror}; set another HOLDFAST_HOST"
            ) from trouble
    return False


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nothing listens; on Linux nobody else is given it while this process lives.

    There a socket may stay bound beside the server that is meant for the port, as long as both allow it and only one
    listens. Its socket was bound before it allowed that, so it never got a port that another process keeps like this.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as door:
        door.bind((host, 0))
        port = int(door.getsockname()[1])
        if sys.platform == "linux":
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.detach()
        return port


def free_ports() -> dict[str, str]:
    """Settings that give each part of a stack a free port, for one beside another that runs."""
    return {name: str(free_port()) for name in STACK_PORTS}


def refuse_taken(host: str, ports: Mapping[str, int]) -> None:
    """Raises StackTrouble that names every taken or doubly used port with the variable that moves it.

    `ports` maps the variable's name to its port; 0 means that the part listens nowhere.
    """
    troubles: list[str] = []
    users: dict[int, str] = {}
    for variable, port in ports.items():
        if port == 0:
            continue
        if port in users:
            troubles.append(f"port {port} is wanted by {users[port]} and {variable}; set one of them to another")
        elif is_taken(host, port):
            troubles.append(f"port {port} is taken; set {variable} to another")
        users.setdefault(port, variable)
    if troubles:
        raise StackTrouble("\n".join(troubles))


def answers(host: str, port: int, *, seconds: float = 1.0) -> bool:
    """True when something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=seconds):
            return True
    except OSError:
        return False


async def serves(host: str, port: int, path: str, *, seconds: float = 2.0) -> bool:
    """True when an HTTP server there answers `path` with a 2xx status within the seconds given."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
                status = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
    return len(status) > 1 and status[1].startswith(b"2")
