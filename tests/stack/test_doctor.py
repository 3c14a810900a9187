"""The doctor: what it finds on this machine, on a database and on a Temporal server, and how it says so."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from cli.deployments import connect
from cli.doctor import NOTHING_RUNS, differing_packages, look_at_secrets
from cli.doctor_database import look_at_database, plain
from cli.doctor_temporal import is_new_enough, look_at_temporal
from cli.findings import Finding, Report
from cli.ports import free_port
from config.settings import DEMO_SECRET, Settings
from gateways.temporal_house import prepare_server
from messages.build import ROOT, build_id
from tests.stack.children import environment


def of(report: Report, what: str) -> Finding:
    return next(finding for finding in report.findings if finding.what == what)


def test_where_nothing_runs_the_doctor_says_how_to_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "doctor"]
    given = environment(HOLDFAST_HOME=str(tmp_path / "home"), HOLDFAST_PORT=str(free_port()))
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert NOTHING_RUNS in done.stdout
    assert not (tmp_path / "home").exists(), "looking must not create anything"
    done = subprocess.run(
        [*command, "--json"], cwd=ROOT, env=given, capture_output=True, text=True, timeout=60, check=False
    )
    answer = json.loads(done.stdout)
    assert answer["well"] is False
    assert [found["what"] for found in answer["findings"] if not found["well"]] == ["stack"]


def test_a_wrong_setting_is_named_with_its_variable() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "doctor"],
        cwd=ROOT, env=environment(HOLDFAST_API_PROCESSES="99"), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("HOLDFAST_API_PROCESSES: ")


async def test_a_migrated_database_is_found_well(fresh_url: str) -> None:
    report = Report()
    await look_at_database(Settings(database_url=fresh_url), report)
    assert [finding.detail for finding in report.findings if not finding.well] == []
    assert of(report, "role holdfast_app").detail == "is bound by row security"
    assert of(report, "application's login").detail == "as holdfast_app"


async def test_a_database_behind_the_code_is_told_with_the_command_that_mends_it(fresh_url: str) -> None:
    with psycopg.connect(plain(fresh_url)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0006'")
    report = Report()
    await look_at_database(Settings(database_url=fresh_url), report)
    assert of(report, "schema").mend == "run `holdfast migrate`"
    assert "revision 0006" in of(report, "schema").detail


async def test_a_database_that_does_not_answer_is_told() -> None:
    report = Report()
    await look_at_database(Settings(database_url=f"postgresql://nobody@127.0.0.1:{free_port()}/none"), report)
    assert "DATABASE_URL" in of(report, "postgres").mend


async def test_a_server_without_this_build_is_told_with_the_command_that_activates_it(
    temporal_target: str, tmp_path: Path
) -> None:
    settings = Settings(temporal_address=temporal_target, temporal_namespace="doctor", home=tmp_path)
    await prepare_server(await connect(settings))
    report = Report()
    await look_at_temporal(settings, report)
    assert of(report, "temporal").well
    assert of(report, "search attributes").well
    assert not of(report, "build").well
    assert of(report, "build").detail == f"none is current, this tree is {build_id()}"
    assert "`holdfast activate`" in of(report, "build").mend


async def test_an_unknown_namespace_is_told_with_the_command_that_creates_it(temporal_target: str) -> None:
    report = Report()
    await look_at_temporal(Settings(temporal_address=temporal_target, temporal_namespace="nowhere"), report)
    assert [finding.mend for finding in report.findings if not finding.well][-1].endswith(
        "`holdfast temporal` creates it"
    )


def test_outside_demo_mode_the_public_key_is_wrong() -> None:
    for demo, secret, well in ((True, DEMO_SECRET, True), (False, DEMO_SECRET, False), (False, "x" * 40, True)):
        report = Report()
        look_at_secrets(Settings.model_construct(demo=demo, secret_key=Settings(secret_key=secret).secret_key), report)
        assert report.well is well


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.29.1", False), ("1.29.2", True), ("1.32.0", True), ("1.30.0-rc.1", True), ("1.28.9", False), ("2.0", True)],
)
def test_servers_with_a_known_hole_are_refused(version: str, expected: bool) -> None:
    assert is_new_enough(version) is expected


def test_a_package_of_another_version_than_the_lock_file_says_is_named() -> None:
    installed = psycopg.__version__
    assert differing_packages("psycopg==0.0.1 \\\n    --hash=sha256:00\nnot-installed-here==9\n") == [
        f"psycopg {installed} (locked 0.0.1)"
    ]
    # One package may be locked twice, each version for some Pythons.
    assert differing_packages(f"psycopg==0.0.1 ; python_full_version < '3'\npsycopg=={installed}\n") == []


def test_every_trouble_is_printed_with_its_remedy() -> None:
    report = Report()
    report.good("postgres", "18.6", took_ms=4.2)
    report.bad("schema", "revision 1, the code's is 2", "run `holdfast migrate`")
    first, second, remedy, last = report.lines()
    assert first.startswith("ok     postgres  18.6 (4 ms)")
    assert second.startswith("WRONG  schema    revision 1")
    assert remedy.strip() == "→ run `holdfast migrate`"
    assert last == "1 wrong, see the arrows"
