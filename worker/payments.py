"""Wires the written calls and the payment provider into the worker that carries bookings' orders out."""

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.connect import ConnectActivities
from activities.disputes import DisputeActivities
from activities.payments import CALLS_AT_ONCE, PaymentActivities
from config.settings import Settings
from gateways.stripe_cashier import StripeCashier
from gateways.stripe_connect import StripeConnect
from gateways.stripe_disputes import StripeDisputes
from gateways.stripe_line import StripeLine
from messages.payments import PAYMENTS_QUEUE
from store.disputes import Disputes
from store.provider_calls import ProviderCalls
from store.session import Database
from store.stripe_accounts import StripeAccounts
from worker.build import deployment, runner
from workflows.connect import ConnectWorkflow
from workflows.disputes import DisputeWorkflow

# The double answers to any test key; it only has to be there.
DEMO_KEY = "sk_test_holdfast_demo"
# Of all workers together, so that a crowd of bookings stays below what the provider takes from one account.
ORDERS_A_SECOND = 20


def line(settings: Settings) -> StripeLine:
    """Stripe with its own key, or the double of the local stack."""
    key = settings.stripe_api_key.get_secret_value()
    if key:
        return StripeLine(key, settings.stripe_api_base)
    return StripeLine(DEMO_KEY, settings.stripe_api_base or f"http://{settings.host}:{settings.stripe_double_port}")


def payments_worker(client: Client, database: Database, settings: Settings, *, versioned: bool = True) -> Worker:
    """The worker of the payments queue. `versioned` False serves every build."""
    stripe, calls, accounts = line(settings), ProviderCalls(database), StripeAccounts(database)
    activities = PaymentActivities(calls, accounts, StripeCashier(stripe, settings.base_url))
    connect = ConnectActivities(calls, accounts, StripeConnect(stripe, settings.base_url))
    disputes = DisputeActivities(Disputes(database), StripeDisputes(stripe))
    return Worker(
        client,
        task_queue=PAYMENTS_QUEUE,
        workflows=[ConnectWorkflow, DisputeWorkflow],
        activities=[
            activities.carry_out,
            connect.open_account,
            connect.look_at_account,
            connect.make_account_page,
            disputes.look_at_dispute,
        ],
        workflow_runner=runner(),
        max_cached_workflows=20,
        deployment_config=deployment() if versioned else None,
        max_concurrent_activities=CALLS_AT_ONCE,
        max_task_queue_activities_per_second=ORDERS_A_SECOND,
        activity_task_poller_behavior=PollerBehaviorAutoscaling(initial=1, maximum=4),
    )
