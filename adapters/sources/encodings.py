"""Encodings of feeds: declared, or ``auto`` for a byte-order mark and else strict UTF-8. Nothing is ever guessed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import IncrementalNewlineDecoder, TextIOWrapper
from pathlib import Path
from typing import TextIO

from adapters.sources.files import readable
from connector.domain.errors import FeedRefused, MappingError

AUTO = "auto"
NO_CHANCE = 10
"""So many characters are UTF-8 by chance in less than one text of a million: of GB 18030 nearly every fifth is one."""

_UNICODE = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii", "utf-7")
# UTF-32 comes first: the mark of UTF-16 LE is the beginning of its mark.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)

# What systems often write where they say the standard's name.
_SIBLINGS = {
    "big5": "cp950 or big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "ascii": "utf-8 or cp1252",
}


@dataclass(frozen=True, slots=True)
class Encoding:
    """A Python codec that needs no byte-order mark, and the length of the mark to skip, in bytes."""

    codec: str
    mark: int = 0


def check(declared: str) -> None:
    """Raise MappingError where ``declared`` is neither ``auto`` nor a text encoding that Python knows."""
    if declared == AUTO:
        return
    try:
        "".encode(declared)
        codecs.getincrementaldecoder(declared)
    except (LookupError, UnicodeError, ValueError) as error:
        raise MappingError(
            f"encoding: {declared!r} is not an encoding. Use auto, or for example utf-8, utf-16, cp1252, cp950."
        ) from error


def resolve(path: Path, declared: str) -> Encoding:
    """Find the codec to decode ``path`` with. Raises FeedRefused where the file's mark says something else."""
    with readable(path), path.open("rb") as file:
        head = file.read(4)
    marked = next((Encoding(codec, len(mark)) for mark, codec in _MARKS if head.startswith(mark)), None)
    if declared == AUTO:
        return marked or Encoding("utf-8")
    wanted = codecs.lookup(declared).name.removesuffix("-sig")
    if marked is None:
        if wanted in ("utf-16", "utf-32"):
            raise FeedRefused(
                f"{path.name}: {wanted} is declared but the file has no byte-order mark. "
                f"Declare {wanted}-le or {wanted}-be."
            )
        if wanted not in _UNICODE and is_utf8(path, NO_CHANCE if _several_bytes(wanted) else 1):
            raise FeedRefused(
                f"{path.name}: {declared} is declared but the file is UTF-8: read as declared, names with accents or "
                "in another script would be garbled. Declare utf-8 or auto."
            )
        return Encoding(wanted)
    if marked.codec not in (wanted, f"{wanted}-le", f"{wanted}-be"):
        raise FeedRefused(
            f"{path.name}: {declared} is declared but the file begins with the byte-order mark of {marked.codec}. "
            f"Declare {marked.codec} or auto."
        )
    return marked


def _several_bytes(codec: str) -> bool:
    """Does the encoding write a character by more than one byte, any of them beyond ASCII, as those of China do?"""
    return len(bytes(range(256)).decode(codec, "replace")) < 256


def is_utf8(path: Path, least: int) -> bool:
    """Does the file have ``least`` characters beyond ASCII, all of them as UTF-8 writes them?"""
    decoder = codecs.getincrementaldecoder("utf-8")()
    beyond = 0
    with readable(path), path.open("rb") as file:
        try:
            while block := file.read(1 << 20):
                text = decoder.decode(block)
                beyond += 0 if text.isascii() else sum(1 for character in text if character > "\x7f")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return beyond >= least


@contextmanager
def opened(path: Path, declared: str) -> Iterator[TextIO]:
    """Open the file as text, behind its byte-order mark, line ends as they are. Raises FeedRefused on a wrong byte."""
    encoding = resolve(path, declared)
    with readable(path), path.open("rb") as file:
        file.seek(encoding.mark)
        # No newline translation: a line end within quotes is part of the value.
        with TextIOWrapper(file, encoding=encoding.codec, errors="strict", newline="") as text:
            try:
                yield text
            except UnicodeDecodeError:
                raise wrong_byte(path, encoding, declared) from None


def wrong_byte(path: Path, encoding: Encoding, declared: str) -> FeedRefused:
    """Find the first byte that ``encoding`` cannot decode, and say what to do about it.

    Called once decoding has failed: readers decode ahead in blocks and do not know where in the file they are.
    """
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    newlines = IncrementalNewlineDecoder(decoder, translate=True)
    line, offset = 1, encoding.mark
    with readable(path), path.open("rb") as file:
        file.seek(encoding.mark)
        while True:
            block = file.read(1 << 16)
            pending = len(decoder.getstate()[0])
            try:
                line += newlines.decode(block, final=not block).count("\n")
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding.codec, "replace")
                line += good.count("\n") or good.count("\r")
                at = offset - pending + error.start
                return FeedRefused(_sentence(path, encoding, declared, error.object[error.start], at, line, not block))
            if not block:
                return FeedRefused(f"{path.name}: the file changed while it was read.")
            offset += len(block)


def _sentence(path: Path, encoding: Encoding, declared: str, byte: int, at: int, line: int, at_end: bool) -> str:
    where = f"byte 0x{byte:02X} at offset {at:,} (line {line:,})"
    if at_end:
        return f"{path.name}: the file ends within a character: {where} in {encoding.codec}. It is probably cut off."
    if declared == AUTO:
        if encoding.mark:
            return f"{path.name}: {where} is not {encoding.codec}, which the byte-order mark says. Ask the sender."
        return (
            f"{path.name}: {where} is not UTF-8 and there is no byte-order mark. "
            "Declare the encoding, for example cp1252, cp950, gb18030, cp932."
        )
    sibling = _SIBLINGS.get(encoding.codec)
    hint = f"; systems that say {encoding.codec} often write {sibling}" if sibling else ""
    return f"{path.name}: {where} is not {encoding.codec}. Declare the encoding that the sender uses{hint}."
