"""The documents are true: commands, settings, functions and links in them are there, and nothing private is."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from adapters.moodle.functions import FOR_BADGES, FOR_DELETION, FOR_LEARNERS, FOR_REPORTS, FOR_SIGN_IN, FUNCTIONS
from connector.cli import app
from connector.domain.cases import CHOICES
from connector.domain.guard import LIMITS
from connector.domain.plan import GuardClass
from connector.domain.privacy import markdown
from connector.domain.sign_in import MATRIX, Permission
from connector.settings.whole import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")

VARIABLES = {"CONNECTOR_CONFIG", "CONNECTOR_DEBUG"}
FOR_TESTS = re.compile(r"CONNECTOR_TEST_(MOODLE_(URL|TOKEN|WRITES)|BROWSER|LDAP|SSH|REDIS|SCREENSHOTS)")


def commands(group: typer.core.TyperGroup, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Each command as its words, with its options."""
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name), {option for one in command.params for option in one.opts}


ROOT_COMMAND = typer.main.get_command(app)
assert isinstance(ROOT_COMMAND, typer.core.TyperGroup)
COMMANDS = dict(commands(ROOT_COMMAND))


def named(words: list[str]) -> tuple[str, ...]:
    """The command with which a line begins; its first word where there is none."""
    return next((name for size in (3, 2, 1) if (name := tuple(words[:size])) in COMMANDS), tuple(words[:1]))


def code(page: Path) -> Iterator[str]:
    """Every line of a shell block, and every piece of code within a sentence."""
    text = page.read_text("utf-8")
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from (line.strip() for line in block.splitlines())
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def calls(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each mention of a command: the whole, and the words after the program's name, without what stands in quotes."""
    for piece in code(page):
        if found := re.search(r"^(?:\S*/bin/)?moodle-connector (?!COMMAND )(\S.*)$", piece):
            yield piece, re.sub(r'"[^"]*"', "TEXT", found[1]).split()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_there(page: Path) -> None:
    """A command that a page names exists, with each option that it names."""
    for piece, words in calls(page):
        name = named(words)
        assert name in COMMANDS, piece
        options = {word for word in words if word.startswith("--")}
        assert options <= COMMANDS[name] | {"--help"}, piece


def test_every_command_is_told() -> None:
    """The table of commands leaves none out."""
    told = {named(words) for _, words in calls(ROOT / "README.md")}
    assert told == set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link within the repository has a file, and where it names one a heading."""
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        file, _, heading = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        if heading:
            slugs = {_slug(line) for line in re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)}
            assert heading in slugs, target


def _slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_functions_of_the_service() -> None:
    """An administrator who adds what README lists has added what is called, and no more."""
    for name, functions in (("functions", FUNCTIONS), ("functions for reports", FOR_REPORTS)):
        listed = README.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]
        assert re.findall(r"- `(\w+)`", listed) == sorted(functions)
    assert all(f"`{name}`" in README for name in FOR_BADGES | FOR_LEARNERS | FOR_DELETION | FOR_SIGN_IN)


def settings(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Names of settings, with a dot between levels."""
    for name, one in model.model_fields.items():
        kind = one.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings(kind, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def test_every_setting_is_told() -> None:
    """README's table has each setting, and none that is not there."""
    table = README.partition("\n## Settings\n")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(.+?)`", row)}
    assert told == set(settings(Settings))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_and_variable_is_there(page: Path) -> None:
    """Settings named elsewhere on the pages, and variables, are those of the model."""
    names = set(settings(Settings))
    known = {f"CONNECTOR_{name.replace('.', '__').upper()}" for name in names} | VARIABLES
    text = page.read_text("utf-8")
    for variable in re.findall(r"CONNECTOR_[A-Z0-9_]*[A-Z]", text):
        assert variable in known or FOR_TESTS.fullmatch(variable), variable
    for name in re.findall(r"`((?:moodle|drop|service|notices|console)\.(?!py`)[a-z_.]+)`", text):
        assert name in names, name


def test_the_example_settings_are_those_of_init() -> None:
    """Operators copy what `init` writes."""
    ours = ROOT / "connector" / "cli" / "connector.toml"
    assert (ROOT / "config" / "connector.toml.example").read_bytes() == ours.read_bytes()


def test_every_case_is_told() -> None:
    """The table of cases has every kind, with the ways to settle it."""
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \| .* \| (.*) \|$", OPERATIONS, re.MULTILINE)
    told = {kind: re.findall(r"`--([a-z]+)`", ways) for kinds, ways in rows for kind in re.findall(r"`(.+?)`", kinds)}
    assert {kind: set(told.get(kind, [])) for kind in CHOICES} == {kind: set(ways) for kind, ways in CHOICES.items()}


def test_every_guard_is_told() -> None:
    """The table of holds has the figures of the guard; nothing is ever deleted yet."""
    for guard, limit in LIMITS.items():
        if guard is GuardClass.DELETE:
            continue
        [row] = re.findall(rf"^\| `{guard}`.*$", OPERATIONS, re.MULTILINE)
        assert f"{limit.share:.0%}".replace("%", " %") in row
        assert not limit.floor or f"| {limit.floor}, or" in row


def test_what_each_role_may_is_told() -> None:
    """The table of roles is the matrix."""
    columns = (Permission.SEE_HOLDS, Permission.SEE_PEOPLE, Permission.DECIDE_HOLDS, Permission.OWN_ACCOUNT)
    page = (ROOT / "docs" / "console.md").read_text("utf-8")
    told = {role: row.split(" | ") for role, row in re.findall(r"^\| `([a-z]+)` \| (.*) \|$", page, re.MULTILINE)}
    assert told == {role: ["yes" if one in may else "no" for one in columns] for role, may in MATRIX.items()}


def tracked() -> list[Path]:
    """Files of the repository, those that are about to be added too."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a git checkout, to know which files belong to it")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


PRIVATE = re.compile(
    rf"(?<![\w.]){re.escape(str(ROOT))}(?![\w.-])"  # where this checkout lies
    r"|/home/[a-z]"
    r"|files\.pythonhosted\.org|pypi\.org/simple|test\.pypi|/simple/|--(extra-)?index-url|devpi|artifactory"
)


def test_nothing_private_is_kept() -> None:
    """No path of a machine and no address of a package registry stands in the repository."""
    found = []
    for path in tracked():
        if path == Path(__file__):
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in PRIVATE.finditer(text)]
    assert found == []


def test_the_inventory_of_privacy() -> None:
    """docs/privacy.md has what `person inventory` prints."""
    page = (ROOT / "docs" / "privacy.md").read_text("utf-8")
    assert page.partition("<!-- inventory -->\n")[2].partition("<!-- /inventory -->")[0] == markdown()
