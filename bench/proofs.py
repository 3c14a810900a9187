"""The long proofs: each a claim, the test behind it, and the size at which it is run."""

from dataclasses import dataclass

# The exit status of a program that could not be run here, because something outside of the project is missing.
SKIPPED = 77


@dataclass(frozen=True)
class Proof:
    """name: how it is asked for. test: files of the suite, with what pytest is told more, or a program of bench/."""

    name: str
    claim: str
    test: str
    sizes: dict[str, str]


_ORDERS = "tests/story/money/test_webhook_orders.py"

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
        "kill-storm",
        "Whatever is killed while people book, every answer is kept once; clients without keys of their own double.",
        "tests/whole/test_kill_storm.py",
        {
            "HOLDFAST_PROOF_STORM_BOOKINGS": "300",
            "HOLDFAST_PROOF_STORM_KILLS": "45",
            "HOLDFAST_PROOF_STORM_MEAN": "2",
            "HOLDFAST_PROOF_STORM_SETTLE": "150",
            "HOLDFAST_PROOF_STORM_SEEDS": "11,12,13,14,15",
        },
    ),
    Proof(
        "races",
        "Of crowds for the last room one wins within 3 s; desks, guests and clocks at one moment have one winner.",
        "tests/whole/test_races_for_the_last_room.py tests/whole/test_races_for_rooms.py"
        " tests/whole/test_races_on_one_booking.py tests/whole/test_races_of_one_key.py"
        " tests/whole/test_races_with_guards_off.py",
        {"HOLDFAST_PROOF_RACES": "8"},
    ),
    Proof(
        "invoice-numbers",
        "Papers issued by twenty at once, each asked for twice, have no gap and no double; without the lock they fail.",
        "tests/store/test_invoices.py",
        {"HOLDFAST_PROOF_INVOICES": "5000"},
    ),
    Proof(
        "row-security",
        "Hotels in turn on four connections, with errors and callers who hang up in between, see no foreign row.",
        "tests/store/test_rls_under_load.py tests/whole/test_rls_over_http.py",
        {"HOLDFAST_PROOF_TRANSACTIONS": "10000", "HOLDFAST_PROOF_REQUESTS": "10000"},
    ),
    Proof(
        "bad-neighbours",
        "Database, Temporal or worker in trouble: 503 in time, one booking a key, and it ends by itself.",
        "tests/whole/test_bad_neighbours.py",
        {"HOLDFAST_PROOF_OUTAGES": "all"},
    ),
    Proof(
        "money-storm",
        "Whatever is killed while guests pay by card, the provider, our rows and the stories agree to the cent.",
        "tests/whole/test_money_storm.py",
        {
            "HOLDFAST_PROOF_MONEY_BOOKINGS": "300",
            "HOLDFAST_PROOF_MONEY_KILLS": "40",
            "HOLDFAST_PROOF_MONEY_MEAN": "2",
            "HOLDFAST_PROOF_MONEY_SETTLE": "180",
            "HOLDFAST_PROOF_MONEY_SEED": "21",
        },
    ),
    Proof(
        "lost-replies",
        "However often the provider's answers are lost after it did the work, a guest is charged and refunded once.",
        "tests/gateways/test_stripe_lost_at_random.py",
        {"HOLDFAST_PROOF_LOST_REPLIES": "300", "HOLDFAST_PROOF_SEED": "proof"},
    ),
    Proof(
        "payment-expiry",
        "A payment at the end of its hold is confirmed and charged once, or expired and given back in full.",
        "tests/story/money/test_against_expiry.py",
        {"HOLDFAST_PROOF_EXPIRIES": "1000", "HOLDFAST_PROOF_SEED": "proof"},
    ),
    Proof(
        "disk-full",
        "A database whose disk is full: 503 in time, nothing half done, and it ends when there is room again.",
        "tests/whole/disk_full.py",
        {},
    ),
    Proof(
        "deploy",
        "A changed story over fifty open bookings of every state, and rolled back: nothing lost, no failed task.",
        "tests/whole/test_deploy.py",
        {"HOLDFAST_PROOF_DEPLOY_BOOKINGS": "50"},
    ),
    Proof(
        "real-year",
        "Real bookings, driven over HTTP to their real ends, end as the file says and fill the nights it says.",
        "tests/whole/test_replay.py",
        {"HOLDFAST_PROOF_ROWS": "659"},
    ),
    Proof(
        "ledgers",
        "Of twelve kinds of difference planted among clean bookings a night finds each once and nothing else.",
        "tests/story/night/test_planted.py",
        {"HOLDFAST_PROOF_NIGHT_BOOKINGS": "40"},
    ),
    Proof(
        "any-call",
        "No call gets a 5xx or an answer that the OpenAPI document does not tell.",
        "tests/whole/test_any_call.py",
        {"HOLDFAST_PROOF_CALLS": "300"},
    ),
    Proof(
        "webhook-orders",
        "Six webhooks of one payment, in all 720 orders, each once, twice and before its booking: one same end.",
        f"{_ORDERS} --deselect={_ORDERS}::test_webhooks_that_come_three_days_late_change_nothing",
        {"HOLDFAST_PROOF_ORDERS": "720"},
    ),
    Proof(
        "webhooks-late",
        "The same six in all 720 orders, each twice, 72 hours after the booking has looked by itself: the same end.",
        f"{_ORDERS}::test_webhooks_that_come_three_days_late_change_nothing",
        {"HOLDFAST_PROOF_ORDERS": "720"},
    ),
    Proof(
        "tampering",
        "Whatever is sent to the API, to the provider's page or as a webhook: what is charged is what was quoted.",
        "tests/story/money/test_tampering.py",
        {"HOLDFAST_PROOF_TAMPERING": "2000"},
    ),
    Proof(
        "no-secret-kept",
        "No card number, client secret, key or webhook secret is in the database, the logs or a history.",
        "tests/story/money/test_no_secret_is_kept.py",
        {"HOLDFAST_PROOF_SECRETS": "40"},
    ),
    Proof(
        "stripe-mock",
        "stripe-mock takes every request that our gateway sends; what is newer than its description is named.",
        "bench/stripe_mock.py",
        {},
    ),
)
