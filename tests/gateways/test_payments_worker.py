"""The payments queue in earnest: a story's order through Temporal, the worker, Postgres and the payment stand-in."""

from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import Worker

from config.settings import Settings
from domain.payments import How, PayState, Seen, Verb
from messages.converter import data_converter
from messages.payments import PAYMENTS_QUEUE, ProviderOrder
from store.session import Database
from tests.doubles.stripe_running import KEY
from tests.gateways.till import AMOUNT_MINOR, Till
from worker.build import runner
from worker.payments import payments_worker

QUEUE = "payments-worker-test"


@workflow.defn(name="OneOrder")
class OneOrder:
    """Gives one order, again and again until it is carried out, as a booking's story does."""

    @workflow.run
    async def run(self, order: ProviderOrder) -> Seen:
        """The order's outcome."""
        return await workflow.execute_activity(
            "carry_out",
            order,
            result_type=Seen,
            task_queue=PAYMENTS_QUEUE,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=5),
        )


async def test_an_order_is_tried_again_by_temporal_until_its_one_charge_is_known(
    till: Till, temporal_target: str, database: Database
) -> None:
    await till.paid(till.payment(amount=0))
    order = till.order(Verb.CHARGE, till.payment(2, How.OFF_SESSION))
    till.double.fault("cut", path="/v1/payment_intents", method="POST", times=2)
    settings = Settings.model_validate({"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": till.double.address})
    client = await Client.connect(temporal_target, data_converter=data_converter("a key"))
    telling = Worker(client, task_queue=QUEUE, workflows=[OneOrder], workflow_runner=runner())
    async with telling, payments_worker(client, database, settings, versioned=False):
        name = f"one-order-{till.booking.reference}"
        handle = await client.start_workflow("OneOrder", order, id=name, task_queue=QUEUE, result_type=Seen)
        seen = await handle.result()
    assert (seen.state, seen.captured_minor, till.taken()) == (PayState.CAPTURED, AMOUNT_MINOR, [AMOUNT_MINOR])
    assert till.double.planned() == []
    history = (await handle.fetch_history()).to_json()
    assert not [word for word in ("_secret_", "client_secret", "payment_method_details") if word in history]
