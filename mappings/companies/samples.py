"""The table of the sample companies, in the order in which the demo shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.companies import restaurants, tw_gas, vn_academy
from mappings.companies.sample import SampleCompany

_COMPANIES = (tw_gas.COMPANY, restaurants.COMPANY, vn_academy.COMPANY)
SAMPLES: Mapping[str, SampleCompany[Any]] = {company.name: company for company in _COMPANIES}
