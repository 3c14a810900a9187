"""`python -m bench.stripe_mock`: every request that our gateway sends is shown to stripe-mock, Stripe's own stand-in.

stripe-mock knows Stripe's description of its API and nothing else: it refuses parameters that the description lacks, of
another kind, or left out. It is built by Go into the data folder, once. What our gateway sends is recorded while its
tests talk to our own stand-in; tests/gateways has to make every kind of call that the gateway can. Where stripe-mock
can't be built the check is skipped, and says so.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import requests

from bench.proofs import SKIPPED
from bench.stripe_calls import NEWER, Check, Sent, kinds
from bench.stripe_recorder import RECORDING, read
from cli.processes import guarded
from config.settings import Settings
from gateways.stripe_line import VERSION

ROOT = Path(__file__).resolve().parent.parent
MODULE, MOCK = "github.com/stripe/stripe-mock", "v0.203.0"
TESTS = "tests/gateways"
BUILD_SECONDS, TEST_SECONDS, START_SECONDS, ANSWER_SECONDS = 900, 1_800, 60.0, 20.0
LISTENS = re.compile(r"^Listening for HTTP at address: (\S+)$", re.MULTILINE)
DESCRIBED = re.compile(r"OpenAPI specification '([^']+)'")
# A key of the shape that stripe-mock asks for; it looks at nothing else of it.
KEY = "sk_test_nobody"
# What a payment can't be without.
NEEDED = ("POST", "/v1/payment_intents", "currency")


class NotBuilt(Exception):
    """stripe-mock can't be had here; says why in a few words."""


def built(folder: Path) -> Path:
    """The program, which is built where it is not there yet. Errors: NotBuilt."""
    program = folder / f"stripe-mock-{MOCK}"
    if program.is_file():
        return program
    go = shutil.which("go")
    if go is None:
        raise NotBuilt("there is no Go on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        try:
            subprocess.run(
                [go, "install", f"{MODULE}@{MOCK}"],
                env={**os.environ, "GOBIN": str(Path(place).absolute())}, check=True, timeout=BUILD_SECONDS,
            )  # fmt: skip
            # A run beside this one finds the whole program or none.
            (Path(place) / "stripe-mock").replace(program)
        except subprocess.TimeoutExpired:
            raise NotBuilt(f"Go was not done with it within {BUILD_SECONDS // 60} minutes") from None
        except (subprocess.CalledProcessError, OSError):
            raise NotBuilt("Go could not build it") from None
    return program


@contextmanager
def serving(program: Path, *more: str) -> Iterator[str]:
    """The address of a running stripe-mock until the block ends. Errors: RuntimeError where it does not start."""
    # Not told where, it would serve HTTPS on every address of the machine as well.
    where = ("-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0")
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(guarded([str(program), *where, *more]), stdout=output, stderr=output)
        try:
            until = time.monotonic() + START_SECONDS
            while not (found := LISTENS.search(log.read_text("utf-8", "replace"))):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"stripe-mock does not start: {log.read_text('utf-8', 'replace')[-500:]}")
                time.sleep(0.05)
            yield f"http://{found[1]}"
        finally:
            process.kill()
            process.wait()


class Mock:
    """A running stripe-mock as it is asked."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._http = requests.Session()
        self._http.trust_env = False

    def complaint(self, one: Sent) -> str:
        """What it says against a request; empty where it takes it."""
        text = urlencode(one.fields)
        answer = self._http.request(
            one.method,
            f"{self._address}{one.path}",
            params=text if one.method == "GET" else None,
            data=text if one.method != "GET" else None,
            headers={**one.headers, "Authorization": f"Bearer {KEY}"},
            timeout=ANSWER_SECONDS,
        )
        if answer.ok:
            return ""
        # Where it keeps a rule in its memory is another place each time.
        return re.sub(r"validator 0x[0-9a-f]+ failed: ", "", str(answer.json()["error"]["message"]))


def described(program: Path) -> str:
    """The version of the API that its description is of, which it tells only where that is not ours."""
    with serving(program, "-strict-version-check") as address:
        told = DESCRIBED.search(Mock(address).complaint(Sent("GET", "/v1/events", (), {"Stripe-Version": VERSION})))
    return told[1] if told else VERSION


def recorded(file: Path) -> list[Sent]:
    """What our gateway sends while its tests run. Errors: SystemExit where they fail."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "bench.stripe_recorder", "-q", "-n", "0", TESTS],
        cwd=ROOT, env={**os.environ, RECORDING: str(file)}, check=False, timeout=TEST_SECONDS,
    )  # fmt: skip
    if run.returncode:
        raise SystemExit("The gateway's own tests fail.")
    return list(read(file))


def taken_without(needed: tuple[str, str, str], sent: list[Sent], mock: Mock) -> list[str]:
    """The fault of a stripe-mock that takes a request without what it can't be without."""
    method, path, name = needed
    for one in sent:
        if (one.method, one.path) == (method, path) and not mock.complaint(one):
            return [] if mock.complaint(one.without(name)) else [f"{method} {path} is taken without {name}"]
    return [f"{method} {path} is never taken"]


def told(check: Check, many: int, of: str) -> Iterator[str]:
    """The figures."""
    shapes = sum(len(each) for each in check.shapes.values())
    yield f"stripe-mock {MOCK}, whose description is of version {of} of the API; ours is {VERSION}"
    yield f"{many} requests: {len(check.shapes)} kinds of call, {shapes} different sets of parameters"
    yield f"{check.as_they_are} requests are taken as they are"
    for (kind, name), times in check.newer.items():
        yield f"{times} requests, {kind}, are taken without {name}: {NEWER[kind, name]}"
    yield f"with a parameter that nobody knows each kind is refused, and a payment without its {NEEDED[2]}"


def main() -> None:
    """Exit status: 0 where all is taken, 1 where something is not, SKIPPED where there is no stripe-mock."""
    try:
        program = built((ROOT / Settings().home).absolute() / "tools")
    except NotBuilt as reason:
        print(f"proof: the check against stripe-mock was skipped: {reason}", flush=True)
        raise SystemExit(SKIPPED) from None
    of = described(program)
    with tempfile.TemporaryDirectory() as place:
        sent = recorded(Path(place) / "sent.json")
    with serving(program) as address:
        mock = Mock(address)
        check = Check(kinds(), mock.complaint)
        for one in sent:
            check.show(one)
        faults = [*check.faults(), *taken_without(NEEDED, sent, mock)]
    for line in faults or told(check, len(sent), of):
        print(f"proof: {line}")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
