"""The long proofs: each a claim, the test behind it, and the size at which it is run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Proof:
    """name: how it is asked for. test: files of the suite, with what pytest is told more, or a program of bench/."""

    name: str
    claim: str
    test: str
    sizes: dict[str, str]


PROOFS = (
    Proof(
        "last-room",
        "Of fifty guests for the last room, through two API processes, exactly one gets it; without the guard more do.",
        "tests/whole/test_last_room.py",
        {"HOLDFAST_PROOF_ROUNDS": "60"},
    ),
    Proof(
        "any-life",
        "Whatever sequence of commands and clocks a booking lives through, counters and rooms are those of its stays.",
        "tests/domain/test_any_life.py",
        {"HOLDFAST_PROOF_EXAMPLES": "20000"},
    ),
    Proof(
        "mutants",
        "Of small faults put into the rules, the rules' own tests notice at least 85 of 100; survivors: mutants.md.",
        "bench/mutants.py",
        {"HOLDFAST_PROOF_FAULTS": "1000", "HOLDFAST_PROOF_SEED": "20270310"},
    ),
    Proof(
        "random-lives",
        "Random lives through the real workflow and Postgres are what a small model says; without a rule they differ.",
        "tests/story/test_against_model.py",
        {"HOLDFAST_PROOF_SEQUENCES": "2000", "HOLDFAST_PROOF_SEED": "proof"},
    ),
    Proof(
        "lost-workflows",
        "Bookings terminated in Temporal, and all after its file is lost, live again within two minutes, none twice.",
        "tests/whole/test_lost_workflows.py",
        {"HOLDFAST_PROOF_LOST": "20", "HOLDFAST_PROOF_SWEEP": "60"},
    ),
    Proof(
        "any-call",
        "No call gets a 5xx or an answer that the OpenAPI document does not tell.",
        "tests/whole/test_any_call.py",
        {"HOLDFAST_PROOF_CALLS": "300"},
    ),
)
