"""Settings: where they come from, what is refused, and that secrets are never shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.cli.setup import TEMPLATE
from connector.domain.errors import SettingsError
from connector.settings.reading import load_settings, settings_file, unknown_variables
from connector.settings.whole import Settings

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CONNECTOR_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "settings" / "connector.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return written


def refused(path: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    return str(caught.value)


# ---------------------------------------------------------------- where they come from
def test_without_a_file_all_have_defaults() -> None:
    """The embedded database, no Moodle, no mapping: enough for doctor and demo."""
    settings = load_settings()
    assert settings_file() is None
    assert settings.database_url.get_secret_value() == ""
    assert (settings.moodle.url, settings.mapping, settings.drop.folder) == ("", None, None)


def test_the_file_that_init_writes_is_good(write: Write) -> None:
    """Every line of it is a setting that is known."""
    settings = load_settings(write(TEMPLATE.read_text("utf-8")))
    assert settings.moodle.workers == 4


def test_variables_win_over_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """``__`` stands between levels; what is not overridden stays the file's."""
    path = write('[moodle]\nurl = "https://old.example.com"\nworkers = 2\n')
    monkeypatch.setenv("CONNECTOR_MOODLE__URL", "https://new.example.com/")
    settings = load_settings(path)
    assert (settings.moodle.url, settings.moodle.workers) == ("https://new.example.com", 2)


def test_paths_count_from_the_folder_of_the_file(write: Write) -> None:
    """So that the command may be called from anywhere."""
    path = write(
        'mapping = "mapping"\ndata_dir = "pg"\n[drop]\nfolder = "feeds"\n[moodle]\ntoken_file = "/run/token"\n'
    )
    settings = load_settings(path)
    assert settings.mapping == path.parent / "mapping"
    assert settings.data_dir == path.parent / "pg"
    assert settings.drop.folder == path.parent / "feeds"
    assert settings.moodle.token_file == Path("/run/token")


def test_the_default_file_and_the_variable_name_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """config/connector.toml where it is there; CONNECTOR_CONFIG before it; the option before both."""
    Path("config").mkdir()
    Path("config/connector.toml").write_text("create_days_ahead = 1\n", "utf-8")
    assert load_settings().create_days_ahead == 1
    monkeypatch.setenv("CONNECTOR_CONFIG", str(write("create_days_ahead = 2\n")))
    assert load_settings().create_days_ahead == 2
    other = Path("other.toml")
    other.write_text("create_days_ahead = 3\n", "utf-8")
    assert load_settings(other).create_days_ahead == 3
    assert settings_file(other) == other


def test_where_redis_is_stands_in_a_file(write: Write, tmp_path: Path) -> None:
    """Because its address may have a password; what is no such address is refused without being repeated."""
    address = tmp_path / "redis"
    address.write_text("rediss://:secret@redis.example:6380/0\n", "utf-8")
    path = write(f'[live]\nredis_url_file = "{address}"\n')
    assert load_settings(path).redis_url() == "rediss://:secret@redis.example:6380/0"
    address.write_text("https://:secret@redis.example", "utf-8")
    with pytest.raises(SettingsError, match=r"^live\.redis_url: give an address that begins with redis://") as told:
        load_settings(path).redis_url()
    assert "secret" not in str(told.value)
    assert load_settings(write("")).redis_url() is None


# ---------------------------------------------------------------- what is refused
def test_each_mistake_is_told_by_file_and_line(write: Write) -> None:
    """All of them at once, also below a table and for a table that is not known."""
    path = write('log = "xml"\n\n[moodle]\nworkers = 99\nurll = "x"\n\n[mooodle]\nurl = "x"\n')
    lines = refused(path).splitlines()
    assert sorted(line.removeprefix(f"{path}:").split(": ")[0] for line in lines) == ["1", "4", "5", "7"]
    assert f"{path}:5: moodle.urll: there is no such setting." in lines


def test_a_mistake_in_a_variable_names_the_variable(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the file, even where the file sets the same value."""
    path = write("[moodle]\nworkers = 4\n")
    monkeypatch.setenv("CONNECTOR_MOODLE__WORKERS", "many")
    assert refused(path).startswith("CONNECTOR_MOODLE__WORKERS: ")
    monkeypatch.delenv("CONNECTOR_MOODLE__WORKERS")
    monkeypatch.setenv("CONNECTOR_MOODLE__TOKNE", "secret")
    assert refused(path) == "CONNECTOR_MOODLE__TOKNE: there is no such setting."
    monkeypatch.delenv("CONNECTOR_MOODLE__TOKNE")
    monkeypatch.setenv("CONNECTOR_MOODLE", "secret")
    assert refused(path) == "CONNECTOR_MOODLE: this is not a value for it."


@pytest.mark.parametrize("text", [b"a = = 1", b"\xff", b"a = 1\na = 2"])
def test_what_is_no_toml_is_told(tmp_path: Path, text: bytes) -> None:
    """With the reason of the parser, in one line."""
    path = tmp_path / "bad.toml"
    path.write_bytes(text)
    assert refused(path).startswith(f"{path}: not valid TOML: ")
    assert "\n" not in refused(path)


def test_a_folder_or_nothing_is_no_settings_file(tmp_path: Path) -> None:
    """The sentence says how to get one."""
    for path in (tmp_path, tmp_path / "none.toml"):
        assert refused(path) == f"{path}: there is no such settings file. `moodle-connector init` writes one."


@pytest.mark.parametrize("url", ["learn.example.com", "ftp://learn.example.com", "https://"])
def test_moodle_needs_a_whole_address(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its scheme, because everything is sent there."""
    monkeypatch.setenv("CONNECTOR_MOODLE__URL", url)
    assert refused().startswith("CONNECTOR_MOODLE__URL: ")


# ---------------------------------------------------------------- secrets
@pytest.mark.parametrize(
    "address",
    ["mysql://me:opensesame@db/hr", "opensesame", "host=db password=opensesame", "postgresql://me:open/sesame@:x/hr"],
)
def test_a_wrong_database_address_is_never_repeated(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a password in it."""
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", address)
    said = refused()
    assert said.startswith("CONNECTOR_DATABASE_URL: ")
    assert "sesame" not in said


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_database_address_may_be_written_in_every_usual_way(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They all mean the same driver here."""
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", f"{scheme}://me@db:5432/hr")
    assert load_settings().database_url.get_secret_value() == "postgresql://me@db:5432/hr"


def test_the_token_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """White space around it comes from copying; an empty one is none."""
    file = tmp_path / "token"
    file.write_text(" fromfile\n", "utf-8")
    monkeypatch.setenv("CONNECTOR_MOODLE__TOKEN_FILE", str(file))
    monkeypatch.setenv("CONNECTOR_MOODLE__TOKEN", "  ")
    assert load_settings().moodle_token() == "fromfile"
    monkeypatch.setenv("CONNECTOR_MOODLE__TOKEN", " direct ")
    assert load_settings().moodle_token() == "direct"


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot be read"), (b"\xff\xfe\x00", "not a text file"), (b" \n", "it is empty")]
)
def test_a_token_file_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, reason: str
) -> None:
    """By the name of the setting and the reason."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("CONNECTOR_MOODLE__TOKEN_FILE", str(file))
    with pytest.raises(SettingsError, match=f"moodle.token_file: .*{reason}"):
        load_settings().moodle_token()


def test_without_a_token_the_sentence_says_how_to_set_one() -> None:
    """Both ways are named."""
    with pytest.raises(SettingsError, match="CONNECTOR_MOODLE__TOKEN, or token_file"):
        Settings().moodle_token()


def test_settings_do_not_show_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when they are printed nor when they are logged."""
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", "postgresql://me:opensesame@db/hr")
    monkeypatch.setenv("CONNECTOR_MOODLE__TOKEN", "opensesame")
    settings = load_settings()
    assert "opensesame" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_variable_that_is_no_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt one would be ignored without a word; those of tests and of known settings are left out."""
    for name in ("CONNECTOR_DATABASE_ULR", "CONNECTOR_MOODLE__URL", "CONNECTOR_DEBUG", "CONNECTOR_TEST_X"):
        monkeypatch.setenv(name, "1")
    assert unknown_variables() == ["CONNECTOR_DATABASE_ULR"]


# ---------------------------------------------------------------- the service
def test_when_jobs_run_is_checked_at_once(write: Write) -> None:
    """A mistake is named with its file, line and field, and not found out in the night."""
    path = write('[service]\nsync = "0 2 * * 8"\nmirror = "hourly"\ntimezone = "Taipei"\n')
    lines = refused(path).splitlines()
    assert lines == [
        f"{path}:4: service.timezone: there is no time zone 'Taipei'; its name is one such as Asia/Taipei or UTC.",
        f"{path}:2: service.sync: the field day-of-week cannot be '8'; it takes 0 to 7 (0 and 7 are Sunday), "
        "or SUN to SAT.",
        f"{path}:3: service.mirror: give five fields (minute, hour, day-of-month, month, day-of-week) as in "
        "'30 2 * * *', or an interval as in 'every 15 minutes', or '' for never; here are 1.",
    ]


def test_jobs_run_in_the_time_zone_that_is_set(write: Write) -> None:
    """An empty text is never."""
    service = load_settings(write('[service]\nsync = "30 2 * * *"\nmirror = ""\ntimezone = "Asia/Taipei"\n')).service
    sync = service.times("sync")
    assert sync is not None
    assert sync.after(datetime(2026, 3, 2, tzinfo=UTC)) == datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
    assert service.times("mirror") is None


@pytest.mark.parametrize("name", ["sync_minutes", "mirror_minutes"])
def test_what_was_once_in_minutes_is_no_setting(name: str, write: Write) -> None:
    """Else somebody's old file would silently mean something else."""
    assert refused(write(f"[service]\n{name} = 60\n")).endswith(f"service.{name}: there is no such setting.")


@pytest.mark.parametrize(
    ("table", "name", "read"),
    [
        ("service", "metrics_token", lambda settings: settings.service.scrape_token()),
        ("notices.mail", "password", lambda settings: settings.notices.mail.secret()),
        ("notices.webhook", "secret", lambda settings: settings.notices.webhook.key()),
    ],
)
def test_secrets_of_the_service_come_from_files(
    table: str, name: str, read: Callable[[Settings], str | None], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the settings file; the environment wins; a file that is empty or gone is named, and nothing is none."""
    path = write(f'[{table}]\n{name}_file = "secret.txt"\n')
    secret = path.parent / "secret.txt"
    secret.write_text(" open sesame \n")
    assert read(load_settings(path)) == "open sesame"
    secret.write_text("\n")
    with pytest.raises(SettingsError, match=rf"^{table}\.{name}_file: it is empty\.$"):
        read(load_settings(path))
    secret.unlink()
    with pytest.raises(SettingsError, match=rf"^{table}\.{name}_file: cannot be read"):
        read(load_settings(path))
    variable = f"CONNECTOR_{table}.{name}".upper().replace(".", "__")
    monkeypatch.setenv(variable, "abracadabra")
    settings = load_settings(path)
    assert read(settings) == "abracadabra"
    assert "abracadabra" not in repr(settings)
    monkeypatch.delenv(variable)
    assert read(load_settings(write(""))) is None


def test_the_address_of_the_database_may_be_in_a_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a mounted secret; a wrong one is told by the name of the file's setting, and never repeated."""
    path = write('database_url_file = "url"\n')
    (path.parent / "url").write_text("postgres://me:opensesame@db/hr\n")
    assert load_settings(path).database_url.get_secret_value() == "postgresql://me:opensesame@db/hr"
    (path.parent / "url").write_text("mysql://me:opensesame@db/hr\n")
    assert refused(path) == (
        "database_url_file: give an address that begins with postgresql://, or nothing for the embedded one."
    )
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", "postgresql://other@db/hr")
    assert load_settings(path).database_url.get_secret_value() == "postgresql://other@db/hr"


def test_mail_addresses_are_checked(write: Write) -> None:
    """One or several, with commas between them."""
    settings = load_settings(write('[notices.mail]\nto = "it@example.com,hr@example.com"\n'))
    assert settings.notices.mail.to == "it@example.com, hr@example.com"
    assert refused(write('[notices.mail]\nto = "it@example.com, everybody"\n')).endswith(
        "notices.mail.to: give mail addresses, with commas between them."
    )
