"""The path of a hotel with manual approval over HTTP, and what it leaves in history."""

import secrets
import time
from typing import Any

import httpx
from temporalio.client import Client

from bench.houses import System, hotel_day, offer, wish
from messages.names import workflow_id

DESK = {"email": "frontdesk@malabar.example", "password": "holdfast-demo"}
COMPLETED_WITHIN_SECONDS = 60.0


def live(http: httpx.Client) -> str:
    """Request, approve, assign, check in, cash, check out, completed; answers the reference."""
    asked = wish(str(offer(http, hotel_day())["offer_id"]))
    booked = _done(http.post("/api/v1/bookings", json=asked, headers={"Idempotency-Key": secrets.token_hex(8)}))
    login = _done(http.post("/api/v1/auth/login", json=DESK))
    http.headers["Authorization"] = f"Bearer {login['access_token']}"
    reference, version = booked["reference"], booked["version"]
    for action, body in (
        ("approve", {}),
        ("assign-room", {}),
        ("check-in", {}),
        ("payments", {"method": "cash", "amount": booked["total"]}),
        ("check-out", {}),
    ):
        url = f"/api/v1/desk/bookings/{reference}/{action}"
        version = _done(http.post(url, json={"version": version, **body}))["version"]
    last = time.monotonic() + COMPLETED_WITHIN_SECONDS
    while _done(http.get(f"/api/v1/desk/bookings/{reference}"))["status"] != "completed":
        if time.monotonic() > last:
            raise RuntimeError(f"{reference} was not completed in time")
        time.sleep(0.2)
    return str(reference)


def _done(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code >= 300:
        raise RuntimeError(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
    body: dict[str, Any] = answer.json()
    return body


async def measure(system: System) -> dict[str, Any]:
    """Events and bytes of one lived booking."""
    with httpx.Client(base_url=system.api[0], timeout=20) as http:
        reference = live(http)
    client = await Client.connect(system.temporal)
    handle = client.get_workflow_handle(workflow_id(reference))
    events = (await handle.fetch_history()).events
    return {
        "malabar_path_events": len(events),
        "malabar_path_history_bytes": sum(event.ByteSize() for event in events),
        "events_bound": 90,
        "events_ratio_to_bound": round(len(events) / 90, 3),
    }
