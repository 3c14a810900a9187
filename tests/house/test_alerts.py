"""Alert rules and dashboard against the running system: what they name is really told, and each alert is explained."""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from httpx import ASGITransport, AsyncClient
from temporalio.client import Client
from temporalio.service import RPCError

from api.app import create_app
from api.routes.platform import platform
from config.settings import Settings
from domain.stay import StayDates
from messages.bookings import BookingStart
from messages.converter import data_converter
from messages.names import BOOKINGS_QUEUE
from store.session import Database
from tests.house.tree import ROOT
from tests.story.conftest import own_namespace
from tests.story.world import SECRET, Life, build_house, connect
from worker.build import bookings_worker
from worker.main import counted_repairs, runtime
from worker.notices import counted_by

ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((ROOT / "ops/alerts.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "ops/grafana/holdfast.json").read_text("utf-8"))
PROMETHEUS: dict[str, Any] = yaml.safe_load((ROOT / "ops/prometheus.yml").read_text("utf-8"))
RUNBOOK = (ROOT / "docs/runbook.md").read_text("utf-8")
# Told by Prometheus itself of whatever it looks at.
ITS_OWN = {"up": {"job", "instance"}}
# Labels that Prometheus adds to whatever it finds.
ADDED = {"job", "instance"}
# The client library's own parser gives counters another name, so the lines are read as Prometheus reads them.
SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="(?:[^"\\]|\\.)*"')
MACROS = {"$__rate_interval": "5m", "$hotel": ".*"}


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression with where it stands."""
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            expression = target["expr"]
            for macro, meaning in MACROS.items():
                expression = expression.replace(macro, meaning)
            yield panel["title"], expression


def selectors(part: Any) -> Iterator[promql_parser.VectorSelector]:
    """The metrics that an expression reads."""
    if isinstance(part, promql_parser.VectorSelector):
        yield part
    elif isinstance(part, promql_parser.MatrixSelector):
        yield part.vector_selector
    elif isinstance(part, promql_parser.BinaryExpr):
        yield from selectors(part.lhs)
        yield from selectors(part.rhs)
    elif isinstance(part, promql_parser.Call):
        for argument in part.args:
            yield from selectors(argument)
    elif isinstance(part, promql_parser.AggregateExpr | promql_parser.ParenExpr | promql_parser.SubqueryExpr):
        yield from selectors(part.expr)


def faults(told: dict[str, set[str]], routes: set[str], where: str, expression: str) -> Iterator[str]:
    """What an expression names that nobody tells: a metric, one of its labels, or a route."""
    found = list(selectors(promql_parser.parse(expression)))
    if not found:
        yield f"{where}: reads nothing"
    for one in found:
        if one.name not in told:
            yield f"{where}: {one.name}"
            continue
        for matcher in one.matchers.matchers:
            if matcher.name not in told[one.name] | ADDED:
                yield f"{where}: {one.name} has no {matcher.name}"
            pattern = re.escape(matcher.value) if matcher.op == promql_parser.MatchOp.Equal else matcher.value
            if matcher.name == "route" and not any(re.fullmatch(pattern, route) for route in routes):
                yield f"{where}: no route {matcher.value}"


def read(page: str, told: dict[str, set[str]]) -> None:
    """Adds what a page of metrics tells: each name exactly as it is queried, with its labels."""
    for name, labels in SAMPLE.findall(page):
        told[name].update(LABEL.findall(labels))


@pytest.fixture(scope="module")
def told(app_url: str, ops_url: str, owner_url: str, temporal_target: str, free_port: Any) -> dict[str, set[str]]:
    """What a running API and a running worker tell, after a booking, some trouble, and a story with a bug in it."""
    values: dict[str, Any] = {
        "app_database_url": app_url,
        "ops_database_url": ops_url,
        "temporal_address": temporal_target,
        "temporal_namespace": asyncio.run(own_namespace(temporal_target)),
        "secret_key": SECRET,
        "metrics_port": free_port(),
    }
    return asyncio.run(collected(Settings(**values), owner_url))


async def collected(settings: Settings, owner_url: str) -> dict[str, set[str]]:
    """Both pages of metrics."""
    names: dict[str, set[str]] = defaultdict(set)
    await work(settings, owner_url, names)
    app = create_app(settings)
    async with app.router.lifespan_context(app), AsyncClient(transport=ASGITransport(app), base_url="http://x") as api:
        await api.get("/healthz")
        read((await api.get("/metrics")).text, names)
    return names


async def work(settings: Settings, owner_url: str, names: dict[str, set[str]]) -> None:
    """Lets a worker meet what makes its metrics appear."""
    own_runtime = runtime(settings)
    client = await Client.connect(
        settings.temporal_target,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(SECRET),
        runtime=own_runtime,
    )
    counted_by(own_runtime)("received", "sent")
    counted_repairs(own_runtime)("resumed", 1)
    database = Database(settings.app_database_url, pool_size=2)
    await database.open()
    arrival = datetime.now(UTC).date() + timedelta(days=30)
    life = Life(client, owner_url, build_house(owner_url), StayDates(arrival, arrival + timedelta(days=1)))
    async with bookings_worker(client, database, SECRET, versioned=False):
        await replace(life).begin(late=True)
        broken = await client.start_workflow("BookingWorkflow", BookingStart(), id="broken", task_queue=BOOKINGS_QUEUE)
        with pytest.raises(RPCError):
            await client.get_workflow_handle("nobody").describe()
        with connect(owner_url) as db:
            db.execute("ALTER TABLE guests RENAME TO guests_away")
            opening = asyncio.create_task(life.begin())
            try:
                await until_told(settings, names, "temporal_activity_schedule_to_start_latency_bucket")
            finally:
                db.execute("ALTER TABLE guests_away RENAME TO guests")
        await opening
        await life.approve()
        for wanted in ("temporal_workflow_task_execution_failed", "temporal_sticky_cache_hit"):
            await until_told(settings, names, wanted)
        await broken.terminate()
    await database.close()


async def until_told(settings: Settings, names: dict[str, set[str]], wanted: str) -> None:
    """Reads the worker's metrics until one has appeared."""
    async with asyncio.timeout(30), AsyncClient() as http:
        while wanted not in names:
            page = await http.get(f"http://{settings.host}:{settings.metrics_port}/metrics")
            read(page.text, names)
            await asyncio.sleep(0.1)


def test_every_metric_that_an_alert_or_a_panel_names_is_told(told: dict[str, set[str]]) -> None:
    """By its real name and with its real labels, so that no rule waits for what never comes."""
    told = {**told, **ITS_OWN}
    routes = {getattr(route, "path", "") for route in create_app(Settings()).routes}
    assert list(faults(told, routes, "sample", 'rate(nobody_tells_this{a="b"}[5m]) > 1')) == [
        "sample: nobody_tells_this"
    ]
    wrong_label = 'sum(holdfast_bookings_open{hotle="malabar"})'
    assert list(faults(told, routes, "sample", wrong_label)) == ["sample: holdfast_bookings_open has no hotle"]
    wrong_route = 'holdfast_http_requests_total{route="/nowhere"}'
    assert list(faults(told, routes, "sample", wrong_route)) == ["sample: no route /nowhere"]
    found = [fault for where, expression in expressions() for fault in faults(told, routes, where, expression)]
    assert found == []


def test_no_metric_names_a_booking_or_a_person(told: dict[str, set[str]]) -> None:
    """Labels are hotels, statuses, routes by template, and Temporal's own kinds."""
    ours = {label for name, labels in told.items() if name.startswith("holdfast_") for label in labels}
    assert ours <= {"hotel", "status", "hours", "route", "method", "le", "state", "kind", "service_name"}
    everywhere = {label for labels in told.values() for label in labels}
    assert everywhere.isdisjoint({"reference", "workflow_id", "run_id", "email", "name", "guest"})


def section(alert: str) -> str:
    """What the runbook says of an alert."""
    match = re.search(rf"^### {alert}\n+(.*?)(?=^#|\Z)", RUNBOOK, flags=re.MULTILINE | re.DOTALL)
    return match[1].strip() if match else ""


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_it_means_and_what_to_do(rule: dict[str, Any]) -> None:
    """In the rule in short, in the runbook's section of its name at length."""
    said = rule["annotations"]
    assert said.keys() == {"summary", "description", "runbook"}
    assert all(said.values())
    assert said["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    assert rule["labels"]["severity"] in {"page", "morning"}
    assert len(section(rule["alert"])) > 150, "the runbook has no section of this alert, or says next to nothing in it"


def test_the_runbook_explains_no_alert_that_is_not_there() -> None:
    """A section that no rule leads to is out of date."""
    _, _, chapter = RUNBOOK.partition("\n## Alerts\n")
    explained = re.findall(r"^### (\w+)$", chapter.partition("\n## ")[0], flags=re.MULTILINE)
    assert explained == [rule["alert"] for rule in ALERTS]
    assert len(set(explained)) == len(explained)


def test_the_dashboard_can_be_imported_anywhere() -> None:
    """Its panels have numbers of their own, do not lie on each other, and ask the source that is chosen at the top."""
    panels = DASHBOARD["panels"]
    numbers = [panel["id"] for panel in panels]
    assert len(set(numbers)) == len(numbers)
    chosen = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert (chosen["datasource"]["type"], chosen["datasource"]["query"]) == ("datasource", "prometheus")
    squares = [
        (place["x"] + x, place["y"] + y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["w"])
        for y in range(place["h"])
    ]
    assert len(set(squares)) == len(squares)
    assert max(x for x, _ in squares) < 24
    for panel in panels:
        asked = [panel, *panel["targets"]] if panel["type"] != "row" else []
        assert [one["datasource"]["uid"] for one in asked] == ["${datasource}"] * len(asked), panel["title"]
        assert panel["type"] == "row" or (panel["description"] and panel["targets"]), panel["title"]


def test_prometheus_looks_where_the_rules_expect_it() -> None:
    """The jobs that rules name, at the services of docker-compose.yml, on the path where metrics are."""
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in PROMETHEUS["scrape_configs"]}
    named = {job for _, expression in expressions() for job in re.findall(r'job="([^"]+)"', expression)}
    assert named == set(jobs)
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    for target in (target for targets in jobs.values() for target in targets):
        name, _, port = target.partition(":")
        assert any(mapping.endswith(f":{port}") for mapping in services[name]["ports"]), target
    assert PROMETHEUS["rule_files"] == ["alerts.yml"]
    assert httpx.URL("http://x/metrics").path in {route.path for route in platform.routes}  # type: ignore[attr-defined]
