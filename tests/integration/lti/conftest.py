"""A tool and a course that launches it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.moodle.twin.tools.state import ToolLink
from tests.integration.lti.launched import Tool, linked, serving_tool
from tests.support import House


@pytest.fixture
def tool(house: House) -> Iterator[Tool]:
    with serving_tool(house) as served:
        yield served


@pytest.fixture
def link(tool: Tool) -> ToolLink:
    return linked(tool)
