"""What operations see of each request: its id, one JSON line, and the counters of /metrics.

Nothing personal is written: routes by their template, bookings by their reference; never a query, a body or a name.
"""

import re
import secrets
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.census import Counts
from api.problems import unexpected
from store.booking_counts import HotelCounts, ServerCounts

HEADER = "X-Request-Id"
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
# These are asked every few seconds by machines; a line for each would bury the others.
_QUIET = frozenset(("/healthz", "/readyz", "/metrics"))
_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

REQUESTS = Counter("holdfast_http_requests_total", "Answered requests.", ("route", "method", "status"))
SECONDS = Histogram("holdfast_http_request_seconds", "Seconds to the answer.", ("route", "method"), buckets=_BUCKETS)
IN_FLIGHT = Gauge("holdfast_http_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum")
STARTS_WAITING = Gauge(
    "holdfast_booking_starts_in_flight", "Booking starts that passed the gate.", multiprocess_mode="livesum"
)
_PER_HOTEL: tuple[tuple[str, str, Callable[[HotelCounts], float]], ...] = (
    (
        "holdfast_bookings_needing_attention",
        "Open bookings that wait for a person.",
        lambda hotel: hotel.needing_attention,
    ),
    ("holdfast_clocks_overdue", "Bookings whose clock should have rung a minute ago.", lambda hotel: hotel.overdue),
    ("holdfast_clocks_overdue_seconds", "How late the latest of them is.", lambda hotel: hotel.overdue_seconds),
    (
        "holdfast_requests_near_deadline",
        "Requests without an answer when four fifths of their time are gone.",
        lambda hotel: hotel.requests_near_deadline,
    ),
    ("holdfast_notices_waiting", "Letters that are not sent yet.", lambda hotel: hotel.letters_waiting),
    ("holdfast_notices_waiting_seconds", "How long the oldest of them waits.", lambda hotel: hotel.letters_seconds),
)

log = structlog.get_logger("api")


class Watch:
    """Gives each request its id, counts and times it, and answers 500 with that id when a bug gets through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pure ASGI, because it is on every path."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent_id = Headers(scope=scope).get(HEADER, "")
        request_id = sent_id if _ID.fullmatch(sent_id) else secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        began = time.perf_counter()
        IN_FLIGHT.inc()
        try:
            await self._app(scope, receive, told)
        except Exception as bug:
            _log_bug(bug)
            if not status:
                await unexpected(request_id)(scope, receive, told)
        finally:
            IN_FLIGHT.dec()
            self._write_down(scope, status, time.perf_counter() - began)
            structlog.contextvars.unbind_contextvars("request_id")

    def _write_down(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        REQUESTS.labels(route, method, str(status)).inc()
        SECONDS.labels(route, method).observe(seconds)
        if route in _QUIET:
            return
        told: dict[str, Any] = {"route": route, "method": method, "status": status, "ms": round(seconds * 1000, 1)}
        reference = scope.get("state", {}).get("reference") or scope.get("path_params", {}).get("reference")
        if reference and status < 400:
            told["reference"] = reference
        log.info("request", **told)


def _log_bug(bug: Exception) -> None:
    """The kind of trouble and where; its words may hold what a guest wrote, so they stay out."""
    frames = traceback.extract_tb(bug.__traceback__)[-12:]
    places = [f"{frame.filename.rsplit('/', 3)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    log.error("unexpected", error=type(bug).__name__, places=places)


class _Census(Collector):
    """The database's gauges; they belong to no process, so they are written fresh for each answer."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """As a registry's collectors do."""
        yield from _of_hotels(self._counts.hotels)
        yield from _of_server(self._counts.server)


def _of_hotels(hotels: Sequence[HotelCounts]) -> Iterator[Metric]:
    opened = GaugeMetricFamily("holdfast_bookings_open", "Open bookings.", labels=("hotel", "status"))
    due = GaugeMetricFamily("holdfast_clocks_due", "Clocks that ring within so many hours.", labels=("hotel", "hours"))
    for one in hotels:
        for status, count in one.open.items():
            opened.add_metric((one.hotel, status), count)
        for hours, count in one.clocks_due.items():
            due.add_metric((one.hotel, str(hours)), count)
    yield opened
    yield due
    for name, words, told in _PER_HOTEL:
        gauge = GaugeMetricFamily(name, words, labels=("hotel",))
        for one in hotels:
            gauge.add_metric((one.hotel,), told(one))
        yield gauge


def _of_server(server: ServerCounts | None) -> Iterator[Metric]:
    yield GaugeMetricFamily("holdfast_database_up", "Whether the last look was answered.", value=float(bool(server)))
    if server is None:
        return
    yield GaugeMetricFamily("holdfast_database_connections", "Connections to the database.", value=server.connections)
    yield GaugeMetricFamily(
        "holdfast_database_connections_limit", "How many the server takes.", value=server.connections_limit
    )
    yield CounterMetricFamily("holdfast_database_deadlocks", "Deadlocks.", value=server.deadlocks)
    yield CounterMetricFamily("holdfast_database_rollbacks", "Transactions rolled back.", value=server.rollbacks)
    yield CounterMetricFamily(
        "holdfast_database_sessions_lost", "Sessions that broke off or were ended.", value=server.sessions_lost
    )


def metrics_page(multiprocess_folder: str, counts: Counts | None) -> Response:
    """Everything counted so far, by all processes of the API where there are several."""
    registry = REGISTRY
    if multiprocess_folder:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, multiprocess_folder)
    page = generate_latest(registry)
    if counts:
        of_database = CollectorRegistry()
        of_database.register(_Census(counts))
        page += generate_latest(of_database)
    return Response(page, media_type=CONTENT_TYPE_LATEST)
