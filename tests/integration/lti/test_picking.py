"""An instructor picks content: it becomes an activity, and launches there and in a copy of the course."""

from __future__ import annotations

import httpx

from adapters.moodle.twin.tools.state import ToolLink
from tests.integration.lti.launched import Tool, form


def picking(tool: Tool, username: str, course: str = "SAFE") -> httpx.Response:
    """What the tool shows to somebody who asks Moodle for content."""
    twin = tool.house.twin
    with tool.browser(username) as browser:
        course_id = twin.state.course_by_idnumber[course]
        asked = {"id": str(tool.registered.id), "course": str(course_id)}
        _, login = form(browser.get("/mod/lti/contentitem.php", params=asked))
        begun = tool.login(**login)
        _, posted = form(browser.get("/mod/lti/auth.php", params=begun.asked))
        return tool.post(posted, begun)


def test_what_was_picked_launches_there_and_in_a_copy_of_the_course(tool: Tool, link: ToolLink) -> None:
    page = picking(tool, "teacher")
    assert (page.status_code, "Pick content" in page.text) == (200, True)
    action, fields = form(page)
    answer = tool.client.post(action, data=fields)
    back, signed = form(answer)
    assert f"form-action {tool.house.twin.url}" in answer.headers["content-security-policy"]
    with tool.browser("teacher") as browser:
        added = browser.post(back, data=signed)
    assert (added.status_code, "My learning" in added.text) == (200, True)
    twin = tool.house.twin
    [made] = [one for one in twin.state.tools.links.values() if one.cmid != link.cmid]
    assert (made.name, made.custom) == ("My learning", {"content": "my-learning"})
    twin.tools.copy_course("SAFE", "SAFE-2")
    copies = [
        one for one in twin.state.tools.links.values() if one.course_id == twin.state.course_by_idnumber["SAFE-2"]
    ]
    assert {one.custom.get("content") for one in copies} == {"my-learning", None}
    assert [tool.launch("learner", one).status_code for one in copies] == [200, 200]


def test_who_has_ticked_nothing_is_told_so(tool: Tool, link: ToolLink) -> None:
    """The selection is shown once more, instead of a course without an activity."""
    _, fields = form(picking(tool, "teacher"))
    again = tool.client.post("/lti/pick", data={"session": fields["session"]})
    assert (again.status_code, "Nothing is selected." in again.text) == (200, True)
    action, fields = form(again)
    assert "JWT" in form(tool.client.post(action, data=fields))[1]


def test_a_learner_picks_nothing(tool: Tool, link: ToolLink) -> None:
    """Neither by launching, nor with a session of another launch."""
    assert picking(tool, "learner").status_code == 403
    _, fields = form(picking(tool, "teacher"))
    assert tool.client.post("/lti/pick", data={**fields, "session": "made-up"}).status_code == 400
    assert tool.client.post("/lti/pick", data={**fields, "content": "gone"}).status_code == 400


def test_the_answer_goes_to_the_platform_alone(tool: Tool, link: ToolLink) -> None:
    """The return address is what the platform says, and is believed at its own host only."""
    settings = {
        "deep_link_return_url": "https://evil.example/return",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
    }
    key = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
    other = {"_message_type": "LtiDeepLinkingRequest", key: settings}
    action, fields = form(tool.forged("teacher", link, **other))
    answer = tool.client.post(action, data=fields)
    assert answer.status_code == 401
    assert "evil.example" not in answer.text
