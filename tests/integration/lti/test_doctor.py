"""`lti doctor` asks platforms, and says what is wrong and what to change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.lti.probing import Probed
from tests.integration.lti.launched import Tool

pytestmark = pytest.mark.anyio


async def looked(tool: Tool) -> dict[str, Probed]:
    return {
        one.what.removeprefix(f"platform {tool.platform_id}: "): one
        for one in await tool.house.connector.probing.look()
    }


def bad(found: dict[str, Probed]) -> set[str]:
    return {what for what, one in found.items() if one.well is False}


async def test_what_it_finds_of_a_platform(tool: Tool) -> None:
    """All is well; then the one or the other is not: each finding is of what is wrong, and no other."""
    state, connector = tool.house.twin.state, tool.house.connector
    found = await looked(tool)
    assert bad(found) == {"signing key"}, "none is made by looking"
    assert (found["access"].well, found["keys"].well) == (None, True)

    connector.tool_keys.rotate()
    found = await looked(tool)
    assert list(found) == [
        "address", "signing key", "keys", "clock", "scores", "results", "members", "authorization", "cookies",
    ]  # fmt: skip
    assert [what for what, one in found.items() if not one.well] == ["cookies"]
    assert (found["cookies"].well, found["cookies"].text) == (None, "nobody has launched in the last hours")

    with state.lock:
        state.tools.loses_header = True
    found = await looked(tool)
    assert bad(found) == {"authorization"}
    assert "CGIPassAuth On" in found["authorization"].text

    with state.lock:
        state.tools.loses_header = False

    with state.lock:
        state.tools.down = True
    found = await looked(tool)
    assert bad(found) == {"keys"}
    assert "answered 503" in found["keys"].text
    assert found["access"].well is None

    with state.lock:
        state.tools.down, keys, state.tools.keys = False, state.tools.keys, []
    found = await looked(tool)
    assert bad(found) == {"keys"}
    assert "no RSA key" in found["keys"].text

    with state.lock:
        state.tools.keys = keys
        state.tools.tools[tool.registered.id] = replace(tool.registered, client_id="another")
    found = await looked(tool)
    assert bad(found) == {"scores", "results", "members"}
    assert "(invalid_client). Moodle does not know this client id" in found["scores"].text
    assert f"lti end {tool.platform_id}" in found["scores"].text
    assert found["authorization"].well is None, "without a token it cannot be seen"

    with state.lock:
        state.tools.tools[tool.registered.id] = tool.registered
    tool.house.clock.forward(seconds=-90)
    found = await looked(tool)
    assert "clock" in bad(found)
    assert "ahead of" in found["clock"].text

    connector.platforms.end(tool.platform_id, tool.house.clock())
    found = await looked(tool)
    assert list(found) == ["address", "signing key", "platforms"], "one that has ended is left alone"
