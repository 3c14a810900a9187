"""Which ports are taken, and how that is said."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cli.ports import answers, free_port, is_taken, refuse_taken, serves
from cli.processes import StackTrouble


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door.getsockname()[1]


def test_a_taken_port_is_named_with_the_variable_that_moves_it(taken: int) -> None:
    with pytest.raises(StackTrouble, match=f"^port {taken} is taken; set HOLDFAST_PORT to another$"):
        refuse_taken("127.0.0.1", {"HOLDFAST_PORT": taken, "HOLDFAST_METRICS_PORT": free_port()})


def test_every_taken_port_is_named_at_once(taken: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = {"HOLDFAST_PORT": taken, "HOLDFAST_TEMPORAL_PORT": other.getsockname()[1]}
        with pytest.raises(StackTrouble, match=r"HOLDFAST_PORT[^\n]*\n[^\n]*HOLDFAST_TEMPORAL_PORT"):
            refuse_taken("127.0.0.1", ports)


def test_two_parts_cannot_want_one_port() -> None:
    port = free_port()
    with pytest.raises(StackTrouble, match=f"port {port} is wanted by HOLDFAST_PORT and HOLDFAST_METRICS_PORT"):
        refuse_taken("127.0.0.1", {"HOLDFAST_PORT": port, "HOLDFAST_METRICS_PORT": port})


def test_a_part_without_a_port_takes_none() -> None:
    refuse_taken("127.0.0.1", {"HOLDFAST_METRICS_PORT": 0, "HOLDFAST_PORT": 0})


def test_an_address_of_another_machine_is_refused_by_name() -> None:
    with pytest.raises(StackTrouble, match=r"cannot listen on 192\.0\.2\.1.*HOLDFAST_HOST"):
        is_taken("192.0.2.1", 8000)


def test_a_free_port_is_given_to_nobody_else(taken: int) -> None:
    """Neither to another process that asks for thousands, nor to a connection that goes out; its server still can."""
    ours = {free_port() for _ in range(300)}
    asks = "from cli.ports import free_port; print(*(free_port() for _ in range(3_000)))"
    theirs = subprocess.run([sys.executable, "-c", asks], capture_output=True, check=True, text=True).stdout.split()
    assert len(theirs) == 3_000
    assert ours.isdisjoint(map(int, theirs))
    with socket.create_server(("127.0.0.1", min(ours))) as door:
        for _ in range(300):
            with socket.create_connection(door.getsockname()) as out:
                assert out.getsockname()[1] not in ours
                door.accept()[0].close()
        assert is_taken("127.0.0.1", min(ours))


def test_a_port_answers_exactly_while_something_listens(taken: int) -> None:
    assert answers("127.0.0.1", taken)
    assert not answers("127.0.0.1", free_port())


@pytest.mark.parametrize(("status", "expected"), [(b"200 OK", True), (b"204 No Content", True), (b"503 Busy", False)])
async def test_a_service_serves_only_with_a_good_status(status: bytes, expected: bool) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        assert await serves("127.0.0.1", server.sockets[0].getsockname()[1], "/readyz") is expected


async def test_a_service_that_never_answers_is_not_waited_for(taken: int) -> None:
    assert not await serves("127.0.0.1", taken, "/readyz", seconds=0.2)
