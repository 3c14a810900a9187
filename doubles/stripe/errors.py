"""What the Stripe double refuses, in Stripe's shape: `{"error": {type, code, message, param, …}}`."""

from typing import Any

Json = dict[str, Any]


class Refused(Exception):
    """A call that is not served.

    status: HTTP status; saved: whether the call's idempotency key keeps this answer; keeps_work: whether what was
    written before the refusal stays (a declined charge is a fact).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        saved: bool = False,
        keeps_work: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.saved, self.keeps_work = status, saved, keeps_work
        self.error: Json = {"type": kind, "message": message}
        if code is not None:
            self.error["code"] = code
        if param is not None:
            self.error["param"] = param
        self.error |= {key: value for key, value in more.items() if value is not None}

    def body(self) -> Json:
        """The answer's JSON."""
        return {"error": self.error}


def unknown_parameters(names: list[str]) -> Refused:
    """Parameters that the call doesn't know; Stripe names all of them and blames the first."""
    many = "s" if len(names) > 1 else ""
    return Refused(
        400, f"Received unknown parameter{many}: {', '.join(names)}", code="parameter_unknown", param=names[0]
    )


def missing(name: str) -> Refused:
    """A parameter that the call can't do without."""
    return Refused(400, f"Missing required param: {name}.", code="parameter_missing", param=name)


def wrong(name: str, message: str, code: str | None = None) -> Refused:
    """A parameter whose value can't be meant."""
    return Refused(400, message, code=code, param=name)


def not_found(kind: str, object_id: str, param: str = "id") -> Refused:
    """An object that this account doesn't have."""
    name = kind.rpartition(".")[2].replace("_", "")
    return Refused(404, f"No such {name}: '{object_id}'", code="resource_missing", param=param)


def bad_state(code: str, message: str, **more: Any) -> Refused:
    """The object isn't in a state in which this can be done. Work had begun, so a key keeps the answer."""
    return Refused(400, message, code=code, saved=True, **more)


def card_refused(code: str, message: str, decline_code: str | None = None, **more: Any) -> Refused:
    """The card's bank says no: 402. What was tried stays written, and a key keeps the answer."""
    return Refused(
        402,
        message,
        kind="card_error",
        code=code,
        decline_code=decline_code,
        saved=True,
        keeps_work=True,
        **more,
    )
