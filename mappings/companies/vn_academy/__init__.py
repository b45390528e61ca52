"""A Vietnamese online academy: mapping, learning paths, courses, and its HR export in two deliveries."""

from mappings.companies.sample import SampleCompany
from mappings.companies.vn_academy.accounts import accounts
from mappings.companies.vn_academy.feeds import write
from mappings.companies.vn_academy.staff import first
from mappings.companies.vn_academy.story import second

COMPANY = SampleCompany(
    name="vn_academy",
    title="an online academy in Vietnam",
    people=600,
    timezone="Asia/Ho_Chi_Minh",
    files=("nhan-su-1.txt", "nhan-su-2.txt"),
    tells="trainees are hired, a faculty gets a new head, two share one e-mail, three rows are bad",
    staff=first,
    later=second,
    write=write,
    accounts=accounts,
)
