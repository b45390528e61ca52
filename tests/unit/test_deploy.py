"""The files for Docker, Prometheus and systemd: of the right form, and what they name is there. Nothing is run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from connector.settings.reading import load_settings
from connector.settings.whole import Settings
from tests.unit.test_docs import COMMANDS, settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "config" / "deploy"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.moodle.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SCHEMA = json.loads((ROOT / "tests" / "data" / "compose-spec" / "compose-spec.json").read_text("utf-8"))
OWN_IMAGES = {"moodle-connector:0.1.0", "moodle-connector-moodle:4.5"}
METRICS = set(
    re.findall(r"^\| `((?:training|connector|http)_\w+)` \|", (ROOT / "docs/operations.md").read_text(), re.M)
)


def each(field: str) -> Iterator[tuple[str, Any]]:
    """Entries of a list that services have, with the service's name."""
    for name, service in SERVICES.items():
        yield from ((name, entry) for entry in service.get(field, ()))


def variables() -> dict[str, str]:
    return {name: value for service in SERVICES.values() for name, value in service.get("environment", {}).items()}


# ---------------------------------------------------------------- Compose
def test_the_compose_file_is_of_the_right_form() -> None:
    """As the schema of the Compose Specification has it."""
    jsonschema.validate(COMPOSE, SCHEMA)


@pytest.mark.parametrize("wrong", [{"prots": []}, {"ports": "8080"}, {"restart": True}, {"depends_on": {"x": {}}}])
def test_the_schema_would_see_a_mistake(wrong: dict[str, Any]) -> None:
    """A misspelt key and a value of another kind are refused."""
    services = {**SERVICES, "connector": {**SERVICES["connector"], **wrong}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**COMPOSE, "services": services}, SCHEMA)


def test_what_it_names_of_the_checkout_is_there() -> None:
    """Contexts, Dockerfiles, mounted files; secrets are made by the script."""
    for service in SERVICES.values():
        if build := service.get("build"):
            assert (ROOT / build["context"] / build.get("dockerfile", "Dockerfile")).is_file()
    mounted = {entry.split(":")[0] for _, entry in each("volumes") if entry.startswith("./")}
    assert len(mounted) == 3
    assert all((ROOT / path).is_file() for path in mounted), mounted


def test_what_it_names_of_itself_is_there() -> None:
    """Services that are waited for, volumes, and secrets; and nothing is declared that nobody uses."""
    assert {name for _, name in each("depends_on")} <= set(SERVICES)
    named = {entry.split(":")[0] for _, entry in each("volumes") if re.match(r"\w", entry)}
    assert named == set(COMPOSE["volumes"])
    assert {name for _, name in each("secrets")} == set(COMPOSE["secrets"])
    files = {value.removeprefix("/run/secrets/") for value in variables().values() if value.startswith("/run/")}
    assert files <= set(COMPOSE["secrets"])
    for service in SERVICES.values():
        own = {v.removeprefix("/run/secrets/") for k, v in service.get("environment", {}).items() if "_FILE" in k}
        assert own <= set(service.get("secrets", ()))


def test_its_settings_and_commands_are_ours() -> None:
    """Variables are settings, and each command of our image is one of the command line."""
    known = {f"CONNECTOR_{name.replace('.', '__').upper()}" for name in settings(Settings)} | {"CONNECTOR_CONFIG"}
    assert {name for name in variables() if name.startswith("CONNECTOR_")} <= known
    ours = [tuple(one["command"]) for one in SERVICES.values() if one.get("image") == "moodle-connector:0.1.0"]
    assert set(ours) == {("serve",), ("db", "upgrade")}
    assert set(ours) <= set(COMMANDS)


def test_the_settings_within_the_container_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the secrets that the script makes, `serve` would find its database, Moodle and tokens."""
    for name in [name for name in os.environ if name.startswith("CONNECTOR_")]:
        monkeypatch.delenv(name)
    made(tmp_path / "secrets")
    (tmp_path / "secrets/moodle_token").write_text("0123\n")
    (tmp_path / "connector.toml").write_text("")
    for name, value in SERVICES["connector"]["environment"].items():
        text = value.replace("/run/secrets", str(tmp_path / "secrets")).replace("/data/config", str(tmp_path))
        monkeypatch.setenv(name, text)
    found = load_settings()
    assert re.fullmatch(
        r"postgresql://connector:[0-9a-f]{48}@postgres/connector", found.database_url.get_secret_value()
    )
    assert (found.moodle_token(), len(found.service.scrape_token() or "")) == ("0123", 48)
    assert found.moodle.url == SERVICES["moodle"]["environment"]["MOODLE_URL"]


def test_moodle_has_one_address_for_all() -> None:
    """It answers to its own address only: the alias, the port within and the port outside are those of the address."""
    host, port = SERVICES["moodle"]["environment"]["MOODLE_URL"].removeprefix("http://").split(":")
    assert SERVICES["moodle"]["networks"]["default"]["aliases"] == [host]
    assert SERVICES["moodle"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    dockerfile = (DEPLOY / "moodle" / "Dockerfile").read_text("utf-8")
    assert f"Listen {port}/" in dockerfile
    assert f"EXPOSE {port}" in dockerfile


def test_nothing_is_open_to_others() -> None:
    """Ports are those of this computer only."""
    assert [entry for _, entry in each("ports") if not entry.startswith("127.0.0.1:")] == []


def test_no_secret_stands_in_it() -> None:
    """Passwords and tokens come from files."""
    told = {name: value for name, value in variables().items() if re.search("PASSWORD|TOKEN|SECRET|URL_FILE", name)}
    assert told
    assert all(name.endswith("_FILE") and value.startswith("/run/secrets/") for name, value in told.items())


def test_images_are_pinned_and_services_watched() -> None:
    """By a version that says more than latest; each service says whether it is well, or is our image, which does."""
    for name, service in SERVICES.items():
        image = service["image"]
        assert image in OWN_IMAGES or re.search(r":v?\d+\.\d+", image), name
        assert "healthcheck" in service or image == "moodle-connector:0.1.0", name
    assert "HEALTHCHECK" in (DEPLOY / "Dockerfile").read_text("utf-8")


def test_it_may_end_its_work() -> None:
    """Docker and systemd wait longer than the service needs to come to a border."""
    needed = Settings().service.stop_seconds + 5
    assert int(SERVICES["connector"]["stop_grace_period"].removesuffix("s")) > needed
    [unit] = re.findall(r"^TimeoutStopSec=(\d+)$", (DEPLOY / "moodle-connector.service").read_text(), re.M)
    assert int(unit) > needed


# ---------------------------------------------------------------- images
@pytest.mark.parametrize(("path", "context"), [("Dockerfile", ROOT), ("moodle/Dockerfile", DEPLOY / "moodle")])
def test_a_dockerfile_copies_what_is_there(path: str, context: Path) -> None:
    """From its context, where the ignore file lets it through; its bases are pinned."""
    text = (DEPLOY / path).read_text("utf-8").replace("\\\n", " ")
    ignore = DEPLOY / f"{path}.dockerignore"
    allowed = set(re.findall(r"^!(.*)$", ignore.read_text(), re.M)) if ignore.exists() else None
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.M)
        for source in [word for word in shlex.split(line) if not word.startswith("--")][:-1]
    ]
    assert copied
    for source in copied:
        assert (context / source).exists(), source
        assert allowed is None or source in allowed, source
    for base in re.findall(r"^FROM (\S+)", text, re.M):
        assert re.search(r":\d+\.\d+", base), base


def test_the_image_has_all_of_the_wheel_and_is_not_root() -> None:
    """Every package of the wheel is copied, and the last user is a number, which Kubernetes can see not to be root."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    for package in ("connector", "adapters", "mappings", "jobs"):
        assert f"COPY {package} {package}\n" in text
    assert re.findall(r"^USER (.*)$", text, re.M) == ["10001:10001"]
    assert "COPY --from=build" in text


# ---------------------------------------------------------------- scripts
def made(folder: Path) -> dict[str, str]:
    """The secrets, by name."""
    subprocess.run(["sh", DEPLOY / "secrets.sh", folder], check=True)
    return {path.name: path.read_text().strip() for path in folder.iterdir()}


def test_the_script_makes_every_secret_and_keeps_it(tmp_path: Path) -> None:
    """Those that Compose names, in a folder for nobody else; a second call changes nothing."""
    first = made(tmp_path / "secrets")
    assert set(first) == set(COMPOSE["secrets"])
    assert [name for name, value in first.items() if not value] == ["moodle_token"]
    assert len(set(first.values())) == len(first)
    assert first["connector_database_password"] in first["connector_database_url"]
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert made(tmp_path / "secrets") == first
    assert made(tmp_path / "others") != first


def test_secrets_are_never_committed() -> None:
    """Git does not see the folder."""
    listed = [one["file"] for one in COMPOSE["secrets"].values()]
    assert {Path(path).parent.as_posix() for path in listed} == {"config/deploy/secrets"}
    assert "/config/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("name", ["secrets.sh", "postgres-databases.sh", "moodle/prepare.sh", "moodle/moodle-cron"])
def test_a_script_can_be_read_and_run(name: str) -> None:
    """Its syntax is right, and it may be executed."""
    script = DEPLOY / name
    shell = "sh" if script.read_text().startswith("#!/bin/sh") else "bash"
    assert subprocess.run([shell, "-n", script], check=True).returncode == 0
    assert os.access(script, os.X_OK)


# ---------------------------------------------------------------- Prometheus
def test_alerts_go_by_metrics_that_are_there() -> None:
    """Each rule has a sentence, and names metrics of operations.md only."""
    [group] = yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"]
    assert len(group["rules"]) >= 10
    for rule in group["rules"]:
        assert rule["annotations"]["summary"]
        named = set(re.findall(r"\b(?:training|connector|http)_\w+", rule["expr"]))
        assert {name.removesuffix("_count").removesuffix("_bucket") for name in named} <= METRICS, rule["alert"]


def test_alerts_on_old_readings_go_by_one_reading_each() -> None:
    """The full reading is a day old every night, and a fact that does not move gets old: neither is a fault."""
    [group] = yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"]
    lags = {rule["alert"]: rule["expr"] for rule in group["rules"] if "connector_fact_lag_seconds" in rule["expr"]}
    named = {alert: re.findall(r'fact="(\w+)"', expr) for alert, expr in lags.items()}
    assert named == {"MirrorBehind": ["changes"], "FullReadingBehind": ["everything"]}


def test_prometheus_asks_where_the_connector_answers() -> None:
    """By its name and port, with the token that opens /metrics to it, and with the rules that are mounted."""
    asked = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))
    [job] = asked["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["connector:8080"]}]
    assert job["authorization"]["credentials_file"] == "/run/secrets/metrics_token"
    assert "metrics_token" in SERVICES["prometheus"]["secrets"]
    mounted = [entry.split(":")[1] for entry in SERVICES["prometheus"]["volumes"]]
    assert {f"/etc/prometheus/{name}" for name in asked["rule_files"]} <= set(mounted)
