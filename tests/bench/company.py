"""A company of any size for the bench: the export of its HR system, streamed to a file, the same every time.

Feeds have the columns of the sample company ``tw_gas`` and are read by its mapping (fifteen columns, some twenty
rules). For a real Moodle there is a smaller mapping: three courses for everybody, and nothing else, which is what
Moodle's own upload tool can do too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

from mappings.companies.tw_gas.feeds import HEADINGS
from mappings.companies.tw_gas.staff import UNITS

COMPANY = "tw_gas"
DOMAIN = "daan-gas.example"
CHANGED_EVERY = 100
"""In a second delivery one row of so many differs: somebody who moved to another unit."""

_SURNAMES = "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余盧梁趙顏柯翁魏孫戴"
_FIRST = "家怡志雅俊淑建美宗佳冠詩柏宜承思明心信惠文欣國玉子品宇芷彥鈺"
_SECOND = "豪君明婷宏芬雯傑玲翰華穎霖萱廷如倫潔偉蓉安瑜賢慧鴻娟軒琪諺珊"
_CITIES = ("臺北市", "新北市", "桃園市", "新竹市", "臺中市")
_JOBS = (
    ("MTR", "抄表員"), ("MTR", "抄表員"), ("MTR", "抄表員"), ("LOG", "瓦斯配送司機"), ("LOG", "瓦斯配送司機"),
    ("ENG", "管線工程師"), ("ENG", "管線工程師"), ("MNT", "設備維修工程師"), ("SAF", "工安工程師"),
    ("CSV", "客服專員"), ("ADM", "行政專員"), ("ACC", "會計專員"), ("INF", "資訊專員"), ("TRN", "主任"),
)  # fmt: skip


def write_feed(path: Path, rows: int, today: date, *, second: bool = False) -> None:
    """Write a delivery of ``rows`` people; the ``second`` one is the first with one row in a hundred changed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(_employees(rows, today, second))
        writer.writerow(["合計", rows, *[""] * (len(HEADINGS) - 2)])


def _employees(rows: int, today: date, second: bool) -> Iterator[list[str]]:
    rng = Random(1)
    for number in range(rows):
        name = rng.choice(_SURNAMES) + rng.choice(_FIRST) + rng.choice(_SECOND)
        job, luck, days, grade = rng.randrange(len(_JOBS)), rng.random(), rng.randint(1, 9_000), rng.randint(2, 9)
        city, extension = rng.choice(_CITIES), rng.randint(1000, 9999)
        moved = second and number % CHANGED_EVERY == CHANGED_EVERY // 2
        unit, title = _JOBS[(job + 5) % len(_JOBS) if moved else job]
        yield [
            f"G{number:07}",
            name,
            f"g{number:07}@{DOMAIN}",
            unit,
            UNITS[unit],
            title,
            str(grade),
            city,
            str(extension),
            (today - timedelta(days=days)).isoformat(),
            "",
            f"G{number - number % 20:07}" if number % 20 else "",
            ("講師" if luck < 0.01 else "助理講師") if luck < 0.02 else "",
            "是" if days < 90 else "否",
            "在職",
        ]


def write_mapping(folder: Path, courses: Sequence[str]) -> None:
    """The mapping of a company in which everybody is to take ``courses``, and nothing else is granted."""
    folder.mkdir()
    (folder / "mapping.yaml").write_text(
        """version: 1
source: {name: bench, format: csv, file: "*.csv", encoding: utf-8}
key: {column: key}
person:
  username: {column: username}
  firstname: {column: firstname}
  lastname: {column: lastname}
  email: {column: email}
  auth: {column: auth}
  unit: {column: unit}
protected: [admin, guest]
""",
        "utf-8",
    )
    (folder / "paths.yaml").write_text(
        f"""version: 1
paths:
  - code: BENCH
    name: {{en: Bench}}
    courses: [{", ".join(courses)}]
    audience: unit != ""
    enrolment: {{start: assignment}}
""",
        "utf-8",
    )


def people(count: int, prefix: str) -> Iterator[dict[str, str]]:
    """Invented people whose usernames, e-mails and keys begin with ``prefix``."""
    rng = Random(2)
    for number in range(count):
        username = f"{prefix}{number:06}"
        yield {
            "key": username.upper(),
            "username": username,
            "firstname": rng.choice(_FIRST) + rng.choice(_SECOND),
            "lastname": rng.choice(_SURNAMES),
            "email": f"{username}@{DOMAIN}",
            "auth": "oauth2",
            "unit": rng.choice(_JOBS)[0],
        }


def write_people(path: Path, count: int, prefix: str) -> None:
    """Them, as the connector's feed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("key", "username", "firstname", "lastname", "email", "auth", "unit"))
        writer.writeheader()
        writer.writerows(people(count, prefix))


def write_upload(path: Path, count: int, prefix: str, courses: Sequence[str]) -> None:
    """Them, as Moodle's own upload tool takes them, with the courses of each on the row."""
    places = {f"course{number}": course for number, course in enumerate(courses, 1)}
    columns = ("username", "firstname", "lastname", "email", "auth", "idnumber", *places)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**person, "idnumber": person["key"], **places} for person in people(count, prefix))
