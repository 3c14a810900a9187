"""Wires the notices' store, letters and mail provider into their worker."""

from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.notices import NoticeActivities
from config.settings import Settings
from gateways.letters import Letters
from gateways.postmark import PostmarkMailer
from messages.notices import NOTICES_QUEUE
from store.notices import Count, NoticeStore
from store.session import Database
from worker.build import deployment, runner
from workflows.notices import NoticesWorkflow

# The double answers to any token; it only has to be there.
DEMO_TOKEN = "demo"  # noqa: S105


def counted_by(runtime: Runtime) -> Count:
    """Counts what became of notices on the worker's metrics page: holdfast_notices_total{kind, state}."""
    ended = runtime.metric_meter.create_counter("holdfast_notices_total", "Notices that ended, by kind and state.")

    def count(kind: str, state: str) -> None:
        ended.add(1, {"kind": kind, "state": state})

    return count


def mailer(settings: Settings) -> PostmarkMailer:
    """Postmark with its own token, or the double of the local stack."""
    token = settings.postmark_token.get_secret_value()
    if token:
        return PostmarkMailer(token, settings.postmark_api_base, track_opens=settings.mail_track_opens)
    double = settings.postmark_api_base or f"http://{settings.host}:{settings.mail_double_port}"
    return PostmarkMailer(DEMO_TOKEN, double, track_opens=settings.mail_track_opens)


def notices_worker(client: Client, database: Database, settings: Settings) -> Worker:
    """The worker of the notices queue; a few batches at a time are plenty, since each hotel has one workflow."""
    letters = Letters(settings.base_url, settings.secret_key.get_secret_value(), settings.mail_from)
    count = counted_by(client.service_client.config.runtime or Runtime.default())
    activities = NoticeActivities(NoticeStore(database, count), mailer(settings), letters)
    return Worker(
        client,
        task_queue=NOTICES_QUEUE,
        workflows=[NoticesWorkflow],
        activities=[activities.claim, activities.send, activities.hold, activities.look_up],
        workflow_runner=runner(),
        deployment_config=deployment(),
        max_cached_workflows=50,
        max_concurrent_activities=8,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(initial=1, maximum=4),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(initial=1, maximum=4),
    )
