"""A double as a real server: in a thread for most tests, as a process of its own where it has to die."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from doubles.main import KEEP_ALIVE_SECONDS

START_SECONDS = 60.0


def open_door() -> tuple[socket.socket, str]:
    """A socket on a free port, for a server in a thread, and its address.

    It says that it is TCP: else its connections wait 40 ms for more before they send the end of an answer.
    """
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.bind(("127.0.0.1", 0))
    door.listen(128)
    return door, f"http://127.0.0.1:{door.getsockname()[1]}"


@contextmanager
def serving(app: Starlette, door: socket.socket, http: httpx.Client) -> Iterator[None]:
    """The application in a thread; it answers throughout the block. http: a caller of it, which ends with it."""
    how: dict[str, Any] = {"log_level": "critical", "ws": "none", "loop": "asyncio", "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(app, timeout_keep_alive=KEEP_ALIVE_SECONDS, **how))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    try:
        _await_answer(http)
        yield
    finally:
        http.close()
        server.should_exit = True
        thread.join(START_SECONDS)
        door.close()


@contextmanager
def doubles_process(http: httpx.Client, environment: dict[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    """`python -m doubles.main`; it answers throughout the block. http: a caller of it, which ends with it."""
    given = {**os.environ, **environment}
    process = subprocess.Popen([sys.executable, "-m", "doubles.main"], env=given, stdout=subprocess.PIPE)
    try:
        _await_answer(http)
        yield process
    finally:
        http.close()
        process.kill()
        process.communicate()


def _await_answer(http: httpx.Client) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            if http.get("/healthz").status_code == 200:
                return
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
