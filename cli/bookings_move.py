"""`holdfast bookings move`: open bookings go on with another build, each only after its history replays there.

For bookings that renewal does not reach: parked by a fault of their build, or left behind by a build whose worker is
gone. Each one's history is first replayed with the target's own sources. What replays is routed there for one workflow
task and woken, so that it goes on from its row on the current build; what does not replay is refused and stays.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from cli import deployments
from cli.builds import environment_folder, folder_of, has_copy
from cli.deployments import OPEN_OF_BUILD, RENEWALS_PER_SECOND
from cli.processes import StackTrouble, guarded
from config.settings import Settings, child_environment
from messages.build import ROOT, build_id
from messages.names import DEPLOYMENT, RENEW_SIGNAL, workflow_id

BOOKINGS_OF_BUILD = "WorkflowType = 'BookingWorkflow' AND " + OPEN_OF_BUILD
REPLAYED_AT_ONCE = 25
REPLAY_SECONDS = 120.0
# A parked task is tried again at growing distances; one that is not seen moving by then is told so and still moves.
SEEN_MOVING_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.1
WELL = ("moved", "told", "there")
LOOKS = 3
MOVED_ON = "it moves on whenever its history is replayed; ask again when it is quiet"


@dataclass(frozen=True)
class Moved:
    """What became of one booking. outcome: moved, told (it moves with its next task), there, refused or not_open."""

    reference: str
    outcome: str
    detail: str


@dataclass(frozen=True)
class Chosen:
    """An open booking that is to move: its run, the length of its history then, and that history."""

    reference: str
    run_id: str
    build_id: str
    length: int
    history: str


def tell(outcomes: Sequence[Moved], say: Callable[[str], None], *, as_json: bool) -> None:
    """A line for each booking; for machines a line of JSON."""
    for one in outcomes:
        say(json.dumps(asdict(one)) if as_json else f"{one.reference}: {one.outcome.replace('_', ' ')}, {one.detail}")
    if not outcomes and not as_json:
        say("no booking is to be moved")


async def moved(settings: Settings, references: Sequence[str], *, all_of_build: str = "", to: str = "") -> list[Moved]:
    """Moves the named bookings and all open ones of a build; told booking by booking.

    to: the target's build id, the current build by default. Errors: StackTrouble when there is no such target.
    """
    client = await deployments.connect(settings)
    target = to or (await deployments.versions(client, settings.home)).current
    sources = sources_of(settings.home, target)
    wanted = list(dict.fromkeys([*references, *(await _of_build(client, all_of_build) if all_of_build else [])]))
    outcomes = []
    for first in range(0, len(wanted), REPLAYED_AT_ONCE):
        outcomes += await _move_some(client, settings, wanted[first : first + REPLAYED_AT_ONCE], target, sources)
    return outcomes


def sources_of(home: Path, target: str) -> Path:
    """Where the sources of the target are: this tree, or its kept copy; raises StackTrouble for any other build."""
    if not target:
        raise StackTrouble("no build is current yet: run `holdfast activate`, or name one with --to")
    if target == build_id():
        return ROOT
    if not has_copy(home, target):
        raise StackTrouble(
            f"build {target} is neither this tree nor kept in {home / 'builds'}, so nothing can be replayed with it; "
            "run this from its own tree"
        )
    return folder_of(home, target)


async def _of_build(client: Client, build: str) -> list[str]:
    query = BOOKINGS_OF_BUILD.format(deployment=DEPLOYMENT, build_id=build)
    return sorted([found.id.removeprefix(workflow_id("")) async for found in client.list_workflows(query)])


async def _move_some(
    client: Client, settings: Settings, references: Sequence[str], target: str, sources: Path
) -> list[Moved]:
    """Looks, replays, moves; in that order for all of them, so that one process replays them together.

    One that moves on meanwhile, if only because the worker that it waited for is given up, is looked at again.
    """
    outcomes: dict[str, Moved] = {}
    told: list[Chosen] = []
    left = list(references)
    for _ in range(LOOKS):
        looked = [await _look(client, reference, target) for reference in left]
        chosen = [one for one in looked if isinstance(one, Chosen)]
        refused = await replayed(settings, sources, {one.reference: one.history for one in chosen}) if chosen else {}
        outcomes |= {one.reference: one for one in looked if isinstance(one, Moved)}
        left = []
        for one in chosen:
            outcome = await _move_one(client, one, target, refused[one.reference])
            if outcome is None:
                left.append(one.reference)
            elif outcome.outcome == "told":
                told.append(one)
            outcomes[one.reference] = outcome or Moved(one.reference, "refused", MOVED_ON)
            await asyncio.sleep(1 / RENEWALS_PER_SECOND)
        if not left:
            break
    seen = await asyncio.gather(*(_is_seen_moving(client, one) for one in told))
    for one, moving in zip(told, seen, strict=True):
        if moving:
            outcomes[one.reference] = Moved(one.reference, "moved", f"from build {one.build_id} by way of {target}")
    return [outcomes[reference] for reference in references]


async def _look(client: Client, reference: str, target: str) -> Chosen | Moved:
    """The open booking with its history, or why there is nothing to move."""
    handle = client.get_workflow_handle(workflow_id(reference))
    try:
        described = await handle.describe()
    except RPCError as trouble:
        if trouble.status != RPCStatusCode.NOT_FOUND:
            raise
        return Moved(reference, "not_open", "it has no workflow")
    if described.status is not WorkflowExecutionStatus.RUNNING:
        return Moved(reference, "not_open", "its workflow has ended")
    build = build_of(described)
    if build == target:
        return Moved(reference, "there", f"it is on build {target}")
    length = described.history_length
    run = client.get_workflow_handle(workflow_id(reference), run_id=described.run_id)
    return Chosen(reference, described.run_id, build, length, (await run.fetch_history()).to_json())


def build_of(described: WorkflowExecutionDescription) -> str:
    """The build that a run belongs to; '' before its first task."""
    return described.raw_description.workflow_execution_info.versioning_info.deployment_version.build_id


async def replayed(settings: Settings, sources: Path, histories: Mapping[str, str]) -> dict[str, str]:
    """Why each history does not replay with the story of those sources; '' for one that does."""
    environment = None if sources == ROOT else environment_folder(settings.home, sources.name)
    program = str(environment / "bin" / "python") if environment else sys.executable
    lines = [json.dumps({"id": workflow_id(name), "history": history}) for name, history in histories.items()]
    given = {"PYTHONPATH": str(sources), "HOLDFAST_SECRET_KEY": settings.secret_key.get_secret_value()}
    with tempfile.TemporaryDirectory(prefix="holdfast-replay-") as folder:
        answers = Path(folder) / "answers"
        process = await asyncio.create_subprocess_exec(
            *guarded([program, "-m", "worker.replay", str(answers)]),
            cwd=sources,
            env=child_environment(given),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(REPLAY_SECONDS):
                _, words = await process.communicate("".join(f"{line}\n" for line in lines).encode())
        except TimeoutError:
            process.kill()
            raise StackTrouble(f"replaying {len(lines)} histories took more than {REPLAY_SECONDS:g} s") from None
        told = answers.read_text(encoding="utf-8").splitlines() if answers.is_file() else []
    if process.returncode or len(told) != len(lines):
        last = words.decode(errors="replace").strip().splitlines()[-1:]
        raise StackTrouble(f"the sources in {sources} can't replay histories: {' '.join(last) or 'no word'}")
    return {name: str(json.loads(line)["refused"]) for name, line in zip(histories, told, strict=True)}


async def _move_one(client: Client, one: Chosen, target: str, refused: str) -> Moved | None:
    """What came of it; None for one that is not any more what was replayed."""
    if refused:
        return Moved(one.reference, "refused", f"its history does not replay on build {target}: {refused}")
    run = client.get_workflow_handle(workflow_id(one.reference), run_id=one.run_id)
    now = await run.describe()
    if now.status is not WorkflowExecutionStatus.RUNNING or now.history_length != one.length:
        return None
    try:
        await route_once(client, one, target)
        await run.signal(RENEW_SIGNAL)
    except RPCError as trouble:
        return Moved(one.reference, "refused", f"the server says: {trouble.message}")
    return Moved(one.reference, "told", f"it moves from build {one.build_id} to {target} with its next task")


async def route_once(client: Client, one: Chosen, target: str) -> None:
    """The next workflow task goes to the target, whatever build the booking is pinned to.

    Once is enough, and more would harm: a lasting override is inherited by every later run, which would hold the
    booking to the target for good.
    """
    version = WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=target)
    once = VersioningOverride.OneTimeOverride(target_deployment_version=version)
    request = UpdateWorkflowExecutionOptionsRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow_id(one.reference), run_id=one.run_id),
        workflow_execution_options=WorkflowExecutionOptions(versioning_override=VersioningOverride(one_time=once)),
        identity="holdfast",
    )
    request.update_mask.paths.append("versioning_override")
    await client.workflow_service.update_workflow_execution_options(request)


async def _is_seen_moving(client: Client, one: Chosen) -> bool:
    """Waits for a moment until the booking goes on in a new run, which its target has begun."""
    handle = client.get_workflow_handle(workflow_id(one.reference))
    try:
        async with asyncio.timeout(SEEN_MOVING_SECONDS):
            while True:
                described = await handle.describe()
                if described.run_id != one.run_id and build_of(described) not in ("", one.build_id):
                    return True
                await asyncio.sleep(LOOK_EVERY_SECONDS)
    except TimeoutError:
        return False
