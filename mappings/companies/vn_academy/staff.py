"""Who works and learns in the academy: faculties with heads, instructors and trainees, and departments beside them.

Seeded, so always the same. All names are made up by combining family, middle and given names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from mappings.companies.staffing import Mailboxes, seeded
from mappings.romanise import romanise

DOMAIN = "songhong.example"
PRIVATE_DOMAIN = "thu.example"

_SURNAMES = "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý"
_OFTEN = (32, 11, 10, 7, 5, 4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 1)
"""How many of a hundred people have each family name: every third is a Nguyễn."""
_WOMEN = "Hương Lan Mai Hoa Hạnh Thảo Ngân Linh Yến Trang Quỳnh Oanh Tuyết Phượng Hằng Khai"
_MEN = "Hùng Dũng Tuấn Sơn Long Nam Thắng Cường Phúc Khôi Bảo Việt Hiếu Kiệt Đạt Tùng"
_MIDDLE_OF_WOMEN = "Thị,Ngọc,Thu,Minh,Thanh,Thị Minh,Thị Thu"
_MIDDLE_OF_MEN = "Văn,Đức,Quang,Minh,Hữu,Quốc,Văn Đức"

FACULTIES = {
    "CNTT": "Khoa Công nghệ thông tin",
    "NN": "Khoa Ngoại ngữ",
    "KT": "Khoa Kinh tế",
    "TK": "Khoa Thiết kế",
}
OFFICES = {
    "LTT": ("Phòng Lớp học trực tuyến", "Điều phối viên"),
    "TQ": ("Trường quay", "Kỹ thuật viên video"),
    "HT": ("Phòng Hỗ trợ học viên", "Chuyên viên hỗ trợ"),
}
"""Departments that teach nothing: their name, and the job of most who work there."""
BOARD = "BGĐ"

DIRECTOR, HEAD, CHIEF, INSTRUCTOR, ASSISTANT, TRAINEE = (
    "Giám đốc", "Trưởng khoa", "Trưởng phòng", "Giảng viên", "Trợ giảng", "Học viên",
)  # fmt: skip
PERMANENT, TRIAL, TRAINING = "Chính thức", "Thử việc", "Học việc"
WORKING, ON_LEAVE, LEFT = "Đang làm việc", "Nghỉ không lương", "Đã nghỉ việc"

_SHARES = {INSTRUCTOR: 18, ASSISTANT: 8, TRAINEE: 48}
"""Of a hundred people so many are in faculties; the others are in departments."""


@dataclass(frozen=True, slots=True)
class Employee:
    """One row of the export. ``family``: the family name and middle names, which stand first. Days are as written."""

    key: str
    family: str
    given: str
    email: str
    unit: str
    unit_name: str
    title: str
    faculty: str
    contract: str
    hired: str
    manager: str
    phone: str
    left: str = ""
    status: str = WORKING


def first(people: int, today: date, seed: int = 1) -> list[Employee]:
    """Everybody who is there before ``today``. Raises ValueError where that are too few."""
    return list(_hire(people, today, seeded(people, seed), Mailboxes()))


def day(when: date) -> str:
    """A day as this system writes it."""
    return f"{when:%d/%m/%Y}"


def name(rng: Random) -> tuple[str, str]:
    """Family name with middle names, and given name."""
    middle, given = (_MIDDLE_OF_WOMEN, _WOMEN) if rng.random() < 0.55 else (_MIDDLE_OF_MEN, _MEN)
    [family] = rng.choices(_SURNAMES.split(), _OFTEN)
    return f"{family} {rng.choice(middle.split(','))}", rng.choice(given.split())


def mailbox(mailboxes: Mailboxes, family: str, given: str, domain: str) -> str:
    """The given name and the initials of the others: Nguyễn Thị Minh Khai is khai.ntm."""
    initials = "".join(romanise(part)[0] for part in family.split())
    return mailboxes.new(f"{romanise(given)}.{initials}", domain)


class Personnel:
    """Hires: numbers people, finds them a name and a mailbox."""

    def __init__(self, today: date, rng: Random, mailboxes: Mailboxes, number: int = 0) -> None:
        self._today, self._rng, self._mailboxes, self._number = today, rng, mailboxes, number

    def hire(self, title: str, unit: tuple[str, str], manager: str, days: int, faculty: str = "") -> Employee:
        """Somebody who came ``days`` ago."""
        self._number += 1
        family, given = name(self._rng)
        trainee = title == TRAINEE
        contract = TRAINING if trainee else TRIAL if days < 60 else PERMANENT
        return Employee(
            key=f"SH{self._number:06}",
            family=family,
            given=given,
            email=mailbox(self._mailboxes, family, given, PRIVATE_DOMAIN if trainee else DOMAIN),
            unit=unit[0],
            unit_name=unit[1],
            title=title,
            faculty=faculty,
            contract=contract,
            hired=day(self._today - timedelta(days=days)),
            manager=manager,
            phone=f"09{self._rng.randint(0, 99):02} {self._rng.randint(0, 999):03} {self._rng.randint(0, 999):03}",
            status=ON_LEAVE if title == INSTRUCTOR and self._rng.random() < 0.02 else WORKING,
        )


def _hire(people: int, today: date, rng: Random, mailboxes: Mailboxes) -> Iterator[Employee]:
    """A director, a head for each unit, and everybody else under them."""
    office = Personnel(today, rng, mailboxes)
    director = office.hire(DIRECTOR, (BOARD, "Ban Giám đốc"), "", 3000)
    yield director
    heads: dict[str, str] = {}
    for code, called in FACULTIES.items():
        head = office.hire(HEAD, (code, called), director.key, rng.randint(900, 2900), code)
        heads[code] = head.key
        yield head
    for code, (called, _) in OFFICES.items():
        chief = office.hire(CHIEF, (code, called), director.key, rng.randint(900, 2900))
        heads[code] = chief.key
        yield chief
    for title in _titles(people - len(heads) - 1, rng):
        if title in _SHARES:
            code = rng.choice(list(FACULTIES))
            days = rng.randint(5, 85) if title == TRAINEE else _days(rng)
            yield office.hire(title, (code, FACULTIES[code]), heads[code], days, code)
        else:
            code = next(code for code, (_, job) in OFFICES.items() if job == title)
            yield office.hire(title, (code, OFFICES[code][0]), heads[code], _days(rng))


def _titles(count: int, rng: Random) -> list[str]:
    """Each title as often as its share says, so that the smallest academy has all of them; in an order by chance."""
    jobs = [job for _, job in OFFICES.values()]
    shares = [*_SHARES.items(), *((job, (100 - sum(_SHARES.values())) / len(jobs)) for job in jobs)]
    titles = [title for title, part in shares for _ in range(int(count * part / 100))]
    titles += [TRAINEE] * (count - len(titles))
    rng.shuffle(titles)
    return titles


def _days(rng: Random) -> int:
    return rng.randint(5, 59) if rng.random() < 0.06 else rng.randint(60, 2800)
