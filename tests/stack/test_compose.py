"""docker-compose.yml and the Dockerfile against the code: there is no engine here, so they are read."""

import importlib.util
import re
import tomllib
from typing import Any

import pytest
import yaml

from cli.main import app
from config.settings import DEMO_SECRET, Settings
from messages.build import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
ONE_SHOT = {"temporal-schema", "migrate", "activate"}
VENDOR_VARIABLES = {
    "postgres": {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"},
    "temporal-schema": {"SQL_PLUGIN", "SQL_HOST", "SQL_PORT", "SQL_USER", "SQL_PASSWORD"},
    "temporal": {
        "DB", "DB_PORT", "POSTGRES_SEEDS", "POSTGRES_USER", "POSTGRES_PWD", "BIND_ON_IP", "DYNAMIC_CONFIG_FILE_PATH",
    },
    "temporal-ui": {"TEMPORAL_ADDRESS", "TEMPORAL_CODEC_ENDPOINT", "TEMPORAL_CODEC_INCLUDE_CREDENTIALS"},
}  # fmt: skip
PORTS = {
    ("api", 8000): "HOLDFAST_PORT",
    ("temporal", 7233): "HOLDFAST_TEMPORAL_PORT",
    ("temporal-ui", 8080): "HOLDFAST_TEMPORAL_UI_PORT",
    ("doubles", 8025): "HOLDFAST_MAIL_DOUBLE_PORT",
    ("doubles", 8420): "HOLDFAST_STRIPE_DOUBLE_PORT",
    ("worker", 9464): "HOLDFAST_METRICS_PORT",
}


def read_variables() -> set[str]:
    """Every variable that the settings read."""
    return {
        str(field.validation_alias) if field.validation_alias else f"HOLDFAST_{name.upper()}"
        for name, field in Settings.model_fields.items()
    }


def default_of(variable: str) -> str:
    """What the settings take when a variable is not set."""
    return str(Settings.model_fields[variable.removeprefix("HOLDFAST_").lower()].default)


def words_of(service: dict[str, Any]) -> str:
    return " ".join([*service.get("entrypoint", []), *service.get("command", [])])


def test_the_services_are_the_parts_of_the_system() -> None:
    assert {"migrate", "activate", "worker", "api", "doubles"} == OURS
    assert set(SERVICES) - OURS == {"postgres", "temporal-schema", "temporal", "temporal-ui"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - OURS))
def test_every_image_of_a_vendor_is_pinned(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].partition(":")
    assert re.match(r"\d+\.\d+", tag), "a tag that moves would change the system without a commit"


def test_temporal_is_never_older_than_the_doctor_allows() -> None:
    from cli.doctor_temporal import is_new_enough

    assert is_new_enough(SERVICES["temporal"]["image"].partition(":")[2])
    assert SERVICES["temporal"]["image"].partition(":")[2] == SERVICES["temporal-schema"]["image"].partition(":")[2]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_variable_is_read_by_somebody(name: str) -> None:
    known = read_variables() if name in OURS else VENDOR_VARIABLES[name]
    assert set(SERVICES[name].get("environment", {})) <= known


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_of_ours_exists(name: str) -> None:
    words = words_of(SERVICES[name])
    modules = re.findall(r"python -m (\S+)", words)
    commands = re.findall(r"holdfast (\w+)", words)
    assert modules or commands
    for module in modules:
        assert importlib.util.find_spec(module) is not None
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert set(commands) <= known


def test_the_console_script_is_the_cli() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"holdfast": "cli.main:main"}
    assert "exec python -m cli.main" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_every_long_running_service_tells_its_health(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert check["retries"] > 0
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_a_step_is_not_repeated_for_ever(name: str) -> None:
    assert SERVICES[name]["restart"] == "on-failure:5"


def test_every_service_waits_for_what_it_needs() -> None:
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert how == {"condition": expected}
    assert "activate" in SERVICES["api"]["depends_on"]
    assert "worker" in SERVICES["activate"]["depends_on"]
    assert "migrate" in SERVICES["worker"]["depends_on"]


def test_ports_are_those_of_make_run_and_moved_by_the_same_variables() -> None:
    found = {}
    for name, service in SERVICES.items():
        for mapping in service.get("ports", []):
            matched = re.fullmatch(
                r"(?:127\.0\.0\.1|\$\{HOLDFAST_PUBLISHED_ON:-127\.0\.0\.1\}):\$\{(\w+):-(\d+)\}:(\d+)", mapping
            )
            assert matched, mapping
            variable, outside, inside = matched.groups()
            assert outside == default_of(variable)
            found[name, int(inside)] = variable
    assert found == PORTS


def test_a_demo_in_containers_is_for_this_machine_only() -> None:
    """They listen on every address inside; the one that is published is the one that is judged."""
    assert "HOLDFAST_HOST=0.0.0.0" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for name in OURS:
        assert SERVICES[name]["environment"]["HOLDFAST_PUBLISHED_ON"] == "${HOLDFAST_PUBLISHED_ON:-127.0.0.1}"
    everywhere = "0.0.0.0"  # noqa: S104 - the address inside the container.
    Settings(host=everywhere, published_on="127.0.0.1", public_url="http://localhost:8000").check_safe()


def test_health_checks_ask_the_port_that_the_service_listens_on() -> None:
    for name in sorted(OURS - ONE_SHOT):
        asked = int(re.findall(r"127\.0\.0\.1:(\d+)/", " ".join(SERVICES[name]["healthcheck"]["test"]))[0])
        listens = {int(mapping.rpartition(":")[2]) for mapping in SERVICES[name]["ports"]}
        assert asked in listens
        assert str(asked) in SERVICES[name]["environment"].values()


def test_only_the_migrations_may_act_as_the_owner() -> None:
    assert [name for name in sorted(SERVICES) if "DATABASE_URL" in SERVICES[name].get("environment", {})] == ["migrate"]
    for name in OURS:
        assert "//holdfast_app:" in SERVICES[name]["environment"]["HOLDFAST_APP_DATABASE_URL"]
        assert "//holdfast_ops:" in SERVICES[name]["environment"]["HOLDFAST_OPS_DATABASE_URL"]


def test_the_demo_key_is_the_one_that_the_doctor_knows() -> None:
    key = SERVICES["api"]["environment"]["HOLDFAST_SECRET_KEY"]
    assert key == f"${{HOLDFAST_SECRET_KEY:-{DEMO_SECRET}}}"


def test_the_image_runs_as_an_ordinary_user_from_the_lock_file() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER holdfast"]
    assert {line.split()[1] for line in lines if line.startswith("FROM ")} == {"python:3.13-slim-trixie"}
    assert any("--require-hashes" in line for line in lines)
