"""The doctor's look at Temporal: version, search attributes, and that bookings find a worker of their build."""

import re

from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from cli.deployments import connect, versions
from cli.findings import Report, timed
from cli.ports import serves
from cli.processes import StackTrouble
from config.settings import Settings
from gateways.temporal_house import missing_search_attributes
from messages.build import build_id

# Older servers have CVE-2025-14986.
LEAST_TEMPORAL = (1, 29, 2)


async def look_at_temporal(settings: Settings, report: Report) -> None:
    """Connects, then looks at the server, the namespace and the worker deployment."""
    try:
        with timed() as watch:
            client = await connect(settings)
    except StackTrouble as trouble:
        report.bad("temporal", f"no answer on {settings.temporal_target}", str(trouble))
        return
    try:
        await _look_at_server(client, settings, report, watch.ms)
        await _look_at_builds(client, settings, report)
    except RPCError as trouble:
        report.bad(
            "temporal", f"refuses: {trouble.message}", "check TEMPORAL_NAMESPACE; `holdfast temporal` creates it"
        )


async def _look_at_server(client: Client, settings: Settings, report: Report, took_ms: float) -> None:
    version = (await client.workflow_service.get_system_info(GetSystemInfoRequest())).server_version
    detail = f"{version} at {settings.temporal_target}, namespace {client.namespace}"
    report.judge("temporal", is_new_enough(version), detail, "use Temporal server 1.29.2 or newer", took_ms=took_ms)
    missing = await missing_search_attributes(client)
    detail = f"missing: {', '.join(missing)}" if missing else "all there"
    report.judge("search attributes", not missing, detail, "run `holdfast temporal`")
    if not settings.temporal_address or settings.temporal_ui_url:
        host = settings.temporal_ui.removeprefix("http://").removeprefix("https://").partition("/")[0]
        name, _, port = host.partition(":")
        with timed() as watch:
            shows = await serves(name, int(port or 80), "/")
        mend = "see the temporal part's log lines, or correct HOLDFAST_TEMPORAL_UI_URL"
        report.judge("temporal ui", shows, settings.temporal_ui, mend, took_ms=watch.ms)


async def _look_at_builds(client: Client, settings: Settings, report: Report) -> None:
    now = await versions(client, settings.home)
    detail = f"{now.current or 'none'} is current, this tree is {build_id()}"
    report.judge("build", now.current == build_id(), detail, "start again (`make run`), or run `holdfast activate`")
    for older in now.older:
        what = f"build {older.build_id}"
        if older.has_copy:
            report.good(what, f"{older.open} open; its worker runs from the kept copy until they have moved")
        else:
            mend = "start that version once more and run `holdfast renew`, so that they move to the current build"
            report.bad(what, f"{older.open} open and no source copy: they wait", mend)


def is_new_enough(version: str) -> bool:
    """True for 1.29.2 and newer; a suffix such as -rc.1 is not looked at."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    return numbers >= LEAST_TEMPORAL
