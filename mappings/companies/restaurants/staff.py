"""Who works in the restaurants: managers, chefs, and staff of kitchen, floor and bar, many of them for a season.

Seeded, so always the same. All names are made up by combining surnames and given names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from mappings.companies.staffing import Mailboxes, seeded
from mappings.romanise import romanise

COMPANY_DOMAIN = "belle-riviere.example"
PRIVATE_DOMAIN = "courriel.example"

_FRENCH_SURNAMES = (
    "Tremblay Gagnon Roy Côté Bouchard Gauthier Morin Lavoie Fortin Gagné Ouellet Pelletier Bélanger Lévesque "
    "Bergeron Leblanc Paquette Girard Boucher Caron Beaulieu Cloutier Dubé Poirier Fournier Lapointe Lefebvre "
    "Thériault D'Amours St-Onge L'Écuyer Nguyễn"
)
_ENGLISH_SURNAMES = (
    "Smith Brown Campbell MacDonald Martin Wilson Taylor O'Neill Anderson Thompson Singh Patel Chen Roy Kowalski "
    "Friesen Oyelaran LeBlanc Murphy Fraser"
)
_FRENCH_WOMEN = "Hélène Chloé Léa Noémie Anaïs Zoé Maëlle Geneviève Océane Aurélie Béatrice Marie-Ève"
_FRENCH_MEN = "François Étienne Jérôme Loïc Benoît Rémi Félix Mathéo Jean-François Cédric Noël Gaël"
_ENGLISH_WOMEN = "Emily Olivia Charlotte Grace Priya Ava Sarah Megan Hannah Aisha"
_ENGLISH_MEN = "Liam Noah Ethan Owen Arjun Lucas Ryan Connor Dylan Samuel"


@dataclass(frozen=True, slots=True)
class Restaurant:
    """A unit, and where it is. ``share``: of the staff, in percent."""

    code: str
    name: str
    city: str
    province: str
    timezone: str
    share: int

    @property
    def french(self) -> bool:
        """Whether its contracts are in French."""
        return self.province in ("QC", "NB")


HEAD_OFFICE = Restaurant("HQ", "Siège social", "Montréal", "QC", "America/Toronto", 0)
RESTAURANTS = (
    Restaurant("MTL1", "Le Plateau", "Montréal", "QC", "America/Toronto", 14),
    Restaurant("MTL2", "Vieux-Port", "Montréal", "QC", "America/Toronto", 13),
    Restaurant("QUE1", "Petit-Champlain", "Québec", "QC", "America/Toronto", 11),
    Restaurant("GAT1", "Café & Comptoir de l'Île", "Gatineau", "QC", "America/Toronto", 6),
    Restaurant("MCT1", "Rive de Moncton", "Moncton", "NB", "America/Moncton", 6),
    Restaurant("OTT1", "ByWard", "Ottawa", "ON", "America/Toronto", 10),
    Restaurant("TOR1", "Queen Street", "Toronto", "ON", "America/Toronto", 13),
    Restaurant("HAL1", "Halifax Pier", "Halifax", "NS", "America/Halifax", 7),
    Restaurant("WPG1", "Saint-Boniface", "Winnipeg", "MB", "America/Winnipeg", 5),
    Restaurant("CGY1", "Stephen Avenue", "Calgary", "AB", "America/Edmonton", 6),
    Restaurant("VAN1", "Gastown", "Vancouver", "BC", "America/Vancouver", 9),
)

DIRECTOR, MANAGER, CHEF, COOK = "Training director", "Restaurant manager", "Head chef", "Cook"
_IN_FRENCH = {
    DIRECTOR: ("Directrice de la formation", "Directeur de la formation"),
    MANAGER: ("Gérante", "Gérant"),
    CHEF: ("Cheffe de cuisine", "Chef de cuisine"),
    COOK: ("Cuisinière", "Cuisinier"),
    "Dishwasher": ("Plongeuse", "Plongeur"),
    "Server": ("Serveuse", "Serveur"),
    "Host": ("Hôtesse", "Hôte"),
    "Bartender": ("Barmaid", "Barman"),
}
"""Positions as French contracts say them, for women and men."""

_STATIONS = {COOK: 26, "Dishwasher": 12, "Server": 40, "Host": 10, "Bartender": 12}
"""What staff do, in percent."""

SEASONAL_EVERY = 2
"""Of the staff every second is there for a season."""
RETURNED = 3
"""Seasonal employees who were there last season too."""


@dataclass(frozen=True, slots=True)
class Employee:
    """One employee of the export."""

    key: str
    first: str
    last: str
    email: str
    female: bool
    french: bool
    at: Restaurant
    job: str
    manager: str
    hired: date
    ends: date | None = None
    seasonal: bool = False
    probation: bool = False
    hours: int = 38
    former: str = ""
    state: str = "active"

    @property
    def position(self) -> str:
        """The job as the contract says it, in the language of the restaurant."""
        forms = _IN_FRENCH.get(self.job) if self.at.french else None
        return forms[not self.female] if forms else self.job


def first(people: int, today: date, seed: int = 1) -> list[Employee]:
    """Everybody who works there before ``today``. Raises ValueError where that are too few."""
    staff = list(_hire(people, today, seeded(people, seed), Mailboxes()))
    for at, former in _returned(staff):
        staff[at] = replace(staff[at], former=former)
    return staff


def mailbox(mailboxes: Mailboxes, first_name: str, last: str, domain: str) -> str:
    """Who leads has a mailbox of the company, the others give their own."""
    return mailboxes.new(romanise(f"{first_name}.{last}"), domain)


def name(rng: Random, french: bool) -> tuple[str, str, bool]:
    """Given name, surname, and whether it is a woman's."""
    female = rng.random() < 0.5
    women, men, surnames = (
        (_FRENCH_WOMEN, _FRENCH_MEN, _FRENCH_SURNAMES) if french else (_ENGLISH_WOMEN, _ENGLISH_MEN, _ENGLISH_SURNAMES)
    )
    return rng.choice((women if female else men).split()), rng.choice(surnames.split()), female


def _returned(staff: list[Employee]) -> Iterator[tuple[int, str]]:
    """Who was there last season under another number: position in the list, and that number."""
    seasonal = [at for at, employee in enumerate(staff) if employee.seasonal]
    for at in seasonal[1 : 1 + RETURNED]:
        yield at, f"S{staff[at].key[1:]}"


class _Office:
    """Hires: numbers people, finds them a name, a mailbox and a contract."""

    def __init__(self, today: date, rng: Random, mailboxes: Mailboxes) -> None:
        self._today, self._rng, self._mailboxes, self._number = today, rng, mailboxes, 10000

    def hire(self, job: str, at: Restaurant, manager: str, seasonal: bool = False) -> Employee:
        rng = self._rng
        self._number += 1
        french = rng.random() < (0.85 if at.french else 0.12)
        given, last, female = name(rng, french)
        leads = job in (DIRECTOR, MANAGER, CHEF)
        days = (
            rng.randint(40, 160) if seasonal else rng.randint(8, 89) if rng.random() < 0.04 else rng.randint(90, 4000)
        )
        hired = self._today - timedelta(days=days)
        return Employee(
            key=f"R{self._number}",
            first=given,
            last=last,
            email=mailbox(self._mailboxes, given, last, COMPANY_DOMAIN if leads else PRIVATE_DOMAIN),
            female=female,
            french=french,
            at=at,
            job=job,
            manager=manager,
            hired=hired,
            ends=self._today + timedelta(days=rng.randint(30, 90)) if seasonal else None,
            seasonal=seasonal,
            probation=not leads and days < 90,
            hours=38 if leads else rng.choice((8, 12, 16, 24, 32, 38)),
        )


def _hire(people: int, today: date, rng: Random, mailboxes: Mailboxes) -> Iterator[Employee]:
    """A director, a manager and a chef for each restaurant, and everybody else under them."""
    office = _Office(today, rng, mailboxes)
    director = office.hire(DIRECTOR, HEAD_OFFICE, "")
    yield director
    managers: dict[str, str] = {}
    chefs: dict[str, str] = {}
    for at in RESTAURANTS:
        manager = office.hire(MANAGER, at, director.key)
        chef = office.hire(CHEF, at, manager.key)
        managers[at.code], chefs[at.code] = manager.key, chef.key
        yield from (manager, chef)
    rest = people - 1 - 2 * len(RESTAURANTS)
    places = rng.choices(RESTAURANTS, [at.share for at in RESTAURANTS], k=rest)
    jobs = rng.choices(list(_STATIONS), list(_STATIONS.values()), k=rest)
    for number, (at, job) in enumerate(zip(places, jobs, strict=True), 1):
        boss = chefs[at.code] if job in (COOK, "Dishwasher") else managers[at.code]
        yield office.hire(job, at, boss, seasonal=number % SEASONAL_EVERY == 0)
