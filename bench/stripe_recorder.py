"""A plugin of pytest (`-p bench.stripe_recorder`) that keeps what our gateway sends to the payment provider.

Each request is kept as the provider's own client puts it on the wire. What tests ask by themselves goes through clients
of their own and is not kept. HOLDFAST_PROOF_RECORDING names the file.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from bench.stripe_calls import Sent
from gateways import stripe_line

RECORDING = "HOLDFAST_PROOF_RECORDING"
# The key to the account is no part of what is asked, and the length follows from the fields.
NOT_KEPT = frozenset({"authorization", "content-length"})


def sent(prepared: requests.PreparedRequest) -> Sent:
    """What a request says."""
    address = urlsplit(str(prepared.url))
    told = address.query if prepared.method == "GET" else prepared.body or ""
    text = told.decode() if isinstance(told, bytes) else str(told)
    fields = tuple(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)))
    headers = {name: str(value) for name, value in prepared.headers.items() if name.lower() not in NOT_KEPT}
    return Sent(str(prepared.method), address.path, fields, headers)


class Recorder:
    """Every request of our line from now on; the same one is kept once."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], Sent] = {}
        keep = self.keep

        class Listening(requests.Session):
            """A session of the line's that is listened to."""

            def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
                """Sends it on as it is."""
                keep(request)
                return super().send(request, **how)

        setattr(stripe_line, "requests", SimpleNamespace(Session=Listening))  # noqa: B010

    def keep(self, prepared: requests.PreparedRequest) -> None:
        """Keeps a request that goes out."""
        one = sent(prepared)
        self._kept.setdefault((one.method, one.path, one.fields), one)

    def write(self, file: Path) -> None:
        """Writes what was kept."""
        file.write_text(json.dumps([asdict(one) for one in self._kept.values()]), encoding="utf-8")


def read(file: Path) -> Iterator[Sent]:
    """What was written."""
    for told in json.loads(file.read_text("utf-8")):
        yield Sent(
            told["method"], told["path"], tuple((name, value) for name, value in told["fields"]), told["headers"]
        )


RECORDER = pytest.StashKey[Recorder]()


def pytest_configure(config: pytest.Config) -> None:
    """The run begins."""
    config.stash[RECORDER] = Recorder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run is over."""
    config.stash[RECORDER].write(Path(os.environ[RECORDING]))
