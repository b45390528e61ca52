"""Exports: what a view holds is in the file, readable by what companies use, and never half of it."""

from __future__ import annotations

import asyncio
import csv
import io
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import duckdb
import openpyxl
import pytest
from moto.server import ThreadedMotoServer

from adapters.storage.export_folder import FolderPlace
from adapters.storage.s3 import S3Place
from connector.bootstrap import Connector
from connector.cli import command
from connector.doctor.own import exports as doctors_exports
from connector.domain.errors import SettingsError, StorageError
from connector.domain.exports import Column, Selection
from connector.reports.exports import Order, export
from connector.settings.reading import load_settings
from connector.store.database import Database
from connector.store.views import ViewRows
from tests.drops import ACCESS
from tests.integration.facts import PEOPLE, fill

NOW = datetime.now(UTC)
ENDINGS = ("csv", "parquet", "xlsx")


@pytest.fixture
def views(database_url: str) -> Iterator[ViewRows]:
    fill(database_url, NOW)
    with Database(database_url) as database:
        with database.transaction() as connection:
            connection.execute("UPDATE facts.person_name SET firstname = '=1+1' WHERE lastname = 'Dunord'")
        yield ViewRows(database)


@pytest.fixture(scope="module")
def moto() -> Iterator[tuple[str, Any]]:
    """A server that speaks as S3 does, and a client of it."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": ACCESS["access_key"], "aws_secret_access_key": ACCESS["secret_key"]}
    yield url, boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
    server.stop()


def written(views: ViewRows, to: Path, form: str, *selections: Selection, **more: Any) -> list[Path]:
    folder, name = (to.parent, to.name) if to.suffix else (to, "")
    done = list(export(views, Order(selections, form, FolderPlace(folder), name=name, **more), lambda _: None))
    assert {path for path in folder.rglob("*") if path.name.endswith(".part")} == set()
    return [Path(one.file) for one in done]


def test_every_view_in_every_format(views: ViewRows, tmp_path: Path) -> None:
    """Rows and columns of each file are those of its view, by the reader that people have."""
    for form in ENDINGS:
        files = written(views, tmp_path / form, form, *(Selection(name) for name in views.names()))
        assert [file.name for file in files] == [f"{name}.{form}" for name in views.names()]
        for file in files:
            names = [column.name for column in views.columns(file.stem)]
            rows = [row for batch in views.stream(Selection(file.stem)) for row in batch]
            if form == "xlsx":
                sheet = openpyxl.load_workbook(file).worksheets[0]
                found = list(sheet.iter_rows(values_only=True))
                assert (list(found[0]), len(found) - 1) == (names, len(rows)), file
            else:
                reader = "read_csv" if form == "csv" else "read_parquet"
                table = duckdb.sql(f"SELECT * FROM {reader}('{file}')")
                counted = table.aggregate("count(*)").fetchall()
                assert (table.columns, counted) == (names, [(len(rows),)]), file


def test_values_keep_their_kind(views: ViewRows, tmp_path: Path) -> None:
    """Days are days, moments have their zone, names keep their letters, in Parquet, CSV and Excel."""
    chosen = Selection("completions", where=[("hr_key", "N1")])
    rows = [row for batch in views.stream(chosen) for row in batch]
    names = [column.name for column in views.columns("completions")]
    [row] = [dict(zip(names, row, strict=True)) for row in rows]
    [parquet] = written(views, tmp_path, "parquet", chosen)
    table = duckdb.sql(f"SELECT lastname, completed_at, attempt FROM read_parquet('{parquet}')")
    assert [str(kind) for kind in table.types] == ["VARCHAR", "TIMESTAMP WITH TIME ZONE", "INTEGER"]
    duckdb.sql("SET TimeZone = 'UTC'")
    seconds = duckdb.sql(f"SELECT lastname, epoch_us(completed_at) FROM read_parquet('{parquet}')").fetchall()
    assert seconds == [("Trần-Bắc", round(row["completed_at"].timestamp() * 1e6))]
    [text] = written(views, tmp_path, "csv", chosen)
    [told] = csv.DictReader(io.StringIO(text.read_text("utf-8")))
    assert datetime.fromisoformat(told["completed_at"]) == row["completed_at"]
    assert told["completed_at"].endswith("+00:00")
    assert (told["firstname"], told["lastname"]) == ("Ánh", "Trần-Bắc")
    [book] = written(views, tmp_path, "xlsx", chosen)
    [header, cells] = list(openpyxl.load_workbook(book).active.iter_rows())  # type: ignore[union-attr]
    cell = dict(zip([one.value for one in header], cells, strict=True))["completed_at"]
    assert "UTC" in cell.number_format
    assert abs(cell.value.replace(tzinfo=UTC) - row["completed_at"]).total_seconds() < 0.01


def test_a_text_is_never_a_formula(views: ViewRows, tmp_path: Path) -> None:
    """In CSV an apostrophe stands before it; in Excel it is a text; Parquet has it as it is."""
    chosen = Selection("people", where=[("lastname", "Dunord")])
    files = {form: written(views, tmp_path, form, chosen)[0] for form in ENDINGS}
    [told] = csv.DictReader(io.StringIO(files["csv"].read_text("utf-8")))
    assert told["firstname"] == "'=1+1"
    sheet = openpyxl.load_workbook(files["xlsx"]).active
    assert sheet is not None
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    raw = duckdb.sql(f"SELECT firstname FROM read_parquet('{files['parquet']}')").fetchall()
    assert raw == [("=1+1",)]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_every_way_a_formula_can_begin(begin: str, tmp_path: Path) -> None:
    """Numbers stay numbers, and a harmless text stays as it is."""
    given = _Given([(f"{begin}cmd", -5, "a=b")])
    [file] = written(given, tmp_path, "csv", Selection("given"))  # type: ignore[arg-type]
    [row] = list(csv.reader(io.StringIO(file.read_bytes().decode())))[1:]
    assert row == [f"'{begin}cmd", "-5", "a=b"]


def test_months_are_folders_that_duckdb_reads_as_one(views: ViewRows, tmp_path: Path) -> None:
    """CSV and Parquet: every row once, in the month it belongs to; one month alone is that folder alone."""
    everything = [row for batch in views.stream(Selection("grade_changes")) for row in batch]
    place = [column.name for column in views.columns("grade_changes")].index("observed_at")
    for form, reader in (("csv", "read_csv"), ("parquet", "read_parquet")):
        files = written(views, tmp_path / form, form, Selection("grade_changes"), Selection("units"), by_month=True)
        months = sorted({row[place].strftime("%Y-%m") for row in everything})
        wanted = [tmp_path / form / "grade_changes" / f"month={m}" / f"grade_changes.{form}" for m in months]
        assert files == [*wanted, tmp_path / form / f"units.{form}"]
        options = "hive_partitioning = true, hive_types_autocast = false"
        table = f"{reader}('{tmp_path}/{form}/grade_changes/*/*.{form}', {options})"
        found = duckdb.sql(f"SELECT month, count(*) FROM {table} GROUP BY month ORDER BY month").fetchall()
        assert found == [(m, sum(row[place].strftime("%Y-%m") == m for row in everything)) for m in months]
    [one] = written(views, tmp_path / "one", "csv", Selection("grade_changes", month=months[0]))
    assert one.parent.name == f"month={months[0]}"
    with pytest.raises(SettingsError, match="no view of history"):
        written(views, tmp_path, "csv", Selection("units", month="2026-10"))


def test_filters_and_units(views: ViewRows, tmp_path: Path) -> None:
    """Only such rows; empty is empty; a unit with those below; what is no column or value is told."""
    north = {key for key, unit, *_ in PEOPLE if unit.startswith("North")}

    def keys(*where: tuple[str, str], unit: str = "") -> set[str]:
        chosen = Selection("people", where=where, unit=unit)
        place = [column.name for column in views.columns("people")].index("hr_key")
        return {row[place] for batch in views.stream(chosen) for row in batch}

    assert keys(unit="North") == north
    assert keys(("unit", "North-1"), ("status", "active")) == {"N1", "N2"}
    assert keys(("manager_key", "")) == {"T-boss"}
    for where in ([("nope", "x")], [("hr_key; DROP", "x")], [("hired_on", "yesterday's")]):
        with pytest.raises(SettingsError, match="--where"):
            written(views, tmp_path, "csv", Selection("people", where=where))
    with pytest.raises(SettingsError, match="no view"):
        written(views, tmp_path, "csv", Selection("facts.access"))


def test_a_byte_order_mark_for_excel(views: ViewRows, tmp_path: Path) -> None:
    """Only where it is wanted."""
    with_mark = written(views, tmp_path / "a.csv", "csv", Selection("units"), bom=True)[0].read_bytes()
    without = written(views, tmp_path / "b.csv", "csv", Selection("units"))[0].read_bytes()
    assert with_mark == b"\xef\xbb\xbf" + without


def test_what_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    """Readers see the whole of the last one or the whole of the new one."""
    file = tmp_path / "given.csv"
    file.write_text("old")
    with pytest.raises(RuntimeError):
        written(_Given([("a", 1, "b")], breaks=True), file, "csv", Selection("given"))  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["given.csv"]
    assert file.read_text() == "old"
    (tmp_path / "folder").write_text("a file is in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        written(_Given([]), tmp_path / "folder" / "x.csv", "csv", Selection("given"))  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ENDINGS)
def test_memory_stays_flat(form: str, tmp_path: Path) -> None:
    """Thirty times the rows need hardly more of it."""

    def peak(batches: int) -> int:
        tracemalloc.start()
        rows = [(f"text {n}", n, "more " * 4) for n in range(500)]
        written(_Given(rows, batches=batches), tmp_path / f"{batches}.{form}", form, Selection("given"))  # type: ignore[arg-type]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)
    assert peak(30) < 1.5 * peak(1) + 300_000


def test_a_sheet_of_excel_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet holds about a million rows; what is more stands on the next one, below the same header."""
    monkeypatch.setattr("connector.reports.formats.SHEET", 3)
    [file] = written(_Given([("a", n, "b") for n in range(7)]), tmp_path / "g.xlsx", "xlsx", Selection("given"))  # type: ignore[arg-type]
    sheets = openpyxl.load_workbook(file).worksheets
    found = [[row[1] for row in sheet.iter_rows(values_only=True)] for sheet in sheets]
    assert found == [["number", 0, 1, 2], ["number", 3, 4, 5], ["number", 6]]


def test_parquet_without_its_package_is_told(views: ViewRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra because it is large; the sentence says how to get it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install -c constraints.txt"):
        written(views, tmp_path, "parquet", Selection("units"))


def test_a_bucket_is_read_by_duckdb_as_a_folder_is(
    views: ViewRows, tmp_path: Path, moto: tuple[str, Any], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the clock's job: every view lies there by month; a month of which there is nothing any more goes."""
    url, client = moto
    client.create_bucket(Bucket="lake")
    client.put_object(Bucket="lake", Key="moodle/grade_changes/month=1999-12/grade_changes.parquet", Body=b"old")
    client.put_object(Bucket="lake", Key="moodle/grade_changes/month=1999-12/notes.txt", Body=b"of somebody else")
    settings = tmp_path / "connector.toml"
    settings.write_text(
        f"""[exports]
        views = ["grade_changes", "units"]
        [exports.s3]
        bucket = "lake"
        prefix = "moodle"
        region = "us-east-1"
        endpoint_url = "{url}"
        """
    )
    for name, value in ACCESS.items():
        monkeypatch.setenv(f"CONNECTOR_EXPORTS__S3__{name.upper()}", value)
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", database_url)
    with Connector(load_settings(settings)) as connector:
        came = asyncio.run(connector.exporting_views().work())
        rows = {
            name: sum(len(batch) for batch in views.stream(Selection(name))) for name in ("grade_changes", "units")
        }
        assert came["rows"] == sum(rows.values())
        assert connector.exporting_views().order.check() == "s3://lake/moodle/"
        for wrong in ("s3://elsewhere/moodle", "s3://lake/other"):
            with pytest.raises(SettingsError, match=r"exports\.s3"):
                connector.place_of(wrong)
    for one in client.list_objects_v2(Bucket="lake")["Contents"]:
        file = tmp_path / one["Key"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(client.get_object(Bucket="lake", Key=one["Key"])["Body"].read())
    table = f"read_parquet('{tmp_path}/moodle/grade_changes/*/*.parquet', hive_partitioning = true)"
    assert duckdb.sql(f"SELECT count(*) FROM {table}").fetchall() == [(rows["grade_changes"],)]
    assert (tmp_path / "moodle" / "units.parquet").exists()
    assert [path.name for path in (tmp_path / "moodle/grade_changes/month=1999-12").iterdir()] == ["notes.txt"]
    assert command(["export", "units", "--to", "s3://lake/moodle/by/hand", "--config", str(settings)]) == 0
    client.head_object(Bucket="lake", Key="moodle/by/hand/units.csv")


def test_a_bucket_that_is_not_there_is_told(moto: tuple[str, Any]) -> None:
    """By the tree, with what is to be mended."""
    place = S3Place(bucket="nowhere", region="us-east-1", endpoint_url=moto[0], timeout=5, **ACCESS)
    with pytest.raises(SettingsError, match="correct bucket"), place.file("units.csv") as path:
        path.write_text("unit")


def test_months_that_are_no_more_go(tmp_path: Path) -> None:
    """Where all of a view is written; a filtered export takes nothing away."""
    given = _Months()
    for month in ("2026-01", "2026-02"):
        given.there = [month]
        written(given, tmp_path, "csv", Selection("given", where=[("text", "a")]), by_month=True)  # type: ignore[arg-type]
    assert len(list(tmp_path.rglob("given.csv"))) == 2
    written(given, tmp_path, "csv", Selection("given"), by_month=True)  # type: ignore[arg-type]
    assert [path.name for path in (tmp_path / "given").iterdir()] == ["month=2026-02"]


def test_the_command(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """All views into a folder, one into a file, and wrong options told with status 2."""
    fill(database_url, NOW)
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)
    assert command(["export", "--all", "--to", "all", "--by-month", "--json"]) == 0
    assert (tmp_path / "all" / "people.csv").exists()
    assert command(["export", "people", "--to", "one.xlsx", "--format", "xlsx", "--unit", "North"]) == 0
    sheet = openpyxl.load_workbook(tmp_path / "one.xlsx").active
    assert sheet is not None and sheet.max_row == 1 + 5
    for wrong in (
        ["export", "--to", "x"], ["export", "people", "--all", "--to", "x"], ["export", "nothing", "--to", "x"],
        ["export", "people", "--to", "x", "--month", "2026-13"], ["export", "people", "--to", "x", "--where", "unit"],
        ["export", "people", "--to", "x", "--unit", "Nowhere"],
    ):  # fmt: skip
        assert command(wrong) == 2, wrong
    capsys.readouterr()


def test_doctor_tells_of_another_sites_exports(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose place holds that of another site is told so, as who reads it reads of other people too."""
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", database_url)
    sites = {"a": f'reporting.url = "{database_url}"\nexports.folder = "out"', "b": 'exports.folder = "out/b"'}
    text = "".join(f'[sites.{n}]\nmoodle.url = "https://{n}.example.com"\n{its}\n' for n, its in sites.items())
    (tmp_path / "connector.toml").write_text(text, "utf-8")
    with Connector(load_settings(tmp_path / "connector.toml").of("a")) as connector:
        found = asyncio.run(doctors_exports(connector))
    assert found is not None and found.state == "good"
    assert "what b exports lies within" in found.text


class _Given:
    """Rows of a view that is not in the database."""

    def __init__(self, rows: list[tuple[Any, ...]], batches: int = 1, breaks: bool = False) -> None:
        self._rows, self._batches, self._breaks = rows, batches, breaks

    def columns(self, view: str) -> list[Column]:  # noqa: ARG002
        return [Column("text", "text"), Column("number", "bigint"), Column("more", "text")]

    def month_column(self, view: str) -> str | None:  # noqa: ARG002
        return None

    def stream(self, selection: Selection) -> Iterator[list[tuple[Any, ...]]]:  # noqa: ARG002
        for _ in range(self._batches):
            yield self._rows
        if self._breaks:
            raise RuntimeError("the database went away")


class _Months(_Given):
    """A view of history."""

    there: Sequence[str] = ()

    def __init__(self) -> None:
        super().__init__([("a", 1, "b")])

    def month_column(self, view: str) -> str | None:  # noqa: ARG002
        return "number"

    def months(self, view: str) -> Sequence[str]:  # noqa: ARG002
        return self.there
