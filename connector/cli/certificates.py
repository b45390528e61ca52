"""certificate issue, list, show, revoke, renew-file, catch-up, verify: what the company certifies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.assignments import AsHr
from connector.cli.common import By, Config, Json, installation, run
from connector.cli.output import as_json, counted, say, table
from connector.domain.certificates import CertificateState, state_of
from connector.domain.certifying import Certificate, FileState, file_name
from connector.domain.errors import SettingsError
from connector.domain.multilang import choose

if TYPE_CHECKING:
    from connector.content.assessment.chain import Chain

app = typer.Typer(help="Certificates: who has got one, by rule or by hand.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; kept on record.")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="As `certificate list` shows it.")]


@app.command()
def issue(
    person: Annotated[str | None, typer.Argument(metavar="[PERSON", help="The person's key in HR's data.")] = None,
    template: Annotated[str | None, typer.Argument(metavar="TEMPLATE]", help="Its code in the mapping.")] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides; kept on record.", envvar="USER")] = "",
    reason: Reason = "",
    as_hr: AsHr = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Issue what people have earned by the mapping's rules; or one to PERSON by the word of a manager or HR."""
    if person is not None and template is None:
        raise SettingsError("TEMPLATE: say which certificate, by its code in certificates.yaml.")
    if person is not None and not by.strip():
        raise SettingsError("--by: say who decides.")
    with installation(config) as connector:
        if person is not None and template is not None:
            certificate = connector.issuing().by_hand(person, template, by.strip(), reason, hr=as_hr)
            try:
                certificate = connector.certifying().file_of(certificate)
            finally:  # it is issued, whatever becomes of its file
                _done("issued", "Issued", certificate, json=json)
            if certificate.file is FileState.REFUSED and not json:
                say(f"Its file cannot be made: {certificate.file_message}")
            return
        came = run(connector.certifying().work)
    if json:
        as_json(came)
    else:
        issued, made, refused = (int(str(came.get(name, 0))) for name in ("issued", "made", "refused"))
        cannot = f" {counted(refused, 'file')} cannot be made; `certificate list` says why." if refused else ""
        files = f" Made: {counted(made, 'file')}.{cannot}" if "made" in came else " No place for files is set up."
        say(f"Issued: {counted(issued, 'certificate')}.{files}")


@app.command("list")
def list_certificates(
    person: Annotated[str | None, typer.Option(metavar="KEY", help="Of one person, by the key in HR's data.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 100,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show certificates, the newest first."""
    with installation(config) as connector:
        found = connector.certificates.listed(person, limit)
        now = connector.clock()
    if json:
        as_json(found)
    elif not found:
        say("No certificate was issued.")
    else:
        table(
            "Certificates",
            ("number", "person", "what", "issued", "until", "state", "by", "file"),
            (
                (
                    one.number,
                    one.person,
                    one.template,
                    one.issued_on.isoformat(),
                    one.expires_on.isoformat() if one.expires_on else "",
                    state_of(one.expires_at, one.revoked_at, now).value,
                    f"HR ({one.issued_by})" if one.by_hr else one.issued_by or "rule",
                    f"{one.file}: {one.file_message}" if one.file_message else one.file.value,
                )
                for one in found
            ),
        )


@app.command()
def show(number: Number, config: Config = None, json: Json = False) -> None:
    """Show a certificate and what it rests on: of launched content the attempt, with answers and marks."""
    from connector.content.assessment.chain import chain

    with installation(config) as connector:
        certificate = connector.issuing().found(number)
        evidence = certificate.evidence or {}
        rests = chain(connector.attempting, evidence["attempt"]) if "attempt" in evidence else None
        now = connector.clock()
    if json:
        as_json({"certificate": certificate, "rests_on": rests})
        return
    until = f", until {certificate.expires_on}" if certificate.expires_on else ""
    whose = f" of {certificate.name} ({certificate.person})" if certificate.name else ""
    by = f"by {certificate.issued_by}: {certificate.reason}" if certificate.by_hand else "by rule"
    state = state_of(certificate.expires_at, certificate.revoked_at, now).value
    say(f"{certificate.number}: {certificate.title}{whose}, issued on {certificate.issued_on} {by}{until}. {state}.")
    if certificate.revoked_why:
        say(f"Revoked by {certificate.revoked_by}: {certificate.revoked_why}")
    if not certificate.name:
        say("What it rests on is kept no longer.")
    elif not evidence:
        say(f"It rests on: {certificate.deed}.")
    else:
        _show_evidence(evidence)
        if rests is not None:
            _show_chain(evidence, rests)


@app.command()
def revoke(
    number: Number,
    by: By,
    reason: Reason,
    as_hr: AsHr = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Revoke a certificate: from now on it is not valid. --by is the key of somebody above the person."""
    with installation(config) as connector:
        certificate = connector.issuing().revoke(number, by, reason, hr=as_hr)
    _done("revoked", "Revoked", certificate, json=json)


@app.command("renew-file")
def renew_file(number: Number, config: Config = None, json: Json = False) -> None:
    """Make the file of a certificate again, and put it where files lie."""
    with installation(config) as connector:
        certificate = connector.making().again(number)
    if json:
        as_json({"made": certificate})
    else:
        say(f"Made: {file_name(certificate)}.")


@app.command("catch-up")
def catch_up(config: Config = None, json: Json = False) -> None:
    """After restoring a backup: give no number again that files or reports know."""
    with installation(config) as connector:
        found = connector.serials.catch_up()
    if json:
        as_json({"raised": found})
    elif not found:
        say("No number is known that was not given by this database.")
    for one in found if not json else ():
        say(f"{one.template}: the next number comes after {one.number}.")


@app.command()
def verify(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The verification code on the certificate.")],
    number: Annotated[str, typer.Option(help="Its number: with it the name is shown.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Say whether a certificate is valid, as the public page does. Ends with 1 unless it is."""
    with installation(config) as connector:
        found = connector.verifying.look(code, number)
    if json:
        as_json({"found": found})
    elif found is None:
        say("There is no such certificate.")
    else:
        until = f", until {found.expires_on}" if found.expires_on else ""
        whose = f" of {found.name}" if found.name else ""
        say(f"{found.state.value}: {found.title}{whose}, issued on {found.issued_on}{until}, by {found.issuer}.")
    raise typer.Exit(0 if found and found.state is CertificateState.VALID else 1)


def _show_evidence(evidence: Mapping[str, Any]) -> None:
    """As it was at issue, times as they were kept."""
    where = f"course {evidence['course']} of platform {evidence['platform']}"
    number = f"attempt {evidence['number']} at " if "number" in evidence else ""
    say(f"It rests on {number}{choose(evidence['title'], ['en'])} ({evidence['content']}) in {where}:")
    words = {
        "launched_at": "launched",
        "started_at": "begun",
        "submitted_at": "submitted",
        "completed_at": "completed",
    }
    for name, word in words.items():
        if evidence.get(name):
            say(f"  {word} {evidence[name]}")
    if "percent" in evidence:
        came = f"{evidence['percent']:g} %, of {evidence['pass_mark']:g} % to pass"
        say(f"  {came}; asked by version {evidence['version']}, marked by version {evidence['marked_version']}")


def _show_chain(evidence: Mapping[str, Any], rests: Chain) -> None:
    """As it stands now; who marked by the number that the platform has for them."""
    attempt = rests.attempt
    if attempt.discard is not None:
        why = f": {attempt.discard.why}" if attempt.discard.why else ""
        say(f"  since then discarded, {attempt.discard.at:%Y-%m-%d %H:%M} UTC{why}")
    elif not attempt.passed or attempt.percent != evidence["percent"]:
        stands = "open" if attempt.percent is None else f"{attempt.percent:g} %"
        say(f"  since then marked anew: {stands}, {'passed' if attempt.passed else 'not passed'}")
    table(
        "Answers",
        ("question", "answer", "files", "at", "right", "marked"),
        (
            (
                one.question,
                one.answer,
                one.files or "",
                one.answered_at.isoformat(timespec="seconds") if one.answered_at else "",
                "" if one.share is None else f"{100 * one.share:g} %",
                "; ".join(f"{100 * m.share:g} % by {m.by}, {m.at.isoformat(timespec='seconds')}" for m in one.marks),
            )
            for one in rests.links
        ),
    )


def _done(key: str, word: str, certificate: Certificate, *, json: bool) -> None:
    if json:
        as_json({key: certificate})
    else:
        say(f"{word}: {certificate.template}, number {certificate.number}.")
