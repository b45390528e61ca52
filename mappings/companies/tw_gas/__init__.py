"""A Taiwanese gas distributor: mapping, learning paths, courses, and its HR export in two deliveries."""

from mappings.companies.sample import SampleCompany
from mappings.companies.tw_gas.feeds import write
from mappings.companies.tw_gas.staff import first, second

COMPANY = SampleCompany(
    name="tw_gas",
    title="a gas distributor in Taiwan",
    people=2000,
    timezone="Asia/Taipei",
    files=("人員主檔-1.csv", "人員主檔-2.csv"),
    tells="some join, move and leave; one is renamed, two swap e-mails, two rows are bad",
    staff=first,
    later=second,
    write=write,
)
