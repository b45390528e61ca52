"""The people of the sample company: who works there, and what happens between two deliveries.

Seeded, so always the same. All names are made up by combining surnames and given names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from mappings.companies.sample import Story
from mappings.companies.staffing import Cast, Mailboxes, seeded, share
from mappings.romanise import family_name, given_name, romanise

_SURNAMES = (
    "陳 林 黃 張 李 王 吳 劉 蔡 楊 許 鄭 謝 郭 洪 邱 曾 廖 賴 徐 周 葉 蘇 莊 呂 江 何 蕭 羅 高 潘 簡 朱 鍾 彭 游 "
    "詹 胡 施 沈 余 盧 梁 趙 顏 柯 翁 魏 孫 戴 歐陽 張簡 范姜 司馬"
)
_FIRST = "家 怡 志 雅 俊 淑 建 美 宗 佳 冠 詩 柏 宜 承 思 明 心 信 惠 文 欣 國 玉 子 品 宇 芷 彥 鈺"
_SECOND = "豪 君 明 婷 宏 芬 雯 傑 玲 翰 華 穎 霖 萱 廷 如 倫 潔 偉 蓉 安 瑜 賢 慧 鴻 娟 軒 琪 諺 珊"
_DOMAIN = "daan-gas.example"
_CITIES = "臺北市 新北市 桃園市 新竹市 臺中市"

UNITS = {
    "GMO": "總經理室",
    "MTR": "抄表營業處",
    "LOG": "瓦斯配送處",
    "ENG": "管線工程處",
    "MNT": "設備維修處",
    "SAF": "工安環保處",
    "CSV": "客戶服務處",
    "ADM": "行政管理處",
    "ACC": "財務會計處",
    "INF": "資訊處",
    "TRN": "訓練中心",
}
"""Units by code."""

_JOBS = {
    "MTR": ("抄表員", 28),
    "LOG": ("瓦斯配送司機", 18),
    "ENG": ("管線工程師", 16),
    "MNT": ("設備維修工程師", 10),
    "SAF": ("工安工程師", 4),
    "CSV": ("客服專員", 10),
    "ADM": ("行政專員", 6),
    "ACC": ("會計專員", 4),
    "INF": ("資訊專員", 2),
    "TRN": ("行政專員", 2),
}
"""The job that most people of a unit have, and the unit's share of people in percent."""

_BOSSES = ("總經理", "處長", "主任")


@dataclass(frozen=True, slots=True)
class Employee:
    """One row of the export."""

    key: str
    name: str
    email: str
    unit: str
    title: str
    grade: int
    city: str
    extension: str
    hired: date
    manager: str = ""
    instructor: str = ""
    probation: bool = False
    left: date | None = None
    status: str = "在職"


def first(people: int, today: date, seed: int = 1) -> list[Employee]:
    """Everybody who works there before ``today``. Raises ValueError where that are too few."""
    return _with_instructors(list(_hire(people, today, seeded(people, seed), Mailboxes())))


def second(people: int, today: date, seed: int = 1) -> tuple[list[Employee], Story]:
    """Everybody again, after what the story tells. The numbers stay below the guard's limits.

    For 2,000 people: 20 join, 15 move, 12 leave, one is renamed, two swap e-mail addresses, one instructor is
    promoted and one demoted, one row has a wrong e-mail address and one no key. Leavers leave the day before
    ``today``, joiners begin on it.
    """
    before = first(people, today, seed)
    rng = seeded(people, seed + 1)
    mailboxes = Mailboxes(employee.email for employee in before)
    cast = Cast((e.key for e in before if e.title not in _BOSSES and not e.instructor and not e.probation), rng)
    movers, leavers = cast.take(share(people, 7.5)), cast.take(share(people, 6))
    renamed, one, other, bad = cast.take(4)
    promoted = next(e.key for e in before if e.instructor == "助理講師")
    demoted = next(e.key for e in before if e.instructor == "講師" and e.unit != "SAF")
    staff = {employee.key: employee for employee in before}
    for key in movers:
        staff[key] = _moved(staff[key], before, rng)
    for key in leavers:
        staff[key] = replace(staff[key], left=today - timedelta(days=1), status="離職")
    name = _other_name(staff[renamed].name, rng)
    staff[renamed] = replace(staff[renamed], name=name, email=_mailbox(mailboxes, name))
    mails = staff[one].email, staff[other].email
    staff[one], staff[other] = replace(staff[one], email=mails[1]), replace(staff[other], email=mails[0])
    staff[promoted] = replace(staff[promoted], instructor="講師")
    staff[demoted] = replace(staff[demoted], instructor="")
    staff[bad] = replace(staff[bad], email=staff[bad].email.replace("@", " at "))
    joiners = _joiners(share(people, 10), before, today, rng, mailboxes)
    nameless = replace(joiners[-1], key="", email=f"unknown@{_DOMAIN}")
    story = Story(
        joiners=tuple(joiner.key for joiner in joiners),
        movers=movers,
        leavers=leavers,
        own={"renamed": (renamed,), "swapped": (one, other), "promoted": (promoted,), "demoted": (demoted,)},
        bad={bad: ("email",), None: ("key",)},
    )
    return [*staff.values(), *joiners, nameless], story


def _mailbox(mailboxes: Mailboxes, name: str) -> str:
    return mailboxes.new(f"{romanise(given_name(name))}.{romanise(family_name(name))}", _DOMAIN)


def _hire(people: int, today: date, rng: Random, mailboxes: Mailboxes) -> Iterator[Employee]:
    """The general manager, a head for each unit, supervisors, and everybody else under the bosses of their unit."""
    number = 10000
    bosses: dict[str, list[str]] = {}

    def hire(unit: str, title: str, grade: int, manager: str) -> Employee:
        nonlocal number
        number += 1
        name, days = _name(rng), rng.randint(30, 89) if rng.random() < 0.02 else rng.randint(90, 9_000)
        city, extension = rng.choice(_CITIES.split()), str(rng.randint(1000, 9999))
        hired = today - timedelta(days=days)
        email, key = _mailbox(mailboxes, name), f"G{number}"
        return Employee(key, name, email, unit, title, grade, city, extension, hired, manager, probation=days < 90)

    boss = hire("GMO", "總經理", 14, "")
    yield boss
    for unit in _JOBS:
        head = hire(unit, "處長", 12, boss.key)
        bosses[unit] = [head.key]
        yield head
    rest = people - 1 - len(_JOBS)
    units, shares = list(_JOBS), [share for _, share in _JOBS.values()]
    for unit in rng.choices(units, shares, k=rest // 20):
        supervisor = hire(unit, "主任", rng.randint(8, 9), bosses[unit][0])
        bosses[unit].append(supervisor.key)
        yield supervisor
    for unit in rng.choices(units, shares, k=rest - rest // 20):
        under = rng.choice(bosses[unit][1:] or bosses[unit])
        employee = hire(unit, _JOBS[unit][0], rng.randint(2, 7), under)
        yield replace(employee, status="留職停薪") if rng.random() < 0.004 else employee


def _with_instructors(staff: list[Employee]) -> list[Employee]:
    """Some of the experienced teach: full instructors, and assistants."""
    able = [i for i, e in enumerate(staff) if e.title not in _BOSSES and not e.probation]
    count = max(3, len(staff) // 100)
    for position, index in enumerate(able[: 2 * count]):
        staff[index] = replace(staff[index], instructor="講師" if position % 2 else "助理講師")
    return staff


def _moved(employee: Employee, staff: list[Employee], rng: Random) -> Employee:
    """Another unit, its job, and one of its bosses."""
    unit = rng.choice([unit for unit in _JOBS if _JOBS[unit][0] != employee.title])
    boss = next(e for e in staff if e.unit == unit and e.title == "處長")
    return replace(employee, unit=unit, title=_JOBS[unit][0], manager=boss.key)


def _joiners(count: int, staff: list[Employee], today: date, rng: Random, mailboxes: Mailboxes) -> list[Employee]:
    heads = [e for e in staff if e.title == "處長"]
    joiners = []
    for i in range(1, count + 1):
        head, name = rng.choice(heads), _name(rng)
        joiners.append(
            Employee(
                key=f"G{10000 + len(staff) + i}",
                name=name,
                email=_mailbox(mailboxes, name),
                unit=head.unit,
                title=_JOBS[head.unit][0],
                grade=2,
                city=rng.choice(_CITIES.split()),
                extension=str(rng.randint(1000, 9999)),
                hired=today,
                manager=head.key,
                probation=True,
            )
        )
    return joiners


def _name(rng: Random) -> str:
    return rng.choice(_SURNAMES.split()) + rng.choice(_FIRST.split()) + rng.choice(_SECOND.split())


def _other_name(name: str, rng: Random) -> str:
    """The same surname with a given name that sounds different."""
    surname = family_name(name)
    given = [first + second for first in _FIRST.split() for second in _SECOND.split()]
    return surname + rng.choice([g for g in given if romanise(g) != romanise(given_name(name))])
