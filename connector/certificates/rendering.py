"""The file of a certificate: a PDF that can be read by machines too, with a QR code that leads to its verification.

Typst sets it, with fonts of its own for the scripts of the world: nothing of the system is used, so that the same
certificate has the same bytes everywhere. Both are in the extra ``certificates``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from io import BytesIO
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import segno
from babel.dates import format_date

from connector.certificates.words import WORDS
from connector.domain.certifying import Certificate
from connector.domain.errors import SetAside, SettingsError

FONTS = ("manimgx_fonts", "noto_cjk_sans_otc")
"""Packages in which the fonts lie: Noto Sans for many scripts, and for Chinese, Japanese and Korean."""
FIRST = ("Noto Sans", "Noto Sans CJK TC")
"""The others are taken for letters that these lack."""
NEVER = ("Emoji", "Mono", "CJK HK", "CJK JP", "CJK KR", "CJK SC")
STANDARD = "ua-1"
"""PDF/UA-1, for screen readers. It allows no letter that no font has, so that none is left out silently."""


@dataclass
class Typesetter:
    """``url`` is the public address at which certificates are verified, "" for none. Fonts are read when needed."""

    url: str
    _source: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._source = (files("connector.certificates") / "certificate.typ").read_bytes()

    def check(self) -> str:
        """What sets certificates, in words. Raises SettingsError where it is not installed."""
        return f"typst {_typst().__version__}, {len(self._families)} fonts"

    def __call__(self, certificate: Certificate) -> bytes:
        """The PDF. Raises SetAside where this one cannot be set."""
        typst = _typst()
        data = json.dumps({**self._data(certificate), "fonts": self._families})
        try:
            pdf = self._compiler.compile(self._source, format="pdf", sys_inputs={"data": data}, pdf_standards=STANDARD)
        except typst.TypstError as error:
            raise SetAside(_why(str(error))) from None
        return bytes(pdf)

    def address(self, certificate: Certificate) -> str | None:
        """Where this one is verified."""
        return f"{self.url}/certificates/{certificate.code}" if self.url else None

    def _data(self, one: Certificate) -> dict[str, Any]:
        words, url = WORDS[one.language], self.address(one)
        until = format_date(one.expires_on, "long", words.locale) if one.expires_on else words.for_ever
        tongue, _, region = one.language.partition("-")
        return {
            "lang": tongue,
            "region": region or None,
            "tracking": 0 if tongue == "vi" else 1,
            "issuer": one.issuer,
            "title": one.title,
            "certifies": words.certifies,
            "name": one.name,
            "has": words.has,
            "number": one.number,
            "fields": [
                [words.issued, format_date(one.issued_on, "long", words.locale)],
                [words.until, until],
                [words.number, one.number],
                [words.code, one.code],
            ],
            "verify": words.verify,
            "url": url,
            "site": f"{urlsplit(url or '').netloc}/certificates",
            "qr": _qr(url) if url else None,
        }

    @cached_property
    def _fonts(self) -> Any:
        folders = [str(files(name)) for name in FONTS]
        return _typst().Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)

    @cached_property
    def _families(self) -> list[str]:
        others = [name for name in self._fonts.families() if not any(word in name for word in NEVER)]
        return [*FIRST, *sorted(set(others) - set(FIRST))]

    @cached_property
    def _compiler(self) -> Any:
        return _typst().Compiler(self._source, font_paths=self._fonts, sys_inputs={})


def _typst() -> ModuleType:
    """Loaded only where a certificate is made. Raises SettingsError where it is not installed."""
    try:
        import typst

        for name in FONTS:
            files(name)
    except ImportError as error:
        raise SettingsError(
            f"certificates: the package {error.name} is missing, which makes their files: "
            "`pip install -c constraints.txt '.[certificates]'` in the checkout."
        ) from None
    return typst


def _qr(url: str) -> str:
    drawn = BytesIO()
    segno.make(url, micro=False, error="m").save(drawn, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False)
    return drawn.getvalue().decode()


def _why(message: str) -> str:
    """Without the letter itself: what is told stands in logs."""
    if "could not be displayed" in message:
        return "A letter of the name, title or issuer is in none of the fonts."
    return "It cannot be set as a page."
