"""Writes the payroll's export of the restaurants: XML in a namespace, what is empty left out, dates as ISO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lxml import etree

from mappings.companies.restaurants.staff import Employee

NAMESPACE = "https://payroll.example/export/3"


def write(path: Path, staff: Sequence[Employee]) -> None:
    """Write a delivery to ``path``, one employee after the other."""
    with etree.xmlfile(str(path), encoding="utf-8") as file:
        file.write_declaration()
        with file.element(_name("export"), nsmap={"pay": NAMESPACE}):
            file.write("\n")
            for employee in staff:
                file.write(_element(employee), pretty_print=True)


def _element(employee: Employee) -> etree._Element:
    at = employee.at
    element = etree.Element(
        _name("employee"), _told({"number": employee.key, "formerNumber": employee.former}), {"pay": NAMESPACE}
    )
    name = etree.SubElement(element, _name("name"))
    etree.SubElement(name, _name("first")).text = employee.first
    etree.SubElement(name, _name("last")).text = employee.last
    etree.SubElement(element, _name("email")).text = employee.email
    etree.SubElement(element, _name("language")).text = "fr-CA" if employee.french else "en-CA"
    place = {"code": at.code, "city": at.city, "province": at.province, "timezone": at.timezone}
    etree.SubElement(element, _name("restaurant"), place).text = at.name
    etree.SubElement(element, _name("position")).text = employee.position
    etree.SubElement(element, _name("contract"), _contract(employee))
    if employee.manager:
        etree.SubElement(element, _name("supervisor")).text = employee.manager
    etree.SubElement(element, _name("state")).text = employee.state
    return element


def _contract(employee: Employee) -> dict[str, str]:
    return _told(
        {
            "kind": "seasonal" if employee.seasonal else "permanent",
            "from": employee.hired.isoformat(),
            "to": employee.ends.isoformat() if employee.ends else "",
            "hours": str(employee.hours),
            "probation": "yes" if employee.probation else "",
        }
    )


def _told(attributes: Mapping[str, str]) -> dict[str, str]:
    """This system leaves out what is empty."""
    return {name: value for name, value in attributes.items() if value}


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"
