"""A restaurant group in Canada, in English and French: mapping, learning paths, courses, and its payroll's XML."""

from mappings.companies.restaurants.accounts import accounts
from mappings.companies.restaurants.feeds import write
from mappings.companies.restaurants.staff import first
from mappings.companies.restaurants.story import second
from mappings.companies.sample import SampleCompany

COMPANY = SampleCompany(
    name="restaurants",
    title="a restaurant group in Canada, in English and French",
    people=400,
    timezone="America/Vancouver",
    files=("employees-1.xml", "employees-2.xml"),
    tells="the season ends for many at once, some join, move to another restaurant or are promoted, two rows are bad",
    staff=first,
    later=second,
    write=write,
    accounts=accounts,
)
