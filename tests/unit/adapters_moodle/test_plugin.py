"""The plugin for Moodle: how it is packed, and that what it tells Moodle is what this side calls."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from zipfile import ZipFile

import pytest

from adapters.moodle import functions
from adapters.moodle.plugin import packed
from connector.cli import command
from connector.domain.outbox import OF_TEMPLATES, WITH_THEIR_TEMPLATE

CALLED = {name for names in vars(functions).values() if isinstance(names, frozenset) for name in names}


def contents(content: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


PLUGIN = contents(packed().content)
SERVICES = PLUGIN["connector/db/services.php"]
OWN = set(re.findall(r"^    '(local_connector_\w+)' => \[$", SERVICES, re.MULTILINE))


ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "plugin.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def section(head: str) -> str:
    """The table of the page that begins so."""
    return PAGE.partition(head)[2].partition("\n\n")[0]


def test_it_is_packed_as_moodle_takes_it() -> None:
    """One folder, named after the plugin, with its version, and nothing that is not the plugin's."""
    assert {name.split("/")[0] for name in PLUGIN} == {"connector"}
    assert {Path(name).suffix for name in PLUGIN} <= {".php", ".txt", ".xml"}
    assert "$plugin->component = 'local_connector';" in PLUGIN["connector/version.php"]


def test_the_same_plugin_is_the_same_bytes() -> None:
    """Whoever packs it twice can compare."""
    assert packed() == packed()


@pytest.mark.parametrize("options", [["--output", "x.zip"], ["--json"]])
def test_the_command_writes_it(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under its name and version, or where it is asked to; and says where."""
    monkeypatch.chdir(tmp_path)
    assert command(["moodle", "plugin", *options]) == 0
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == packed().content
    told = capsys.readouterr().out
    assert file.name == (json.loads(told)["plugin"] if "--json" in options else "x.zip")
    assert re.fullmatch(r"x\.zip|local_connector-\d+\.\d+\.\d+\.zip", file.name) and file.name in told


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, and no traceback."""
    assert command(["moodle", "plugin", "--output", str(tmp_path / "none" / "x.zip")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_its_service_has_all_that_is_called() -> None:
    """The functions that the product calls, and the plugin's own: no more and no less."""
    listed = re.findall(r"^            '(\w+)',$", SERVICES.partition("$services = [")[2], re.MULTILINE)
    assert listed == sorted(CALLED | OWN)


def test_the_name_of_its_service_is_nobody_elses() -> None:
    """Names of services are unique in Moodle: the plugin can be installed beside one that was made by README's steps.
    Its own is renamed where it had another name, as Moodle ends the tokens of a service that it no longer finds."""
    (name,) = re.findall(r"^    '(.+)' => \[$", SERVICES.partition("$services = [")[2], re.MULTILINE)
    (by_hand,) = re.findall(r"\*\*Make a service\*\*.*?named `(.+?)`", README, re.DOTALL)
    assert name not in {by_hand, "connector", "local_connector"}
    renamed = re.findall(r"set_field\('external_services', 'name', '(.+?)', ", PLUGIN["connector/db/upgrade.php"])
    assert renamed[-1] == name
    assert f"token for the service `{name}`" in PAGE


def test_each_function_has_its_class() -> None:
    """Moodle finds it by its name."""
    classes = {re.fullmatch(r"connector/classes/external/(\w+)\.php", name) for name in PLUGIN}
    assert {f"local_connector_{found[1]}" for found in classes if found} == OWN
    assert all(rf"'local_connector\external\{name.removeprefix('local_connector_')}'" in SERVICES for name in OWN)


def test_every_text_is_there() -> None:
    """Each string that the plugin names is in its English strings, in their order, and none is left over."""
    told = re.findall(r"^\$string\['([\w:]+)'\]", PLUGIN["connector/lang/en/local_connector.php"], re.MULTILINE)
    code = "\n".join(text for name, text in PLUGIN.items() if "/lang/" not in name)
    asked = set(re.findall(r"(?:moodle_exception|get_string|lang_string)\('(\w+)', 'local_connector'", code))
    asked |= set(re.findall(r"'(privacy:metadata:[\w:]+)'", code))
    capabilities = set(re.findall(r"^    'local/(connector:\w+)' => \[$", code, re.MULTILINE))
    assert told == sorted(told)
    assert set(told) == asked | capabilities | {"pluginname"}


@pytest.mark.parametrize("language", ["fr", "vi", "zh_tw"])
def test_every_text_is_told_in_each_language(language: str) -> None:
    """The same strings as in English, in the same order, each with the same places for values."""

    def strings(name: str) -> list[tuple[str, list[str]]]:
        text = PLUGIN[f"connector/lang/{name}/local_connector.php"]
        told = re.findall(r"^\$string\['([\w:]+)'\] = '(.+)';$", text, re.MULTILINE)
        return [(key, sorted(re.findall(r"\{\$a.*?\}", value))) for key, value in told]

    assert strings(language) == strings("en")


def test_what_the_outbox_names_can_be_read() -> None:
    """Each kind of change is a dataset; each event is noted once."""
    noted = PLUGIN["connector/classes/local/noted.php"]
    events = re.findall(r"^ {8}'([\w\\]+)' => \['(\w+)', '(?:created|updated|deleted|again)'\],$", noted, re.MULTILINE)
    datasets = PLUGIN["connector/classes/local/datasets.php"]
    assert {kind for _, kind in events} <= set(re.findall(r"^ {12}'(\w+)' => new dataset", datasets, re.MULTILINE))
    assert len({name for name, _ in events}) == len(events) == noted.count(" => [")


def test_kinds_of_certificates_are_told_as_they_are_understood() -> None:
    """Whatever takes along what was issued of it is noted by the plugin: by its own event, or that of its activity."""
    noted = PLUGIN["connector/classes/local/noted.php"]
    told = set(re.findall(r"^ {8}'[\w\\]+' => \['(\w+)', '(\w+)'\],$", noted, re.MULTILINE))
    told |= {("customcerts", action) for action in re.findall(r"^ {8}\w+::class => '(\w+)',$", noted, re.MULTILINE)}
    assert set(WITH_THEIR_TEMPLATE) <= told
    assert {(kind, action) for kind in OF_TEMPLATES for action in ("created", "updated", "deleted")} <= told


def test_the_page_tells_each_operation() -> None:
    """Those that can be written, no more and no less."""
    operations = re.findall(r"^ {12}'(\w+)' => ", PLUGIN["connector/classes/local/operations.php"], re.MULTILINE)
    rows = re.findall(r"^\| (.*?) \|", section("| operation |"), re.MULTILINE)
    assert sorted(operations) == sorted(name for row in rows for name in re.findall(r"`(\w+)`", row))


def test_the_page_tells_each_function() -> None:
    """Whoever makes a service by hand finds them all there."""
    assert set(re.findall(r"^\| `(local_connector_\w+)` \|", PAGE, re.MULTILINE)) == OWN


def test_the_page_tells_what_each_dataset_needs() -> None:
    """Who gives rights by the page has given those that the plugin asks for."""
    text = PLUGIN["connector/classes/local/datasets.php"]
    asked = re.findall(r"^ {12}'(\w+)' => new dataset\(\s+'\w+',\s+\[(.*?)\],", text, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| (.*) \| (.*) \|$", section("| datasets |"), re.MULTILINE)
    told = {name: re.findall(r"`(.+?)`", needs) for names, needs in rows for name in re.findall(r"`(\w+)`", names)}
    assert {name: re.findall(r"'(.+?)'", needs) for name, needs in asked} == told
