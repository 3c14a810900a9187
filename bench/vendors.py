"""Creating bookings while the payment provider and the mail vendor are slow, beside the same without their delay.

On the whole stack as `holdfast up` runs it, at the demo hotel that takes deposits: each booking writes a letter, and
each fifth guest goes on to pay. Rounds of both kinds alternate in the same run.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from statistics import median
from typing import Any

import httpx

from bench.houses import hotel_day, offer, wish
from bench.sizes import Row, p95, size, told
from bench.startup import own_place, up
from bench.web import Web

HOTEL = "ribeira"
EACH = 50
DAYS = 300
PAYS_EACH = 5
STRIPE_SECONDS, MAIL_SECONDS = 0.5, 1.0
RESAMPLED = 2_000
ROWS: tuple[Row, ...] = (
    ("slow_vendors_p95_ratio", 1.05, "POST /bookings with Stripe at 500 ms and mail at 1 s ÷ without delay, p95"),
    ("slow_vendors_p95_ratio_low", None, "The same, lower end of the 95 % interval"),
    ("slow_vendors_p95_ratio_high", None, "The same, upper end of the 95 % interval"),
)


class Doubles:
    """The stand-ins of both vendors, with or without a delay in each call."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._stripe, self._mail = (
            httpx.Client(base_url=f"http://127.0.0.1:{environment[port]}", trust_env=False)
            for port in ("HOLDFAST_STRIPE_DOUBLE_PORT", "HOLDFAST_MAIL_DOUBLE_PORT")
        )

    def slow(self) -> None:
        """Every call waits from now on."""
        for vendor, seconds, path in ((self._stripe, STRIPE_SECONDS, "/v1/"), (self._mail, MAIL_SECONDS, "/email")):
            planned = {"fault": "latency", "seconds": seconds, "times": 1_000, "path": path}
            vendor.post("/_double/faults", json=planned).raise_for_status()

    def prompt(self) -> int:
        """No call waits from now on; answers how many calls have waited."""
        waited = 0
        for vendor in (self._stripe, self._mail):
            planned = vendor.get("/_double/faults").json()["planned"]
            waited += sum(1_000 - fault["times"] for fault in planned)
            vendor.delete("/_double/faults").raise_for_status()
        return waited


def run() -> dict[str, Any]:
    """On a stack of its own."""
    with own_place("vendors", HOLDFAST_LOG_LEVEL="WARNING") as (environment, log):
        address = f"http://127.0.0.1:{environment['HOLDFAST_PORT']}"
        with up(environment, log):
            with httpx.Client(base_url=address, timeout=20) as http:
                start = hotel_day() + timedelta(days=20)
                found = [offer(http, start + timedelta(days=day), hotel=HOTEL) for day in range(DAYS)]
            return asyncio.run(measure(address, [one["offer_id"] for one in found if one], Doubles(environment)))


async def measure(address: str, promised: Sequence[str], doubles: Doubles) -> dict[str, Any]:
    """p50 and p95 of both kinds in milliseconds, their ratio, and its 95 % interval by resampling."""
    took: dict[bool, list[float]] = {False: [], True: []}
    web, number, waited = Web(address), 0, 0
    for n in range(size("ROUNDS", 8) + 1):
        for delayed in (True, False) if n % 2 else (False, True):
            if delayed:
                doubles.slow()
            times, paying = [], []
            for k in range(EACH):
                number += 1
                reply = (await web.post("/api/v1/bookings", _wish(promised[number % len(promised)]))).good()
                times.append(reply.milliseconds)
                if k % PAYS_EACH == 0:
                    paying.append(asyncio.create_task(_pays(address, reply.json)))
            await asyncio.gather(*paying)
            waited += doubles.prompt() if delayed else 0
            # The first round only warms up.
            took[delayed] += times if n else []
    await web.close()
    low, high = interval(took[True], took[False])
    return {
        **told("slow", took[True]),
        **told("prompt", took[False]),
        "slow_vendors_p50_ratio": round(median(took[True]) / median(took[False]), 3),
        "slow_vendors_p95_ratio": round(p95(took[True]) / p95(took[False]), 3),
        "slow_vendors_p95_ratio_low": round(low, 3),
        "slow_vendors_p95_ratio_high": round(high, 3),
        "creations_of_each": len(took[True]),
        "vendor_calls_that_waited": waited,
    }


def interval(slow: Sequence[float], prompt: Sequence[float]) -> tuple[float, float]:
    """The middle 95 of 100 ratios of p95, each of samples that are drawn again from both."""
    chance = random.Random(20_270_310)  # noqa: S311 - not for secrets.
    ratios = sorted(
        p95(chance.choices(slow, k=len(slow))) / p95(chance.choices(prompt, k=len(prompt))) for _ in range(RESAMPLED)
    )
    return ratios[RESAMPLED // 40], ratios[-RESAMPLED // 40 - 1]


def _wish(offer_id: str) -> dict[str, Any]:
    return {**wish(offer_id), "hotel": HOTEL}


async def _pays(address: str, made: dict[str, Any]) -> None:
    """A guest asks for the page to pay on; the answer waits for the provider."""
    web = Web(address, made["access_token"])
    (await web.post(f"/api/v1/bookings/{made['reference']}/payment", {})).good()
    await web.close()
