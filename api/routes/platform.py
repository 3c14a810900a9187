"""What machines ask, at the root."""

from fastapi import APIRouter
from starlette.responses import Response

from api.callers import Parts
from api.shapes import examples
from api.shapes.common import answers, example
from api.shapes.platform import Health, Readiness
from api.shapes.problems import problems
from api.telemetry import metrics_page

platform = APIRouter(tags=["Platform"])


@platform.get(
    "/healthz", responses={**problems(), 200: answers("The process answers.", example("ok", {"status": "ok"}))}
)
async def healthz() -> Health:
    """Says that the process is alive, and nothing about its parts."""
    return Health(status="ok")


@platform.get(
    "/readyz",
    responses={
        **problems(),
        200: answers("Everything that an answer needs is there.", example("ready", examples.READY)),
        503: {
            "model": Readiness,
            **answers("A part does not answer.", example("not_ready", examples.NOT_READY)),
        },
    },
)
async def readyz(house: Parts, response: Response) -> Readiness:
    """Each part that an answer needs: the database, Temporal, and a worker that polls for bookings."""
    told = await house.health.readiness(house.database, house.front_desk)
    if told.status != "ok":
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return told


@platform.get(
    "/metrics",
    response_class=Response,
    responses={
        **problems(),
        200: {
            "description": "Counters in Prometheus' text format.",
            "content": {
                "text/plain": {"example": "holdfast_http_requests_in_flight 1.0\n", "schema": {"type": "string"}}
            },
        },
    },
)
async def metrics(house: Parts) -> Response:
    """What all processes of the API have counted, and what the database holds of bookings, clocks and letters."""
    return metrics_page(house.metrics_folder, await house.census.counts(house.operations, house.clock))
