"""Playlists of HLS (RFC 8216), whose addresses are relative to their own. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from connector.domain.videos import Rendition


def main_playlist(renditions: Sequence[Rendition]) -> str:
    """The playlist that names those of all renditions, relative to its own address."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    for one in renditions:
        size = f"RESOLUTION={one.width}x{one.lines}"
        lines += [f"#EXT-X-STREAM-INF:BANDWIDTH={one.bandwidth},{size}", f"{one.lines}/index.m3u8"]
    return "\n".join([*lines, ""])


def media_playlist(rendition: Rendition) -> str:
    """The playlist of one rendition: segments by their number."""
    longest = ceil(max((seconds for _, seconds in rendition.segments), default=1))
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{longest}", "#EXT-X-PLAYLIST-TYPE:VOD"]
    for number, (_, seconds) in enumerate(rendition.segments):
        lines += [f"#EXTINF:{seconds:.6f},", f"{number}.ts"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
