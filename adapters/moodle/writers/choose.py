"""Which writer: by our plugin where the token may, else by plain functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adapters.moodle.client import MoodleClient
from adapters.moodle.errors import foreseen
from adapters.moodle.writers.plain import PlainWriter
from adapters.moodle.writers.plugin import WRITE, PluginWriter
from connector.domain.errors import AccessRefused
from connector.domain.ports import SiteInfo
from connector.domain.writing import Writer

Wanted = Literal["auto", "plain", "plugin"]
FIRST = 2026113007
"""The first version of the plugin that writes as this product expects; see its version.php."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """``remark``: why not by the plugin, as a sentence; empty where it is, or is not wanted."""

    writer: Writer
    remark: str = ""


async def choose_writer(client: MoodleClient, info: SiteInfo, wanted: Wanted = "auto") -> Chosen:
    """The best writer that this token and this site allow. Raises AccessRefused where the plugin is wanted in vain."""
    if wanted == PlainWriter.name:
        return Chosen(PlainWriter(client))
    remark = await _why_not(client, info)
    if not remark:
        return Chosen(PluginWriter(client))
    if wanted == PluginWriter.name:
        raise AccessRefused(remark)
    return Chosen(PlainWriter(client), remark)


async def _why_not(client: MoodleClient, info: SiteInfo) -> str:
    """What keeps the plugin from writing. No rows at all are written to see whether the token may."""
    if WRITE not in info.functions:
        return (
            "The plugin local_connector, by which Moodle says what becomes of each row that is written, is not "
            "installed there, or the token is not one of its service: `moodle-connector moodle plugin` writes it."
        )
    if info.plugin < FIRST:
        return (
            "Moodle's plugin local_connector is too old to be written by: `moodle-connector moodle plugin` writes the "
            "one that fits."
        )
    try:
        answer = await client.call(WRITE, {"operation": "enrol", "rows": "[]"}, reading=True)
    except AccessRefused:
        return (
            "Moodle cannot be written to by the plugin local_connector: the role of the service account lacks "
            "local/connector:write. Run cli/setup.php of the plugin again, or allow it."
        )
    with foreseen(WRITE):
        answer["json"]
    return ""
