"""A mapping with many rules, and the plainest way to evaluate them: every one for every person."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from importlib.resources import as_file, files
from pathlib import Path
from random import Random

from cel_expr_python import cel

from connector.domain.people import Person
from tests.bench import company

UNITS = ("MTR", "LOG", "ENG", "MNT", "SAF", "CSV", "ADM", "ACC", "INF", "TRN")
JOBS = ("meter_reader", "driver", "engineer", "customer_service", "office", "supervisor")


def conditions(count: int) -> list[str]:
    """Conditions over unit, job, grade and the day of hire: by turns of one, two and three of them."""
    rng = Random(3)
    return [_condition(number, rng) for number in range(count)]


def _condition(number: int, rng: Random) -> str:
    unit, job, grade = rng.choice(UNITS), rng.choice(JOBS), rng.randint(2, 9)
    day = f"{rng.randint(2002, 2025)}-{rng.randint(1, 12):02}-01"
    forms = (
        f'unit == "{unit}" && grade == {grade}',
        f'job_role == "{job}" && grade >= {grade} && unit != "{unit}"',
        f'unit in ["{unit}", "{rng.choice(UNITS)}"] && starts >= "{day}"',
        f'job_role == "{job}" && starts < "{day}" && grade > {grade}',
        f'unit == "{unit}" && job_role == "{job}" && grade in [{grade}, {grade + 1}]',
    )
    return forms[number % len(forms)]


def write_mapping(folder: Path, count: int) -> None:
    """The sample company's mapping, and ``count`` cohorts by condition in it."""
    with as_file(files("mappings.companies") / company.COMPANY) as sample:
        shutil.copytree(sample, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    cohorts = [
        f"  - {{idnumber: rule-{number:03}, name: Rule {number:03}, when: '{when}'}}\n"
        for number, when in enumerate(conditions(count))
    ]
    file = folder / "mapping.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("cohorts:\n", f"cohorts:\n{''.join(cohorts)}"), "utf-8")


def plainly(people: Iterable[Person], count: int) -> float:
    """Seconds to evaluate ``count`` conditions for each of these people, one by one."""
    kinds = {"unit": cel.Type.STRING, "job_role": cel.Type.STRING, "grade": cel.Type.INT, "starts": cel.Type.STRING}
    environment = cel.NewEnv(variables=kinds)
    expressions = [environment.compile(text) for text in conditions(count)]
    seen = [
        {
            "unit": person.unit,
            "job_role": person.job_role,
            "grade": person.attributes["grade"],
            "starts": person.starts.isoformat() if person.starts else "",
        }
        for person in people
    ]
    began = time.perf_counter()
    for values in seen:
        for expression in expressions:
            expression.eval(data=values)
    return time.perf_counter() - began
