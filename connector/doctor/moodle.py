"""Checks of Moodle, and of what is set there; as those of ``connector.doctor.own``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.bootstrap import Connector
from connector.doctor.finding import Finding
from connector.domain.errors import AccessRefused, ConnectorError
from connector.mirror.criteria import criteria_of
from connector.sync.cohort_paths import not_enrolling

UNREAD = timedelta(minutes=5)
"""After so long a hint should have been heeded."""
PROFILE_FIELDS = "Site administration, Users, User profile fields"
ALWAYS_ON = frozenset({"manual", "nologin"})
"""Moodle keeps them enabled (``get_enabled_auth_plugins`` in lib/moodlelib.php)."""


async def moodle(connector: Connector) -> str | None:
    if not connector.settings.moodle.url:
        return None
    async with connector.working_moodle() as moodle:
        info = await moodle.site_info()
    return f"{info.sitename}, Moodle {info.release}, as {info.username}"


async def reports(connector: Connector) -> Finding | None:
    """Which reader there is, and how to get the better one."""
    if not connector.settings.moodle.url:
        return None
    async with connector.moodle() as moodle:
        choice = await connector.looked_at(moodle)
    remarks = " ".join(choice.remarks)
    if choice.way == "plugin":
        return Finding("reports", "good", f"Moodle is read by its plugin local_connector. {remarks}".strip())
    if choice.reports:
        read = ", ".join(f'"{report.name}"' for report in choice.reports.values())
        return Finding("reports", "good", f"Moodle is read by its reports {read}. {remarks}".strip())
    return Finding("reports", "none", f"Moodle is read by plain functions, which is slow. {remarks}".strip())


async def reports_set_up(connector: Connector) -> Finding | None:
    if not connector.settings.moodle.url:
        return None
    async with connector.moodle() as moodle:
        done = await connector.set_up_reports(moodle)
    found = await reports(connector)
    return replace(found, text=" ".join([*done, found.text])) if found else None


async def hints(connector: Connector) -> Finding | None:
    """Does Moodle tell when something has changed, and is it read then?"""
    if not connector.settings.moodle.url or connector.settings.hint_secret() is None:
        return None
    last = connector.hints.last()
    if last is None:
        text = "no hint of Moodle has come yet: docs/plugin.md tells what to set there, and `serve` takes them"
        return Finding("hints", "none", text)
    came = f"{last.came_at:%Y-%m-%d %H:%M:%S} UTC"
    read = connector.facts.read_until()
    if (read is None or read < last.came_at) and connector.clock() - last.came_at > UNREAD:
        raise ConnectorError(
            f"Moodle told at {came} that something has changed, and it has not been read since: see whether `serve` "
            "runs and how its job mirror goes (`moodle-connector job list`)."
        )
    lag = (last.came_at - last.sent_at).total_seconds()
    return Finding("hints", "good", f"the last of {last.times} came at {came}, {lag:.0f} s after Moodle sent it")


async def writing(connector: Connector) -> str | None:
    """By what Moodle is written to, and why not by the better way. Nothing is written."""
    if not connector.settings.moodle.url:
        return None
    async with connector.moodle() as moodle:
        chosen = await moodle.chosen_writer()
    if chosen.writer.name == "plugin":
        return "Moodle is written to by its plugin local_connector, which answers for each row"
    return f"Moodle is written to by plain functions, which answer for a batch. {chosen.remark}".strip()


async def courses(connector: Connector) -> str | None:
    """Are the courses of the learning paths there, and can they be completed?"""
    if not connector.settings.moodle.url or connector.settings.mapping is None:
        return None
    refs = sorted({course for path in connector.mapping.paths for course in path.courses})
    async with connector.moodle() as moodle:
        found = await moodle.courses(refs) if refs else {}
        criteria = await criteria_of(moodle, (course.id for courses in found.values() for course in courses))
    missing = [ref for ref in refs if not found.get(ref)]
    untracked = [ref for ref in refs if any(not course.completion_enabled for course in found.get(ref, []))]
    if missing:
        raise ConnectorError(
            f"Moodle has no course with the idnumber or shortname {', '.join(missing)}. "
            "Make it there, or settle the case after the next plan."
        )
    if untracked:
        raise ConnectorError(
            f"Completion is off in {', '.join(untracked)}: nobody can ever complete it. Turn it on in Moodle."
        )
    endless = [ref for ref in refs if any(criteria[course.id] is False for course in found[ref])]
    if endless:
        raise ConnectorError(
            f"No completion criteria are set in {', '.join(endless)}: nobody can ever complete it. "
            "Set them in Moodle, under Course completion."
        )
    untold = [ref for ref in refs if any(criteria[course.id] is None for course in found[ref])]
    beside = f"; whether {', '.join(untold)} can be completed, Moodle tells once somebody is in it" if untold else ""
    return f"{', '.join(refs) or 'none named'}: every course of the learning paths is there{beside}"


async def cohort_sync(connector: Connector) -> str | None:
    """Does Moodle enrol from the cohorts of paths that leave that to it? Seen by their members."""
    if not connector.settings.moodle.url or connector.settings.mapping is None:
        return None
    paths = [path for path in connector.mapping.paths if path.cohort]
    if not paths:
        return None
    async with connector.moodle() as moodle:
        found = await not_enrolling(moodle, paths)
    if found:
        where = "; ".join(f"{course} (cohort {cohort})" for cohort, course in found)
        raise ConnectorError(
            f"Nobody of the cohort is in the course: {where}. Add the enrolment method Cohort sync with that cohort "
            "to the course in Moodle, and see that the method is enabled for the site."
        )
    return (
        f"{', '.join(path.code for path in paths)}: members of the cohorts are in the courses, as far as there are any"
    )


async def profile_fields(connector: Connector) -> Finding | None:
    """Does Moodle have the custom profile fields that the mapping writes? By plugin or report of people."""
    if not connector.settings.moodle.url or connector.settings.mapping is None:
        return None
    wanted = connector.mapping.profile_fields
    if not wanted:
        return Finding("profile fields", "none", "the mapping writes none")
    async with connector.moodle() as moodle:
        there = await connector.profile_fields(moodle)
    if there is None:
        text = f"whether Moodle has {', '.join(wanted)}, only its plugin or its report of people tells (see reports); "
        return Finding("profile fields", "none", f"{text}look in Moodle under {PROFILE_FIELDS}")
    if missing := [name for name in wanted if name.lower() not in there]:
        raise ConnectorError(
            f"Moodle has no custom profile field with the short name {', '.join(missing)}: it drops what is written "
            f"there, and each such change is refused. Make it under {PROFILE_FIELDS}, or take it out of the mapping "
            "(person, profile)."
        )
    capitals = "; capital letters of short names must be the same, which Moodle does not tell"
    return Finding("profile fields", "good", f"{', '.join(wanted)}: there{capitals}")


async def learners(connector: Connector) -> str | None:
    """Can learners be told their due dates, and newcomers that they have an account? Nothing is sent."""
    told = connector.settings.notices
    if not connector.settings.moodle.url:
        return None
    found = []
    if told.learners != "none":
        async with connector.moodle() as moodle:
            lacking = sorted(connector.learner_notices().needs - (await moodle.site_info()).functions)
        if lacking:
            raise AccessRefused(
                f"Learners are told nothing: the token may not call {', '.join(lacking)}. Add it to its service in "
                "Moodle, and give its role moodle/site:sendmessage and moodle/site:messageanyuser."
            )
        load = "too" if told.learners_first_load else "excepted"
        found.append(f"told their due dates by messages in Moodle; the first load {load}")
    if told.calendar:
        async with connector.moodle() as moodle:
            lacking = sorted(connector.calendar().needs - (await moodle.site_info()).functions)
        if lacking:
            raise AccessRefused(
                f"notices.calendar is set, and the token may not call {', '.join(lacking)}: install the plugin "
                "local_connector, and run its cli/setup.php with --with=calendar."
            )
        found.append("due dates stand in calendars in Moodle")
    if told.welcome:
        connector.welcoming()
        load = "too" if told.welcome_first_load else "excepted"
        found.append(f"newcomers are welcomed by mail; the first load {load}")
    return ". ".join(found) or None


async def sign_in(connector: Connector) -> Finding | None:
    """Are the sign-in methods enabled that the mapping gave to people? Only those with a button can be told."""
    if not connector.settings.moodle.url or connector.settings.mapping is None:
        return None
    methods = connector.plans.sign_in_methods(connector.clock())
    if not methods:
        return Finding("sign-in", "none", "no feed was read yet, so that nobody has a sign-in method")
    async with connector.moodle() as moodle:
        needed = connector.functions_beside["sign-in"]
        if (await moodle.site_info()).functions >= needed:
            shown = (await moodle.login_page()).methods
        elif set(methods) <= ALWAYS_ON:
            shown = frozenset()
        else:
            text = f"whether {', '.join(methods)} is enabled cannot be told: the token may not call "
            return Finding("sign-in", "none", f"{text}{', '.join(needed)}. Add it to its service in Moodle.")
    if "oauth2" in methods and "oauth2" not in shown:
        raise ConnectorError(
            "People are to sign in by oauth2, and Moodle's login page offers no such provider. Enable OAuth 2 under "
            "Authentication in Moodle, and a service with a client that is shown on the login page."
        )
    untold = [method for method in methods if method not in ALWAYS_ON | shown]
    told = [method for method in methods if method not in untold]
    beside = (
        f"whether {', '.join(untold)} is enabled, Moodle does not tell; look under Authentication" if untold else ""
    )
    text = "; ".join(filter(None, (f"{', '.join(told)}: enabled" if told else "", beside)))
    return Finding("sign-in", "good" if told else "none", text)


async def linked_logins(connector: Connector) -> Finding | None:
    """Can identities be linked with accounts, where that is wished, and is the service there? Nothing is linked."""
    issuer = connector.settings.moodle.oauth2_issuer
    if not issuer or not connector.settings.moodle.url:
        return None
    async with connector.moodle() as moodle:
        functions = (await moodle.site_info()).functions
        if lacking := sorted(connector.linking().needs - functions):
            raise AccessRefused(
                f"moodle.oauth2_issuer is set, and the token may not call {', '.join(lacking)}: install the plugin "
                "local_connector, and run its cli/setup.php with --with=logins."
            )
        told = connector.functions_beside["sign-in"] <= functions
        shown = (await moodle.login_page()).issuers if told else frozenset({issuer})
    if issuer not in shown:
        ids = ", ".join(map(str, sorted(shown))) or "none"
        raise ConnectorError(
            f"moodle.oauth2_issuer is {issuer}, and Moodle's login page offers services of OAuth 2 with these ids: "
            f"{ids}. The id stands in the address of the button, or of the service's page in Moodle (Server, OAuth 2 "
            "services)."
        )
    text = f"accounts that sign in by oauth2 are linked with service {issuer}"
    beside = "" if told else "; whether it is there, only tool_mobile_get_public_config tells, which the token lacks"
    return Finding("linked logins", "good" if told else "none", text + beside)


async def leavers(connector: Connector) -> str | None:
    """Can accounts be deleted, where that is wished?"""
    days = connector.settings.leavers.delete_days
    if days is None or not connector.settings.moodle.url:
        return None
    async with connector.moodle() as moodle:
        lacking = sorted(connector.functions_beside["deletion"] - (await moodle.site_info()).functions)
    if lacking:
        raise AccessRefused(
            f"leavers.delete_days is set, and the token may not call {', '.join(lacking)}. Add it to its service in "
            "Moodle, and give its role moodle/user:delete; or take the setting away."
        )
    return f"accounts that were made here are planned to be deleted {days} days after their people left"
