"""A lesson with a video, who makes it and who watches it, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from adapters.moodle.twin.tools.state import ToolLink
from connector.content.video.lessons import written
from connector.domain.contents import ContentKind, Maker
from connector.domain.videos import Lesson
from connector.settings.parts import VideoSettings
from tests.integration.lti.launched import Tool

TOKEN = re.compile(r'Bearer ([^"&]+)"')


@dataclass
class Launched:
    """Somebody who has opened the lesson: the page, and what its token may."""

    client: httpx.Client
    page: str

    @property
    def token(self) -> str:
        found = TOKEN.search(self.page)
        assert found, self.page
        return found[1]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.client.post(f"/lti/video/{path}", headers=self.headers, **more)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(f"/lti/video/{path}", headers=self.headers)

    def put(self, path: str, content: bytes) -> httpx.Response:
        return self.client.put(f"/lti/video/{path}", headers=self.headers, content=content)


def with_videos(tool: Tool, **settings: Any) -> None:
    """The settings say where videos lie."""
    told = VideoSettings(folder=tool.house.folder / "videos", **settings)
    tool.house.connector.settings = tool.house.connector.settings.model_copy(update={"video": told})


def lesson_of(tool: Tool, link: ToolLink, **more: Any) -> UUID:
    """A lesson that was made in the course of the activity, which opens it from now on."""
    connector = tool.house.connector
    maker = Maker(tool.platform_id, str(link.course_id), "2")
    body = written(Lesson({"en": "Fire <b>drill</b>"}, {"en": "What to do"}, **more))
    made = connector.contents.make(ContentKind.VIDEO, body, maker, tool.house.clock())
    link.custom = {"content": str(made.content_id)}
    return made.content_id


def opened(tool: Tool, link: ToolLink, username: str, **claims: Any) -> Launched:
    """Somebody launches the activity."""
    answer = tool.forged(username, link, **claims) if claims else tool.launch(username, link)
    assert answer.status_code == 200, answer.text
    return Launched(tool.client, answer.text)


def uploaded(teacher: Launched, lesson: UUID, file: Path) -> httpx.Response:
    """A file goes up as the page sends it."""
    told = {"name": "../../etc/passwd", "size": file.stat().st_size}
    begun: Mapping[str, Any] = teacher.post(f"lessons/{lesson}/upload", json=told).raise_for_status().json()
    assert begun["parts"] == 1
    answer = teacher.put(f"uploads/{begun['media']}/1", file.read_bytes())
    assert answer.status_code == 204, answer.text
    return teacher.post(f"lessons/{lesson}/uploads/{begun['media']}")
