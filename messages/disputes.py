"""What crosses Temporal about disputes: which one is to be looked at."""

from dataclasses import dataclass

DISPUTE_WORKFLOW = "DisputeWorkflow"


def dispute_workflow_id(event_id: str) -> str:
    """The workflow id of one look, which an event of the provider's asks for once."""
    return f"dispute-{event_id}"


@dataclass(frozen=True)
class LookAtDispute:
    """A dispute or a warning of one payment of a booking. object_id: the provider's name of it."""

    hotel_id: int
    reference: str
    payment: int
    object_id: str


@dataclass(frozen=True)
class DisputeTold:
    """How it stands. status: the provider's word; empty where it has nothing of that name."""

    status: str = ""
