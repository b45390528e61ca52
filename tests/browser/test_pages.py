"""Every page, in light and dark, on a desk and a phone, in each language: accessible, whole, without complaint."""

from __future__ import annotations

from collections.abc import Collection

import pyotp
import pytest

from connector.domain.plan import HoldState
from connector.domain.sign_in import LANGUAGES, Role
from tests.browser.pages import DESK, ENTER, PHONE, TAB, Browser, focused, had, hold, shown
from tests.console import PASSWORD, Served, employees, leaving
from tests.integration.certified import CERTIFICATES, team
from tests.support import House

pytestmark = pytest.mark.anyio
LOOKS = {"light": (DESK, "light"), "dark": (DESK, "dark"), "phone": (PHONE, "light"), "phone-dark": (PHONE, "dark")}
TWO = ("light", "phone-dark")
"""Colours go by the scheme and the layout by the width: these show all of both."""


def looked_at(browser: Browser, name: str, looks: Collection[str] = TWO) -> None:
    """The page is good in these looks, and there is a picture of every one."""
    for look in LOOKS:
        browser.look(*LOOKS[look])
        if look in looks:
            assert browser.violations() == [], f"{name}, {look}"
            assert not browser.too_wide(), f"{name}, {look}"
        browser.picture(f"{name}-{look}")
    browser.look(DESK, "light")
    assert browser.complaints() == [], name


async def held(house: House) -> str:
    """The hash of a plan of which two classes are held: sixty people leave, and all have courses."""
    people = employees(80)
    await house.settled_in(people)
    return (await house.plan(leaving(people, 60))).hash


@pytest.mark.slow
async def test_every_page_of_a_plan_is_accessible(served: Served, browser: Browser, house: House) -> None:
    """axe finds nothing against WCAG 2.2 AA, and a phone needs no scrolling sideways."""
    plan = await held(house)
    hr = served.account("ada", Role.HR)
    browser.go("/sign-in")
    looked_at(browser, "sign-in")
    browser.fill(name="ada", password="wrong wrong wrong", code="000000")
    browser.press()
    assert focused(browser, "name") == "password", "the name stays, and the rest is typed anew"
    looked_at(browser, "sign-in-failed")
    browser.sign_in(hr)
    assert browser.path == "/holds"
    looked_at(browser, "holds")
    browser.go(f"/holds/{plan}")
    looked_at(browser, "plan", LOOKS)
    browser.go(f"/holds/{plan}?person=nobody")
    looked_at(browser, "plan-nothing-found")
    browser.press("#changes .empty a")
    assert browser.path == f"/holds/{plan}", "there is a way back to all of them"
    browser.go(f"/holds/{plan}/approve")
    assert "60 people" in browser.text, "people are counted once, though two classes concern them"
    looked_at(browser, "confirm")
    browser.go(f"/holds/{plan}/reject?class=suspend")
    browser.press("main button.bad")
    looked_at(browser, "rejected")
    browser.press("#approve-remove_grant")
    browser.press("main button.main")
    shown(browser, "Done", "section[aria-labelledby=class-remove_grant]")
    looked_at(browser, "done")
    browser.go("/account")
    looked_at(browser, "account")
    browser.go("/nothing/there")
    looked_at(browser, "no-such-page")
    browser.go("/holds/0123")
    looked_at(browser, "no-such-plan")


async def test_every_page_of_setting_up_is_accessible(served: Served, browser: Browser, house: House) -> None:
    """From the code to the recovery codes, with a mistake on the way; then one signs in with what was set up."""
    code = house.connector.setting_up.add("binh", "Trần Thị Bình", Role.LEARNER, "", "UTC", "tester")
    browser.go("/sign-in")
    browser.press("main a[href='/set-up']")
    looked_at(browser, "set-up")
    browser.fill(invitation=code.lower().replace("-", " "))
    browser.press()
    looked_at(browser, "set-up-enrol")
    secret = browser.read("code.key").replace(" ", "")
    browser.fill(password="short", repeated="short", one_time="000000")
    browser.press()
    assert focused(browser, "id") == "errors", "the summary of what is wrong is read first"
    looked_at(browser, "set-up-wrong")
    browser.click("#errors a[href='#password']")
    assert focused(browser, "id") == "password", "and leads to the field"
    now = pyotp.TOTP(secret).at(house.clock.now)
    browser.fill(password=PASSWORD, repeated=PASSWORD, one_time=now)
    browser.press()
    looked_at(browser, "set-up-done")
    recovery = browser.read(".codes code")
    browser.press("main a.button")
    browser.fill(name="binh", password=PASSWORD, code=recovery)
    browser.press()
    assert browser.path == "/account", "a learner has no other page"
    browser.go("/holds")
    looked_at(browser, "not-allowed")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_pages_speak_each_language(served: Served, browser: Browser, house: House, language: str) -> None:
    """By the account, on every page, and the page says which language it is."""
    plan = await held(house)
    hr = served.account("ada", Role.HR, language=language)
    browser.sign_in(hr, f"/holds/{plan}")
    assert browser.find("html").get_attribute("lang") == language
    looked_at(browser, f"plan-{language}", ["light", "phone"])
    title = {"en": "Held plan", "zh-TW": "暫緩的計畫", "fr": "Plan mis en attente", "vi": "Kế hoạch tạm dừng"}[
        language
    ]
    assert browser.chrome.title.startswith(title)
    browser.go(f"/holds/{plan}/approve?class=suspend")
    browser.look(PHONE, "light")
    assert not browser.too_wide()
    browser.picture(f"confirm-{language}-phone")


async def test_it_can_all_be_done_by_keyboard(served: Served, browser: Browser, house: House) -> None:
    """Skip link first, focus always visible, targets large enough; signing in and approving without a mouse."""
    plan = await held(house)
    hr = served.account("ada", Role.HR)
    browser.go(f"/holds/{plan}")
    assert focused(browser, "name") == "name"
    browser.keys(hr.name, TAB, PASSWORD, TAB, hr.next_code(), ENTER)
    browser.until(lambda: browser.path == f"/holds/{plan}" and browser.loaded(), "signed in")
    browser.find("body").send_keys(TAB)
    assert focused(browser, "class") == "skip"
    seen = []
    while (here := browser.focus()).get_attribute("id") != "approve-suspend":
        outline = browser.chrome.execute_script("return getComputedStyle(arguments[0]).outlineStyle", here)
        assert outline != "none", here.get_attribute("outerHTML")
        assert here.size["height"] >= 24, here.get_attribute("outerHTML")
        seen.append(here)
        assert len(seen) < 40
        browser.keys(TAB)
    browser.keys(ENTER)
    browser.until(lambda: browser.path.startswith(f"/holds/{plan}/approve") and browser.loaded(), "it asks")
    browser.click("main h1")
    browser.chrome.execute_script("document.querySelector('#main').focus()")
    while browser.focus().tag_name != "button":
        browser.keys(TAB)
    browser.keys(ENTER)
    shown(browser, "Done", "section[aria-labelledby=class-suspend]")
    browser.until(lambda: not served.jobs.running[0].is_alive())


async def test_filter_and_paging_put_only_the_table_anew(served: Served, browser: Browser, house: House) -> None:
    """htmx keeps the page, and the address says what is shown, so that it can be sent to somebody."""
    plan = await held(house)
    browser.sign_in(served.account("ada", Role.HR), f"/holds/{plan}?class=suspend")
    page = browser.find("html")
    browser.click("a[rel=next]")
    browser.until(lambda: "after=" in browser.path and len(browser.all("#changes tbody tr")) == 10)
    browser.click("a[rel=prev]")
    browser.until(lambda: "before=" in browser.path and len(browser.all("#changes tbody tr")) == 50)
    browser.fill(person="g0001")
    browser.keys(ENTER)
    shown(browser, "10 changes", "#changes")
    assert "person=g0001" in browser.path
    browser.choose("unit", "工務部")
    browser.until(lambda: len(browser.all("#changes tbody tr")) == 2)
    assert browser.find("html") == page, "nothing else was loaded"
    assert browser.complaints() == []


@pytest.mark.parametrize("look", TWO)
async def test_what_is_pressed_after_typing_stays_under_the_pointer(
    served: Served, browser: Browser, house: House, look: str
) -> None:
    """Leaving the field filters the list, with which the link to the next page would go before it is let go."""
    plan = await held(house)
    browser.sign_in(served.account("ada", Role.HR), f"/holds/{plan}?class=suspend")
    browser.look(*LOOKS[look])
    browser.fill(person="nobody")
    hold(browser, "Later", what="a[rel=next]")
    browser.until(lambda: had(browser, "after=") and had(browser, "person=nobody"), "both are asked for")


async def test_theme_and_language_can_be_chosen_by_everybody(served: Served, browser: Browser) -> None:
    """Before signing in too; dark stays dark though the system is light."""
    browser.go("/sign-in")
    browser.choose("language", "vi")
    browser.choose("theme", "dark")
    browser.press("footer button")
    assert browser.read("h1") == "Đăng nhập"
    colour = browser.chrome.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(15, 20, 28)"
    assert browser.violations() == []


async def test_names_with_markup_are_text(served: Served, browser: Browser, house: House) -> None:
    """Whatever a feed brings: it is shown as it is written, and runs nothing."""
    people = employees(40)
    nasty = "<img src=x onerror=document.title='owned'>{{7*7}}"
    await house.settled_in(people)
    plan = await house.plan(leaving(people, 30))
    house.sql("UPDATE connector.person SET wanted = jsonb_set(wanted, '{firstname}', to_jsonb(%s::text)), "
              "unit_name = %s WHERE key = 'G00001'", nasty, f"\"'><script>{nasty}</script>")  # fmt: skip
    house.sql("UPDATE connector.change SET reason = %s, target = %s WHERE plan = %s AND subject = 'G00001'",
              nasty, "</td><script>alert(1)</script>", plan.number)  # fmt: skip
    browser.sign_in(served.account("ada", Role.HR), f"/holds/{plan.hash}")
    assert nasty in browser.read("#changes tbody tr")
    assert "</td><script>" in browser.read("#changes")
    assert "owned" not in browser.chrome.title
    assert browser.all("main script, main img") == []
    assert browser.complaints() == []
    browser.go(f"/holds/{plan.hash}?person={nasty}&unit={nasty}&class={nasty}&after={nasty}")
    assert "owned" not in browser.chrome.title
    browser.go(f"/sign-in?next={nasty}")
    assert browser.all("main img") == []


async def test_a_plan_that_was_overtaken_leads_to_the_new_one(served: Served, browser: Browser, house: House) -> None:
    """It cannot be approved, not even by who has the question open already."""
    people = employees(40)
    await house.settled_in(people)
    older = await house.plan(leaving(people, 30))
    browser.sign_in(served.account("ada", Role.HR), f"/holds/{older.hash}/approve?class=suspend")
    newer = await house.plan(leaving(people, 31))
    browser.press("main button.main")
    assert "newer plan" in browser.text
    looked_at(browser, "too-late")
    browser.press("main a.button")
    assert browser.path == f"/holds/{newer.hash}"
    browser.go(f"/holds/{older.hash}")
    assert "cannot be decided" in browser.text
    assert browser.all("#review a[id^=approve]") == []
    looked_at(browser, "overtaken")
    assert {hold.state for hold in house.connector.plans.holds()} == {HoldState.WAITING}
    assert served.jobs.asked == []


async def test_the_page_of_a_certificate_is_accessible(served: Served, browser: Browser, house: House) -> None:
    """For whoever has scanned it, typed its code, or mistyped it: by keyboard, in any language, on a phone first."""
    (house.mapping / "certificates.yaml").write_text(CERTIFICATES, "utf-8")
    await house.settled_in(team())
    one = house.connector.issuing().by_hand("E2", "SAFETY", "anna", "shown on paper", hr=True)
    browser.go(f"/certificates/{one.code}")
    looked_at(browser, "certificate")
    browser.choose("language", "zh-TW")
    browser.press("footer button")
    assert (browser.path, browser.find("html").get_attribute("lang")) == (f"/certificates/{one.code}", "zh-TW")
    browser.fill(number=one.number)
    browser.keys(TAB, ENTER)
    shown(browser, one.name)
    assert browser.path == "/certificates", "who sees the address over a shoulder or in a history learns no number"
    looked_at(browser, "certificate-with-name", ["phone"])
    browser.choose("language", "vi")
    browser.press("footer button")
    assert browser.path == f"/certificates/{one.code}"
    browser.go("/certificates")
    browser.fill(code="ABCD", number=one.number)
    browser.press("main form button")
    looked_at(browser, "certificates-nothing-there", ["light", "phone-dark"])
    house.clock.forward(days=400)
    browser.go(f"/certificates/{one.code}")
    looked_at(browser, "certificate-expired", ["phone-dark"])
    house.connector.issuing().revoke(one.number, "anna", "by mistake", hr=True)
    browser.go(f"/certificates/{one.code}")
    looked_at(browser, "certificate-revoked", ["phone"])
