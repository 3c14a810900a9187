"""The availability answer against the same SQL in psql, in the same role, on the same database."""

import asyncio
import re
import subprocess
import time
from datetime import date, timedelta
from statistics import median
from typing import Any

import httpx
import psycopg
from sqlalchemy.engine import make_url

from bench.houses import System, furnish, hotel_day, running
from bench.sizes import Row
from cli.postgres import binaries
from store import shelf

ROUNDS = 200
WARM_UP = 20
NIGHTS = 7
ROWS: tuple[Row, ...] = (("availability_ratio", None, "Availability over HTTP ÷ the same SQL in psql, p50"),)


def run() -> dict[str, Any]:
    """On a system of its own."""
    with running() as system:
        asyncio.run(furnish(system.owner_url))
        return asyncio.run(measure(system))


async def measure(system: System) -> dict[str, Any]:
    """p50 in milliseconds over HTTP and in psql (prepared, inside a transaction that names the hotel)."""
    arrival = hotel_day() + timedelta(days=30)
    asked = {"arrival": str(arrival), "departure": str(arrival + timedelta(days=NIGHTS)), "adults": "2"}
    over_http: list[float] = []
    async with httpx.AsyncClient(base_url=system.api[0], timeout=20) as http:
        for n in range(WARM_UP + ROUNDS):
            began = time.perf_counter()
            answer = await http.get("/api/v1/hotels/malabar/availability", params=asked)
            answer.raise_for_status()
            if n >= WARM_UP:
                over_http.append((time.perf_counter() - began) * 1000)
    in_psql = _psql(system, arrival)
    return {
        "availability_p50_ms": round(median(over_http), 2),
        "same_sql_in_psql_p50_ms": round(median(in_psql), 2),
        "availability_ratio": round(median(over_http) / median(in_psql), 2),
        "availability_rounds": ROUNDS,
    }


def _psql(system: System, arrival: date) -> list[float]:
    """Milliseconds of each execution, as psql itself tells them."""
    url = make_url(system.app_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as db:
        row = db.execute("SELECT hotel_id FROM hotels WHERE slug = 'malabar'").fetchone()
    hotel_id = int(row[0]) if row else 0
    names = {":hotel_id": "$1", ":arrival": "$2", ":departure": "$3"}
    statement = re.sub(r"(?<!:):(hotel_id|arrival|departure)\b", lambda m: names[m[0]], shelf._SHELF.statement)
    departure = arrival + timedelta(days=NIGHTS)
    once = (
        f"BEGIN;\nSELECT set_config('holdfast.hotel_id', '{hotel_id}', true);\n"
        f"EXECUTE shelf({hotel_id}, '{arrival}', '{departure}');\nCOMMIT;\n"
    )
    script = f"PREPARE shelf(int, date, date) AS {statement};\n\\timing on\n" + once * (WARM_UP + ROUNDS)
    told = subprocess.run(
        [str(binaries() / "psql"), "-X", "-q", "-A", "-t", "-d", url],
        input=script,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    times = [float(match) for match in re.findall(r"^Time: ([0-9.]+) ms", told, re.MULTILINE)]
    # Four statements a round: the whole transaction is what the answer over HTTP pays for.
    rounds = [sum(times[n : n + 4]) for n in range(0, len(times), 4)]
    return rounds[WARM_UP:]
