"""Pictures in questions of Moodle XML: files in Base64 beside a text, which calls their folder ``@@PLUGINFILE@@``."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from urllib.parse import unquote

from lxml import etree

from connector.content.assessment.evidence import media_type
from connector.domain.assessments import Picture
from connector.domain.multilang import texts, unescape

LARGEST = 5_000_000
"""Bytes of a picture."""
MOST = 20
"""Of one question and its options."""
TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
LONGEST_ALT = 1000
FOLDER = "@@PLUGINFILE@@/"
_IMAGE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(src|alt)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """Pictures in the text of a question and in those of its options, in their order; all their files by id; and
    whether there are others, which cannot be kept."""

    pictures: Sequence[Picture]
    of_options: Sequence[Sequence[Picture]]
    files: Mapping[str, bytes]
    lost: bool


def of(question: etree._Element) -> Found:
    """What a question shows. Only where options are chosen the texts of answers are shown."""
    asked, answers = question.find("questiontext"), list(question.iterfind("answer"))
    choice = question.get("type") == "multichoice"
    files: dict[str, bytes] = {}
    own, lost = _shown(asked, files) if asked is not None else ([], False)
    found = [_shown(one, files) for one in answers] if choice else []
    unseen = [*question.iterfind("generalfeedback"), *question.iterfind("answer/feedback")]
    unseen += [] if choice else answers
    others = any(_IMAGE.search(part.findtext("text") or "") for part in unseen)
    return Found(own, [one for one, _ in found], files, lost or others or any(some for _, some in found))


def _shown(part: etree._Element, files: dict[str, bytes]) -> tuple[list[Picture], bool]:
    """Pictures of one text, whose files come to ``files``; and whether one cannot be kept."""
    beside = {one.get("name", ""): one for one in part.iterfind("file")}
    read = cache(lambda name: _read(beside.get(name)))  # a text may show the same picture a thousand times
    found: dict[str, Picture] = {}
    lost = False
    for image in map(_attributes, _IMAGE.findall(part.findtext("text") or "")):
        kind, key, content = read(_name(image.get("src", "")))
        if not kind or (key not in files and len(files) == MOST):
            lost = True
            continue
        found.setdefault(key, Picture(key, kind, texts(image.get("alt", "")[:LONGEST_ALT])))
        files[key] = content
    return [*found.values()], lost


def kind_of(content: bytes) -> str:
    """What a picture is, by how it begins; "" for what is none, or is too large."""
    if not content or len(content) > LARGEST:
        return ""
    found = "image/gif" if content[:6] in (b"GIF87a", b"GIF89a") else media_type(content)
    return found if found in TYPES else ""


def _attributes(image: str) -> Mapping[str, str]:
    return {one[1].lower(): unescape(one[2] or one[3] or "") for one in _ATTRIBUTE.finditer(image)}


def _name(source: str) -> str:
    """Of a file beside the text; "" for what lies elsewhere."""
    return unquote(source.removeprefix(FOLDER).partition("?")[0]) if source.startswith(FOLDER) else ""


def _read(file: etree._Element | None) -> tuple[str, str, bytes]:
    """What a file is, "" for no picture, its name here, and what is in it."""
    content = _content(file)
    return kind_of(content), sha256(content).hexdigest(), content


def _content(file: etree._Element | None) -> bytes:
    if file is None or file.get("encoding") != "base64":
        return b""
    try:
        return b64decode("".join((file.text or "").split()), validate=True)
    except (Error, ValueError):
        return b""
