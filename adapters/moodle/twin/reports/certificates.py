"""The source "issues" of the plugin tool_certificate (seen: release 4.4.1 in Moodle 4.5 and 5.1)."""

from __future__ import annotations

from adapters.moodle.twin.reports import cells, filters
from adapters.moodle.twin.reports.cells import Reader, plain
from adapters.moodle.twin.reports.entities import Column, Entity, Get
from adapters.moodle.twin.reports.filters import Filter
from adapters.moodle.twin.reports.rows import Row


def _of(name: str) -> Get:
    return lambda row: getattr(row.certificate, name) if row.certificate else None


def _code_link(row: Row, reader: Reader) -> str:
    code = plain(row.certificate.code if row.certificate else "")
    return f'<a title="Verify" href="{reader.url}/admin/tool/certificate/index.php?code={code}">{code}</a>'


def _expired(row: Row, now: float) -> int | None:
    """1 expired, 0 valid."""
    return int(0 < row.certificate.expires <= now) if row.certificate else None


def _status(row: Row, reader: Reader) -> str:
    return "Expired" if _expired(row, reader.now) else "Valid"


TEMPLATE = Entity(
    "Certificate",
    {
        "name": Column(
            "Certificate template", _of("template"), lambda row, _reader: cells.stripped(_of("template")(row))
        )
    },
    {"name": Filter("Certificate template", filters.text, lambda row, _now: _of("template")(row))},
)
ISSUE = Entity(
    "Issued certificate",
    {
        "code": Column("Code", _of("code"), lambda row, _reader: _of("code")(row)),
        "codewithlink": Column("Code with link", _of("code"), _code_link),
        "timecreated": Column("Date issued", _of("issued"), lambda row, at: cells.moment(_of("issued")(row), at)),
        "expires": Column("Expiry date", _of("expires"), lambda row, at: cells.never_or(_of("expires")(row), at)),
        "status": Column("Status", _of("expires"), _status),
    },
    {
        "status": Filter("Status", filters.select, _expired),
        "timecreated": Filter("Time created", filters.date, lambda row, _now: _of("issued")(row)),
        "expires": Filter("Expiry date", filters.date, lambda row, _now: _of("expires")(row)),
        "archived": Filter("Archived", filters.boolean, lambda row, _now: _of("archived")(row)),
    },
)
