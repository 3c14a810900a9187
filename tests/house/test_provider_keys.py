"""What changes something at the payment provider carries a key of ours."""

import ast
from collections.abc import Iterator

from tests.house.tree import Source, dotted, faults, holds, python, sample

READS = {"list", "list_line_items", "retrieve"}
# How the client's services name what changes something; whatever stands behind `.v1.` and is no read counts too.
WRITES = {
    "approve", "attach", "cancel", "capture", "close", "confirm", "create", "delete", "detach", "expire",
    "increment_authorization", "modify", "raw_request", "reject", "reverse", "update",
}  # fmt: skip


def knows_the_client(source: Source) -> bool:
    """Whether a file imports the provider's client."""
    return any(name.partition(".")[0] == "stripe" for _, name in source.imports())


def without_a_key(source: Source) -> Iterator[str]:
    """Calls of the client that change something and are not given `options=keyed`, or are made in disguise."""
    if not knows_the_client(source):
        return
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "getattr" and "v1" in ast.unparse(node):
            yield f"{source.path}:{node.lineno}: getattr"
        if not isinstance(node.func, ast.Attribute):
            continue
        verb = node.func.attr
        changes = verb in WRITES or (".v1." in dotted(node.func) and verb not in READS)
        options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}.get("options")
        if changes and options != "keyed":
            yield f"{source.path}:{node.lineno}: {verb}"


def test_nothing_is_changed_at_the_provider_without_a_key_of_ours() -> None:
    """The client makes a random key up where none is given, so that a repetition would charge twice."""
    bad = sample(
        "import stripe\n"
        "client.v1.payment_intents.create(params=params)\n"
        "client.v1.payment_intents.capture(name, options=options)\n"
        "client.v1.tax.transactions.create_reversal(params=params)\n"
        "services[what].create(params=params, options={})\n"
        "stripe.Refund.create(payment_intent=name)\n"
        "client.raw_request('post', '/v1/refunds')\n"
        "getattr(client.v1.refunds, verb)(params=params)\n"
    )
    assert len(faults(without_a_key, [bad])) == 7
    fine = sample(
        "import stripe\nclient.v1.refunds.create(params=params, options=keyed)\nclient.v1.refunds.retrieve(name)\n"
    )
    assert faults(without_a_key, [fine]) == []
    assert faults(without_a_key, [sample("import psycopg\nrows.update(more)\n")]) == []
    gateways = python("gateways")
    assert any(knows_the_client(source) for source in gateways)
    holds(without_a_key, gateways)


def test_the_key_is_ours_wherever_it_is_given() -> None:
    """`keyed` comes from one place, which refuses an empty key."""
    made = [
        ast.unparse(node)
        for source in python("gateways")
        for node in source.nodes
        if isinstance(node, ast.Dict)
        and any(isinstance(key, ast.Constant) and key.value == "idempotency_key" for key in node.keys)
    ]
    assert len(made) == 1
