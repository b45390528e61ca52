"""How findings of a doctor are shown, and what a command ends with that has some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import typer

from connector.cli.output import as_json, entry
from connector.doctor.finding import Finding

MARKS = {"good": "[green]✓[/green]", "bad": "[red]✗[/red]", "none": "[dim]–[/dim]"}
NARROW = 12
"""Letters of the column with the names, where all are short."""


def show(findings: Sequence[Finding], *, json: bool) -> NoReturn:
    """Show each with its mark, and end the command with the worst exit status of those that are bad."""
    if json:
        as_json(findings)
    else:
        width = max([NARROW, *(len(_name(finding)) for finding in findings)])
        for finding in findings:
            entry(f"{MARKS[finding.state]} {_name(finding):<{width}} ", finding.text)
    raise typer.Exit(max((finding.exit_status for finding in findings if finding.state == "bad"), default=0))


def _name(finding: Finding) -> str:
    return f"{finding.site}: {finding.what}" if finding.site else finding.what
