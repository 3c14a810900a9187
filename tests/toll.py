"""A toll on a line between two parts: counts who comes by, and can fall silent as a frozen server or a cut line does.

It listens in a thread of its own, on a TCP port or a socket file, and passes everything on to the real server. Where
that one is not there, the caller's line is ended at once, as by a balancer in front of it.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from cli.ports import free_port

PIECE = 64 * 1024
PREFACE_BYTES, FRAME_BYTES, HEADERS_FRAME = 24, 9, 1
MESSAGE_BYTES = 5
OPEN_SECONDS = 10.0


def http_requests() -> Callable[[bytes], int]:
    """Counts what a caller asks in HTTP/1.1; our callers send one request after another."""
    return lambda piece: sum(piece.startswith(method) for method in (b"POST ", b"GET ", b"PUT ", b"DELETE "))


def _frames(
    head: int, whole: Callable[[bytes], int], counts: Callable[[bytes], bool], preface: int = 0
) -> Callable[[bytes], int]:
    """Counts frames of one connection. head: bytes by which a frame is known; whole: its length, told by them."""
    kept, skip = b"", preface

    def count(piece: bytes) -> int:
        nonlocal kept, skip
        kept += piece
        found = 0
        while True:
            passed = min(skip, len(kept))
            kept, skip = kept[passed:], skip - passed
            if skip or len(kept) < head:
                return found
            found += counts(kept)
            skip = whole(kept)

    return count


def grpc_calls() -> Callable[[bytes], int]:
    """Counts the calls of a gRPC client: each begins with one frame of headers."""
    return _frames(
        FRAME_BYTES,
        lambda frame: FRAME_BYTES + int.from_bytes(frame[:3]),
        lambda frame: frame[3] == HEADERS_FRAME,
        PREFACE_BYTES,
    )


def postgres_questions() -> Callable[[bytes], int]:
    """Counts after what a client of Postgres waits for an answer: simple queries, and the ends of extended ones."""

    def whole(message: bytes) -> int:
        # The greeting alone has no letter in front of its length, and no length begins with one.
        return 1 + int.from_bytes(message[1:5]) if message[0] else int.from_bytes(message[:4])

    return _frames(MESSAGE_BYTES, whole, lambda message: message[:1] in (b"Q", b"S"))


def nothing() -> Callable[[bytes], int]:
    """For lines of which only the connections count."""
    return lambda _: 0


@dataclass
class Toll:
    """One line. target, door: `host:port`, or the path of a socket file; an empty door means a free port.

    counted: makes the counter of calls for one connection.
    """

    target: str
    door: str = ""
    counted: Callable[[], Callable[[bytes], int]] = nothing
    connections: int = 0
    calls: int = 0
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _lines: set[asyncio.Task[None]] = field(default_factory=set)

    def __enter__(self) -> Self:
        """Listens from now on."""
        self.door = self.door or f"127.0.0.1:{free_port()}"
        self._open.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"toll {self.door}", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(OPEN_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends every line."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(OPEN_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(OPEN_SECONDS)
        self._loop.close()

    def fall_silent(self) -> None:
        """Takes what is sent and passes nothing on, in either direction."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def speak(self) -> None:
        """Passes everything on again."""
        self._loop.call_soon_threadsafe(self._open.set)

    async def _listen(self) -> asyncio.Server:
        if self.door.startswith("/"):
            return await asyncio.start_unix_server(self._serve, self.door)
        host, _, port = self.door.rpartition(":")
        return await asyncio.start_server(self._serve, host, int(port))

    async def _close(self) -> None:
        self._server.close()
        for line in list(self._lines):
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        self.connections += 1
        onward: asyncio.StreamWriter | None = None
        try:
            from_server, onward = await self._connect()
            both = [
                asyncio.create_task(self._pass(reader, onward, self.counted())),
                asyncio.create_task(self._pass(from_server, writer, nothing())),
            ]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in both:
                    way.cancel()
        except (OSError, asyncio.CancelledError):
            return
        finally:
            self._lines.discard(line)
            for end in (writer, onward):
                if end is not None:
                    end.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.target.startswith("/"):
            return await asyncio.open_unix_connection(self.target)
        host, _, port = self.target.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: Callable[[bytes], int]
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                self.calls += count(piece)
                await self._open.wait()
                writer.write(piece)
                await writer.drain()
