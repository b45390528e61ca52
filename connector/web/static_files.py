"""Static files: read once, served under an address with their hash, and kept by browsers for a year."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

KINDS: Mapping[str, str] = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""What is served, by ending; licences and the like are not."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    kind: str
    digest: str


class StaticFiles:
    """``address`` gives where a file is; ``serve`` answers for it."""

    def __init__(self) -> None:
        self._files = dict(_read())

    def address(self, name: str) -> str:
        return f"/static/{self._files[name].digest}/{name}"

    async def serve(self, request: Request) -> Response:
        """The file where name and hash are right; 404 otherwise, so that nothing old is kept under a new hash."""
        found = self._files.get(request.path_params["name"])
        if found is None or found.digest != request.path_params["digest"]:
            return Response(status_code=404)
        keep = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(found.content, media_type=found.kind, headers=keep)


def _read() -> list[tuple[str, StaticFile]]:
    found = []
    for one in (files("connector.web") / "static").iterdir():
        kind = KINDS.get("." + one.name.rpartition(".")[2])
        if kind:
            content = one.read_bytes()
            found.append((one.name, StaticFile(content, kind, hashlib.sha256(content).hexdigest()[:16])))
    return found
