"""How long a connection may keep a place: for its request's head, for the body, and for taking its answer.

The server below waits for all three for ever, so that a handful of clients that send a byte now and then could hold
every place. Here whoever is waited for has a bounded time, and where places run short the one that has been waited for
longest gives theirs up; who is being answered never does.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
ANSWER_SECONDS = 60.0


class BoundedConnection(HttpToolsProtocol):
    """A connection whose client has a bounded time for each thing that it is waited for."""

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS
    answer_seconds = ANSWER_SECONDS
    waited_since: float | None = None
    _sending: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """From here on the head is waited for."""
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._make_room()
        self._wait(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        self._wait_no_more()
        self._taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What begins no request, such as empty lines, does not put the end off."""
        super().data_received(data)
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self._sending is None and self.timeout_keep_alive_task is None:
            self._wait(self.head_seconds)

    def on_headers_complete(self) -> None:
        """The head is there; what follows of the body is waited for as a whole."""
        self._wait_no_more()
        self._wait(self.body_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there; now the client waits for us."""
        self._wait_no_more()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Between requests a connection may be kept for a while, and given up for another's."""
        super().on_response_complete()
        if self.waited_since is None and not self.pipeline:
            self.waited_since = self.loop.time()

    def pause_writing(self) -> None:
        """More of the answer waits for the client than is kept for anybody for long."""
        super().pause_writing()
        if self._taking is None:
            self._taking = self.loop.call_later(self.answer_seconds, self._give_up)

    def resume_writing(self) -> None:
        """The client has taken it."""
        self._taken()
        super().resume_writing()

    def _wait(self, seconds: float) -> None:
        if self._sending is None:
            self.waited_since = self.loop.time()
            self._sending = self.loop.call_later(seconds, self._give_up)

    def _wait_no_more(self) -> None:
        self.waited_since = None
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _give_up(self) -> None:
        """At once: a close in good order would wait until the client has taken what is left."""
        self.transport.abort()

    def _make_room(self) -> None:
        waiting = [
            one for one in self.connections if isinstance(one, BoundedConnection) and one.waited_since is not None
        ]
        if waiting:
            oldest = min(waiting, key=lambda one: one.waited_since or 0.0)
            self.connections.discard(oldest)
            oldest._give_up()
