"""person export, erase, erasures, readmit: what is held of somebody, and that it ends."""

from __future__ import annotations

import json as text_of_json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TextIO

import typer

from connector.cli.common import By, Config, Json, installation
from connector.cli.output import as_json, say, table
from connector.domain.erasing import Elsewhere, Erasure, Preview, written
from connector.domain.errors import SettingsError

app = typer.Typer(help="What is held of a person, and erasing it.", no_args_is_help=True)

STANDING = {
    Elsewhere.ACCOUNTS: "The account in Moodle stays as it is, and nothing is planned for it any more. To delete it "
    "there: before erasing let leavers.delete_days plan it; afterwards delete it in Moodle by hand.",
    Elsewhere.DUE_DATES: "Due dates stand in the calendar in Moodle, {many:,}: `notice calendar`, or the next run of "
    "`serve`, removes them, where notices.calendar is set.",
    Elsewhere.SIGN_INS: "Sign-ins are linked with the account in Moodle, {many:,}, and stay with it. To end them, "
    "before erasing let HR say that the person has left, and give `moodle link`; they go with the account, too.",
    Elsewhere.CONSOLE_ACCOUNTS: "Accounts of the console, {many:,}, have a name that may be the person's, or "
    "another's, and stay. Where one is this person's: `moodle-connector console account disable NAME`.",
}
"""What is said of each thing that stands elsewhere."""
ELSEWHERE = (
    "Not touched: HR's files in done/ and refused/ and in the spools, {files:,} on this computer by now "
    "(retention.files_days removes them), backups, logs, and what was exported."
)


@app.command()
def export(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The person's key in HR's data, or in old records.")],
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write it there; else it is printed.")
    ] = None,
    config: Config = None,
) -> None:
    """Write out as JSON all that is held of a person, with what each thing is and why it is kept.

    It is for the person: of others it has nothing but keys of managers.
    """
    with installation(config) as connector:
        document = connector.exporting.export(person)
    if output is None:
        as_json(document)
        return
    with _private(output) as file:
        text_of_json.dump(document, file, ensure_ascii=False, indent=2)
        file.write("\n")
    rows = sum(len(section["rows"]) for section in document["sections"])
    say(f"{rows:,} rows in {len(document['sections'])} sections, written to {output}. It holds personal data.")


def _private(path: Path) -> TextIO:
    """A new file that only its owner may read. Raises SettingsError where it cannot be made, or is there already."""
    try:
        return open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600))
    except OSError as error:
        raise SettingsError(f"--output: {path} cannot be made ({error.strerror}).") from error


@app.command()
def erase(
    by: By,
    person: Annotated[str | None, typer.Argument(metavar="[PERSON]", help="The person's key in HR's data.")] = None,
    reason: Annotated[str, typer.Option(help="Why; kept on record, so without name or key.")] = "",
    yes: Annotated[str, typer.Option("--yes", metavar="HASH", help="Do it: the hash that was shown.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Erase once more all who were erased, after an older backup was restored.")
    ] = False,
    records: Annotated[
        Path | None, typer.Option("--records", metavar="FILE", help="With --again: what `person erasures` wrote.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what is held of a person and would go; with --yes HASH erase it. It cannot be taken back."""
    if again == (person is not None) or (records is not None and not again):
        raise SettingsError(
            "Give the key of a person, or --again, with --records FILE where the records are in a file."
        )
    with installation(config) as connector:
        if again:
            _told_again(connector.erasing.again(_read(records) if records else ()), json)
        elif yes and person is not None:
            _told(connector.erasing.erase(person, reason, by, yes), json)
        elif person is not None:
            _shown(connector.erasing.preview(person), connector.put_away.count(connector.clock()), json)


@app.command("erasures")
def list_erasures(
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write all records there, for `erase --again`.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show the records of erasures, which hold nothing of the people."""
    with installation(config) as connector:
        found = connector.erasures.records()
    if output is not None:
        output.write_text(text_of_json.dumps([written(one) for one in found], indent=2) + "\n", "utf-8")
    if json:
        as_json([written(one) for one in found])
    elif output is not None:
        say(f"{len(found):,} written to {output}. Keep it apart from the backups of the database.")
    elif not found:
        say("Nobody was erased.")
    else:
        columns = ("pseudonym", "when", "by", "reason", "state")
        table("Erasures", columns, ((o.pseudonym, o.erased_at, o.erased_by, o.reason, _state(o)) for o in found))


@app.command()
def readmit(
    by: By,
    pseudonym: Annotated[str, typer.Argument(metavar="PSEUDONYM", help="As `person erasures` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; kept on record.")],
    only: Annotated[
        str | None, typer.Option("--only", metavar="KIND", help="Only not by key, idnumber or email any more.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let somebody who was erased be taken in again, as a new person: a rehire. What was erased does not come back."""
    with installation(config) as connector:
        connector.erasing.readmit(pseudonym, by, reason, only)
    if json:
        as_json({"readmitted": pseudonym, "only": only, "by": by})
    else:
        say(f"{pseudonym} is not set aside any more; the next feed that names the person makes a new one.")


@app.command()
def inventory() -> None:
    """Print as Markdown what is held of people, table by table, and what erasing does to it."""
    from connector.domain.privacy import markdown  # reads a file, which no other command has to wait for

    print(markdown(), end="")


def _shown(found: Preview, files: int, json: bool) -> None:
    if json:
        as_json(found)
        return
    table("What would be erased or blanked", ("table", "rows"), sorted(found.counts.items()))
    if found.keys > 1:
        say(f"The person is known under {found.keys} keys; all of them are meant.")
    if found.works_here:
        say("HR still says that the person works here: from then on the person counts as one who has left.")
    for name, goes in found.console.items():
        what = "is the person's by its name, and goes" if goes else "may be the person's, or another's, and stays"
        say(f"The account {name} of the console {what}.")
    _stands(found.standing)
    say(ELSEWHERE.format(files=files))
    say(f"It cannot be taken back. To do it, say the same again with: --yes {found.hash[:12]}")


def _told(done: Erasure, json: bool) -> None:
    if json:
        as_json(written(done))
        return
    table(f"Erased, as {done.pseudonym}", ("table", "rows"), sorted(done.counts.items()))
    _stands(done.standing)


def _stands(standing: Mapping[str, int]) -> None:
    for what, many in standing.items():
        say(STANDING[Elsewhere(what)].format(many=many))


def _told_again(done: list[Erasure], json: bool) -> None:
    if json:
        as_json([written(one) for one in done])
    elif not done:
        say("Everybody who was erased still is.")
    else:
        table("Erased once more", ("pseudonym", "rows"), ((one.pseudonym, sum(one.counts.values())) for one in done))


def _state(one: Erasure) -> str:
    if one.facts_erased_at is None:
        return "the reports are still to follow: give `person erase` again"
    return "readmitted" if one.readmitted_at else "erased"


def _read(file: Path) -> list[Erasure]:
    try:
        return [Erasure.read(one) for one in text_of_json.loads(file.read_text("utf-8"))]
    except OSError as error:
        raise SettingsError(f"--records: {file} cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"--records: {file} is not what `person erasures --output` wrote.") from error
