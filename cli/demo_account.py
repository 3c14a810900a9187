"""In a demo the house in New York is paid on an account of its own at the payment stand-in, so that transfers are seen.

It is opened by the very path that a hotel takes; only what a hotel would tell the provider on its page is told by the
stand-in's own call. Nothing of it is done where Stripe itself is asked.
"""

import time
from typing import Any

import requests

HOTEL = "hudson"
SECONDS = 10.0
READY_SECONDS = 15.0
PAUSE_SECONDS = 0.2
FEE_PERCENT = "3"


class NoAccount(RuntimeError):
    """The demo's account could not be made ready; the house is charged on the platform's then, or sells nothing yet."""


def open_demo_account(api: str, double: str, email: str, password: str) -> bool:
    """Opens the account and lets it be ready; False where it is there. api, double: base addresses of this machine.

    Errors: NoAccount, with what went wrong.
    """
    with requests.Session() as session:
        # A proxy of the surroundings leads out of this machine, never to a part of it.
        session.trust_env = False
        try:
            return _open(session, f"{api}/api/v1", double, email, password)
        except (requests.RequestException, KeyError, ValueError) as trouble:
            raise NoAccount(type(trouble).__name__) from trouble


def _open(session: requests.Session, api: str, double: str, email: str, password: str) -> bool:
    login = session.post(f"{api}/auth/login", json={"email": email, "password": password}, timeout=SECONDS)
    token = _answer(login)["access_token"]
    # The login's cookie would ask for the site's own headers.
    session.cookies.clear()
    session.headers["Authorization"] = f"Bearer {token}"
    address = f"{api}/admin/payments/account"
    if _answer(session.get(address, timeout=SECONDS))["charges_enabled"]:
        return False
    account = _answer(session.post(address, timeout=SECONDS))["account_id"]
    _answer(session.patch(address, json={"fee_percent": FEE_PERCENT}, timeout=SECONDS))
    told = {"kind": "account_enabled", "id": account}
    _answer(session.post(f"{double}/_double/plant", json=told, headers={"Authorization": None}, timeout=SECONDS))
    # The stand-in tells of it, and the account is looked at.
    until = time.monotonic() + READY_SECONDS
    while not _answer(session.get(address, timeout=SECONDS))["charges_enabled"]:
        if time.monotonic() > until:
            raise NoAccount("it is not seen to be ready")
        time.sleep(PAUSE_SECONDS)
    return True


def _answer(answer: requests.Response) -> dict[str, Any]:
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told
