"""The doctor: checks every part of an installation and says for each failure what to do."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from connector.bootstrap import Connector
from connector.doctor import moodle, own
from connector.doctor.finding import Finding
from connector.domain.errors import ConnectorError
from connector.settings.reading import load_settings, settings_file, unknown_variables

__all__ = ["Finding", "examine"]

NEEDS = {
    "facts": {"database"},
    "reports": {"moodle"},
    "hints": {"database"},
    "writing": {"moodle"},
    "courses": {"moodle", "mapping"},
    "cohort sync": {"moodle", "mapping", "courses"},
    "profile fields": {"moodle", "mapping"},
    "learners": {"moodle"},
    "sign-in": {"moodle", "database"},
    "linked logins": {"moodle"},
    "leavers": {"moodle"},
    "certificates": {"mapping", "database", "facts"},
    "exports": {"database"},
    "scores": {"database"},
}
"""Checks that are left out where another one has failed."""


async def examine(config: Path | None, site: str | None = None, fix: bool = False) -> list[Finding]:
    """Check everything that is set up. Without settings: the package and the database.

    Of several sites each is examined, where none is named. With ``fix`` the reports are set up by which Moodle is
    read faster.
    """
    findings = [Finding("package", "good", f"moodle-connector {version('moodle-connector')}")]
    try:
        settings = load_settings(config)
        chosen = settings.each(site or settings.site or None)
    except ConnectorError as error:
        return [*findings, Finding("settings", "bad", str(error), error.exit_status)]
    findings.append(_settings(config))
    for one in chosen:
        with Connector(one) as connector:
            of = one.site if len(chosen) > 1 else ""
            findings += [replace(finding, site=of) for finding in await _examined(connector, fix)]
    return findings


async def _examined(connector: Connector, fix: bool) -> list[Finding]:
    """What came of the checks of one site."""
    findings: list[Finding] = []
    for what, check in (
        ("database", own.database),
        ("facts", own.facts),
        ("mapping", own.mapping),
        ("drop", own.drop),
        ("moodle", moodle.moodle),
        ("reports", moodle.reports_set_up if fix else moodle.reports),
        ("hints", moodle.hints),
        ("writing", moodle.writing),
        ("courses", moodle.courses),
        ("cohort sync", moodle.cohort_sync),
        ("profile fields", moodle.profile_fields),
        ("notices", own.notices),
        ("learners", moodle.learners),
        ("sign-in", moodle.sign_in),
        ("linked logins", moodle.linked_logins),
        ("leavers", moodle.leavers),
        ("certificates", own.certificates),
        ("exports", own.exports),
        ("video", own.video),
        ("scores", own.scores),
    ):
        bad = {finding.what for finding in findings if finding.state == "bad"}
        if bad & NEEDS.get(what, set()):
            findings.append(Finding(what, "none", "not looked for"))
        else:
            findings.append(await _checked(what, check, connector))
    return findings


Check = Callable[[Connector], Awaitable[str | None] | Awaitable[Finding | None] | Awaitable[Finding | str]]


async def _checked(what: str, check: Check, connector: Connector) -> Finding:
    try:
        found = await check(connector)
    except ConnectorError as error:
        return Finding(what, "bad", str(error), error.exit_status)
    except Exception as error:  # the other parts are examined all the same
        if os.environ.get("CONNECTOR_DEBUG"):
            raise
        text = f"An error that nobody foresaw ({type(error).__name__}). CONNECTOR_DEBUG=1 shows where it happened."
        return Finding(what, "bad", text, 1)
    if isinstance(found, Finding):
        return found
    return Finding(what, "good", found) if found is not None else Finding(what, "none", "not set up")


def _settings(config: Path | None) -> Finding:
    file = settings_file(config)
    strangers = unknown_variables()
    beside = f" No setting has the name of {', '.join(strangers)}: misspelt?" if strangers else ""
    if file is None:
        text = "no file: defaults and CONNECTOR_ variables. `moodle-connector init` writes one."
        return Finding("settings", "none", text + beside)
    return Finding("settings", "good", f"{file}.{beside}" if beside else str(file))
