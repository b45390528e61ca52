"""The page on the mapping language is true: its examples load, and it names everything that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mappings import checks, transforms
from mappings.certificates import CertificatesFile, CertificateSpec, EarnedBySpec
from mappings.loader import load
from mappings.model.grants import EnrolmentSpec, PathSpec, RoleSpec
from mappings.model.people import CohortSpec, FieldSpec, PersonSpec
from mappings.model.requirements import AlsoSpec, DueSpec, RecertifySpec, RequirementSpec
from mappings.model.sources import SourceSettings

PAGE = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```yaml\n# (.*?)\n(.*?)```", PAGE, re.S))

SEVERAL = ("mapping.yaml, of several sources", "sources/hr.yaml", "sources/directory.yaml")


def files(title: str) -> dict[str, str]:
    """The company that an example belongs to: the page's whole mapping with the example in its place."""
    whole, block = BLOCKS["mapping.yaml"], BLOCKS[title]
    if title.startswith("mapping.yaml, whole"):
        return {"mapping.yaml": block}
    if title == "mapping.yaml, under person":
        return {"mapping.yaml": whole.replace("\nattributes:", f"{block}\nattributes:", 1)}
    if title == "mapping.yaml, source":
        return {"mapping.yaml": re.sub(r"source:\n(  .*\n)+", lambda _: block, whole, count=1)}
    if title in SEVERAL:
        return {"mapping.yaml": BLOCKS[SEVERAL[0]], **{name: BLOCKS[name] for name in SEVERAL[1:]}}
    if title == "certificates.yaml":
        beside = {name: BLOCKS[name] for name in ("paths.yaml", "requirements.yaml")}
        return {"mapping.yaml": whole, title: block, **beside}
    if title == "requirements.yaml":
        return {"mapping.yaml": whole, title: block, "paths.yaml": BLOCKS["paths.yaml"]}
    return {"mapping.yaml": whole, title.partition(",")[0]: block}


@pytest.mark.parametrize("title", BLOCKS)
def test_an_example_loads(title: str, tmp_path: Path) -> None:
    """What can be copied from the page works."""
    for name, text in files(title).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert next(iter(load(tmp_path).sources)) in ("hr", "workday")


def test_no_example_is_left_out() -> None:
    """Each YAML block has a title of its own, by which it is tested."""
    assert len(BLOCKS) == PAGE.count("```yaml")


def test_the_page_names_everything() -> None:
    """Transforms, fields, options: the page is complete."""
    words = set(re.findall(r"[a-z_]+[0-9]?", PAGE))
    everything = {*transforms.PLAIN, *transforms.WITH_OPTIONS, *checks.ACCOUNT, *checks.EMPLOYMENT, *checks.TYPED}
    everything |= {*FieldSpec.model_fields, *PersonSpec.model_fields, *SourceSettings.model_fields}
    certificates = (CertificatesFile, CertificateSpec, EarnedBySpec)
    rules = (CohortSpec, RoleSpec, PathSpec, EnrolmentSpec, RequirementSpec, AlsoSpec, DueSpec, RecertifySpec)
    for rule in (*rules, *certificates):
        everything |= rule.model_fields.keys()
    assert everything - words == set()
