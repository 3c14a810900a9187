"""Any call the OpenAPI document allows, and many it does not: never a 5xx, never an answer it does not tell."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.whole.conftest import Doors
from tests.whole.test_up import DESK

# The boundaries of every schema are more than five thousand calls; the proof makes up as many again as it is told.
PROOF = os.environ.get("HOLDFAST_PROOF_CALLS")
EXAMPLES, PHASES = (PROOF, "examples,coverage,fuzzing") if PROOF else ("1", "examples,coverage")
LEAST_CALLS = 5_000
SEED = "20270310"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
MOST_SECONDS = 2_000 if PROOF else 800


def calls(address: str) -> float:
    """How many requests the API has counted."""
    lines = httpx.get(f"{address}/metrics").text.splitlines()
    counted = [line for line in lines if line.startswith("holdfast_http_requests_total")]
    return sum(float(line.rpartition(" ")[2]) for line in counted)


async def test_no_call_breaks_the_api_or_gets_an_answer_that_is_not_documented(
    doors: Doors, guests: list[httpx.AsyncClient], tmp_path: Path
) -> None:
    """Five thousand calls at least, made up from the document with a seed, at the desk."""
    login = await guests[0].post("/api/v1/auth/login", json=DESK)
    address = doors.addresses[0]
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{address}/api/v1/openapi.json",
        "--checks", CHECKS, "--max-examples", EXAMPLES, "--phases", PHASES, "--seed", SEED,
        "--header", f"Authorization: Bearer {login.json()['access_token']}", "--no-shrink", "--warnings", "off",
        "--continue-on-failure",
    ]  # fmt: skip
    before = calls(address)
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(MOST_SECONDS):
            told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, told.decode()[-6000:]
    made = calls(address) - before
    print(f"\nproof: {made:.0f} calls with seed {SEED}")
    assert made >= LEAST_CALLS
