"""Slow clients and bodies over a real socket: they keep neither a place nor memory, and nobody else waits for them."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from api.app import create_app
from api.connections import ANSWER_SECONDS, BODY_SECONDS, HEAD_SECONDS, BoundedConnection
from api.main import CONNECTION, MOST_CONNECTIONS
from config.settings import Settings
from tests.api.world import API

BOUND = 0.5
# For a busy machine; nothing that is as it should be waits so long.
PATIENCE = 60.0
HEAD = b"POST /api/v1/bookings HTTP/1.1\r\nHost: stay.localhost\r\nContent-Type: application/json\r\n"
MEGABYTE = 1024 * 1024
Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Hasty(BoundedConnection):
    """The same with little time, so that a test need not wait."""

    head_seconds = body_seconds = answer_seconds = BOUND


@asynccontextmanager
async def served(
    settings: Settings, connection: type[HttpToolsProtocol], places: int = MOST_CONNECTIONS
) -> AsyncIterator[tuple[int, ServerState]]:
    """The API on a port of its own; answers with the port and what the server holds."""
    line = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(settings), http=connection, log_config=None, access_log=False, limit_concurrency=places,
        timeout_keep_alive=1, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[line]))
    async with asyncio.timeout(PATIENCE):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield line.getsockname()[1], server.server_state
    finally:
        server.should_exit = True
        await running
        line.close()


async def _says_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _trickles(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(BOUND / 5)


async def _empty_lines(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _trickles(writer, b"\r\n")


async def _a_head_without_end(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    await _trickles(writer, b"X: y\r\n")


async def _a_body_without_end(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 60000\r\n\r\n")
    await _trickles(writer, b" ")


async def _chunks_without_end(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    await _trickles(writer, b"1\r\n \r\n")


async def _a_body_after_its_413(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 10000000\r\n\r\n")
    await _trickles(writer, b" ")


async def _takes_no_answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: stay.localhost\r\n\r\n" * 100)
    await asyncio.Event().wait()


SLOW = [
    _says_nothing, _empty_lines, _a_head_without_end, _a_body_without_end, _chunks_without_end, _a_body_after_its_413,
    _takes_no_answer,
]  # fmt: skip


@asynccontextmanager
async def knocking(port: int, how: Client, many: int = 3) -> AsyncIterator[None]:
    """Clients of a kind, who read nothing that they are told."""
    lines = []
    for _ in range(many):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
        lines.append(await asyncio.open_connection(sock=raw, limit=1024))
    tasks = [asyncio.create_task(_bravely(how, *line)) for line in lines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _, writer in lines:
            writer.transport.abort()


async def _bravely(how: Client, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await how(reader, writer)
    except OSError:
        return


async def emptied(state: ServerState, seconds: float) -> bool:
    """Whether the server holds no connection any more, and answers nobody, within some seconds."""
    try:
        async with asyncio.timeout(seconds):
            while state.connections or state.tasks:
                await asyncio.sleep(0.02)
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("how", SLOW)
async def test_a_slow_client_keeps_no_place(settings: Settings, how: Client) -> None:
    """Whatever it is waited for, it is let go; others are answered meanwhile."""
    async with served(settings, Hasty) as (port, state), knocking(port, how):
        async with httpx.AsyncClient() as other, asyncio.timeout(PATIENCE):
            answered = False
            while not answered:
                # On a machine that is slower than the short bound, this one may be let go too, and asks again.
                with contextlib.suppress(httpx.TransportError):
                    answered = (await other.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        assert await emptied(state, PATIENCE)


@pytest.mark.parametrize("how", SLOW)
async def test_without_the_bounds_a_slow_client_keeps_its_place(settings: Settings, how: Client) -> None:
    """The test above is able to fail: the plain server waits for ever."""
    async with served(settings, HttpToolsProtocol) as (port, state), knocking(port, how):
        assert not await emptied(state, 4 * BOUND)


@pytest.mark.parametrize(("connection", "answered"), [(BoundedConnection, 200), (HttpToolsProtocol, 503)])
@pytest.mark.parametrize("how", [_a_head_without_end, _a_body_without_end])
async def test_where_places_run_short_who_is_waited_for_longest_gives_way(
    settings: Settings, connection: type[HttpToolsProtocol], answered: int, how: Client
) -> None:
    """So that a guest is answered however many slow clients there are; the plain server turns the guest away."""
    async with served(settings, connection, places=10) as (port, state), knocking(port, how, many=9):
        async with asyncio.timeout(PATIENCE):
            while len(state.connections) < 9:
                await asyncio.sleep(0.01)
        async with httpx.AsyncClient() as guest:
            for _ in range(5):
                assert (await guest.get(f"http://127.0.0.1:{port}{API}/hotels")).status_code == answered


def test_the_api_bounds_its_connections() -> None:
    """By the class that is tried here, with time enough for a slow line and never for ever."""
    module, _, name = CONNECTION.partition(":")
    assert (module, name) == (BoundedConnection.__module__, BoundedConnection.__name__)
    assert (HEAD_SECONDS, BODY_SECONDS, ANSWER_SECONDS) == (10, 30, 60)


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def _told_length(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 10485760\r\n\r\n")


async def _in_chunks(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\na00000\r\n")


@pytest.mark.parametrize("how", [_told_length, _in_chunks])
async def test_ten_megabytes_are_refused_and_not_kept(settings: Settings, how: Client) -> None:
    """With its length told or in chunks; the memory of twenty of them is the memory of none."""
    async with served(settings, BoundedConnection) as (port, _state):
        grown = 0
        for round_ in range(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await how(reader, writer)
            for _ in range(10):
                writer.write(b" " * MEGABYTE)
                await writer.drain()
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            assert head.startswith(b"HTTP/1.1 413 ")
            assert b"application/problem+json" in head
            writer.transport.abort()
            grown = _resident() if round_ == 1 else grown
        assert _resident() - grown < 10 * MEGABYTE


async def test_a_length_that_is_too_short_begins_no_second_request(settings: Settings) -> None:
    """What follows the told length is no request; the line is closed."""
    async with served(settings, BoundedConnection) as (port, _state):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}" + b"{" * 100_000)
        told = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
    assert [told.count(b"HTTP/1.1 200"), told.count(b"HTTP/1.1 201")] == [0, 0]
    assert b"HTTP/1.1 400" in told
