"""What administrators and instructors do with external tools in Moodle itself."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from adapters.moodle.twin.state import TwinState
from adapters.moodle.twin.tools.registration import invitation
from adapters.moodle.twin.tools.state import ExternalTool, LineItem, Scored, ToolLink


class ToolLife:
    def __init__(self, state: TwinState) -> None:
        self._state = state

    def add_tool(self, url: str, *, name: str = "Connector", **custom: str) -> ExternalTool:
        """Register a tool by hand, with the addresses that this connector has under ``url``, and activate it."""
        with self._state.lock:
            tools, launch = self._state.tools, f"{url}/lti/launch"
            tool = ExternalTool(
                tools.next_id(),
                secrets.token_urlsafe(11),
                name,
                launch,
                f"{url}/lti/login",
                (launch,),
                f"{url}/lti/keys",
                custom or {"source_id": "$Person.sourcedId", "timezone": "$Person.address.timezone"},
                selection_url=launch,
            )
            tools.tools[tool.id] = tool
            return tool

    def invitation(self, registration_url: str) -> str:
        """The address that an administrator's browser opens to let a tool register itself."""
        with self._state.lock:
            return invitation(self._state, registration_url)

    def activate(self, tool_id: int) -> None:
        """An administrator activates a tool that has registered itself."""
        with self._state.lock:
            self._state.tools.tools[tool_id].pending = False

    def add_link(self, course: str, tool: ExternalTool, name: str, *, graded: bool = True, **custom: str) -> ToolLink:
        """An activity in the course of this idnumber that launches a tool."""
        with self._state.lock:
            return self._link(self._state.course_by_idnumber[course], tool, name, "", custom, 100.0 if graded else 0.0)

    def add_picked(self, course_id: int, tool: ExternalTool, item: Mapping[str, Any]) -> ToolLink:
        """An activity from a content item; the caller holds the lock."""
        line = item.get("lineItem") or {}
        most = float(line.get("scoreMaximum", 0))
        link = self._link(course_id, tool, item.get("title", ""), item.get("url", ""), item.get("custom", {}), most)
        if link.item:
            kept = self._state.tools.items[link.item]
            kept.resource_id, kept.tag = line.get("resourceId", ""), line.get("tag", "")
        return link

    def copy_course(self, ref: str, idnumber: str) -> int:
        """A course copied with its activities: new line items, new link ids, the same custom parameters."""
        with self._state.lock:
            old = self._state.courses[self._state.course_by_idnumber[ref]]
            new = self._state.add_course(idnumber, old.fullname, idnumber, old.category, enablecompletion=True)
            for link in [one for one in self._state.tools.links.values() if one.course_id == old.id]:
                most = self._state.tools.items[link.item].most if link.item else 0.0
                self._link(new.id, link.tool, link.name, link.url, dict(link.custom), most)
            return new.id

    def score(self, link: ToolLink, username: str) -> Scored | None:
        """What the gradebook has of somebody."""
        with self._state.lock:
            return self._state.tools.scores.get((link.item, self._state.by_username[username]))

    def grade(self, link: ToolLink, username: str, value: float, at: int) -> None:
        """Somebody grades by hand in the gradebook."""
        with self._state.lock:
            self._state.tools.scores[link.item, self._state.by_username[username]] = Scored(value, at)

    def _link(
        self, course_id: int, tool: ExternalTool, name: str, url: str, custom: Mapping[str, str], most: float
    ) -> ToolLink:
        tools = self._state.tools
        link = ToolLink(tools.next_id(), tools.next_id(), course_id, tool, name, url, dict(custom))
        if most:
            item = LineItem(tools.next_id(), course_id, tool.id, name, most, link_id=link.id)
            tools.items[item.id] = item
            link.item = item.id
        tools.links[link.cmid] = link
        return link
