"""Texts of Moodle in several languages, as its filters multilang and multilang2 read them; plain, without markup.

A text becomes a mapping from language (as in HTML, such as ``zh-TW``) to text. What is in no language of its own
stands under ``ANY``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape as unescaped

Texts = Mapping[str, str]
"""A text by language."""
ANY = "und"
"""Undetermined, as BCP 47 has it: for everybody to whom nothing else is said."""
OTHER = "other"
"""What multilang2 calls everybody else."""
FIRST = "first"
"""Of spans that stand for each other the first is for everybody else, whom it does not name."""

_SPAN = re.compile(
    r"""<(?P<tag>span|lang)\b(?=[^<>]*?\blang=["'](?P<langs>[\w-]+)["'])(?P<rest>[^<>]*)>""", re.IGNORECASE
)
_SPAN_ENDS = {tag: re.compile(rf"</{tag}\s*>", re.IGNORECASE) for tag in ("span", "lang")}
_MULTILANG = re.compile(r"""\bclass=["'][^"']*\bmultilang\b""", re.IGNORECASE)
_BRACES = re.compile(r"\{\s*mlang\s+(?P<langs>[\w,-][\w\s,-]*)\}", re.IGNORECASE)
_BRACES_END = re.compile(r"\{\s*mlang\s*\}", re.IGNORECASE)
_BREAK = re.compile(r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|table|caption)\b[^>]*>", re.IGNORECASE)
_CELL = re.compile(r"</t[dh]\s*>\s*(?=<t[dh]\b)", re.IGNORECASE)
BETWEEN_CELLS = " | "
_RAISED = re.compile(r"<(?P<tag>su[pb])\b[^<>]*>", re.IGNORECASE)
_RAISED_ENDS = {tag: re.compile(rf"</{tag}\s*>", re.IGNORECASE) for tag in ("sup", "sub")}
_RAISE: Mapping[str, tuple[str, dict[int, int]]] = {
    "sup": (
        "^",
        str.maketrans("0123456789+-\u2212=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"),
    ),
    "sub": ("_", str.maketrans("0123456789+-\u2212=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")),
}
"""Superscripts and subscripts: with the sign that says so where there are no such letters, and the letters."""
_UNSEEN = re.compile(r"<(?P<tag>script|style)\b|<!--", re.IGNORECASE)
_UNSEEN_ENDS = {
    **{tag: re.compile(rf"</{tag}\s*>", re.IGNORECASE) for tag in ("script", "style")},
    "": re.compile("-->"),
}
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_NO_LETTER = re.compile(r"&#[0-9]{100,};?")
"""A number that is that of no letter: Python reads none of so many digits."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a text: ``languages`` are those in which it is shown, none: in all of them. Pieces of one group
    stand for each other."""

    text: str
    languages: tuple[str, ...] = ()
    group: int = 0


def texts(stored: str) -> dict[str, str]:
    """The text in each language that it has; empty ones are left out."""
    pieces = list(_pieces(stored))
    languages = dict.fromkeys(one for piece in pieces for one in piece.languages if one not in (OTHER, FIRST))
    wanted = [*languages, *([ANY] if not languages or any(OTHER in piece.languages for piece in pieces) else [])]
    found = {language: _plain("".join(_shown(pieces, language))) for language in wanted}
    return {language: text for language, text in found.items() if text}


def choose(found: Mapping[str, str], wished: Sequence[str]) -> str:
    """The text for who wishes these languages, the dearest first: that, one of the same language, or what there is.

    Languages may be written as in HTML or as Moodle names its packs: zh-TW is zh_tw.
    """
    told = [(language.casefold().replace("_", "-"), text) for language, text in found.items()]
    for wish in wished:
        whole = wish.casefold().replace("_", "-")
        for suits in (whole, whole.partition("-")[0]):
            for language, text in told:
                if suits in (language, language.partition("-")[0]):
                    return text
    for language in (ANY, "en"):
        if language in found:
            return found[language]
    return next(iter(found.values()), "")


def written_in(found: Mapping[str, str], languages: Sequence[str], own: str) -> dict[str, str]:
    """The same in languages that are offered to authors. What is in another one, or in none, is taken for their own:
    of several the first, and none where something stands there already."""
    kept = {one: found[one] for one in languages if one in found}
    for language, text in found.items():
        near = [one for one in languages if one.partition("-")[0].casefold() == language.partition("-")[0].casefold()]
        kept.setdefault(near[0] if near else own, text)
    return kept


def language_tag(code: str) -> str:
    """Moodle's code of a language as HTML has it: zh_tw is zh-TW."""
    first, *rest = re.split("[_-]", code.strip())
    return "-".join([first.lower(), *(one.upper() if len(one) == 2 else one.lower() for one in rest if one)])


def _pieces(stored: str) -> Iterator[_Piece]:
    """What stands between marks is shown in every language. Marks that follow each other are one group."""
    at, group = 0, 0
    for opens, closes in _marks(stored):
        between = stored[at : opens.start()]
        begins = bool(between.strip()) or not group
        group += begins
        if between:
            yield _Piece(between)
        yield _Piece(stored[opens.end() : closes.start()], _languages(opens, begins), group)
        at = closes.end()
    if rest := stored[at:]:
        yield _Piece(rest)


def _languages(opens: re.Match[str], begins: bool) -> tuple[str, ...]:
    if opens.re is _SPAN:
        return (language_tag(opens["langs"]), *([FIRST] if begins else []))
    said = (one.strip() for one in opens["langs"].split(","))
    return tuple(OTHER if one.lower() == OTHER else language_tag(one) for one in said if one)


Pair = tuple[re.Match[str], re.Match[str]]


def _marks(stored: str) -> list[Pair]:
    braces = list(_pairs(stored, _BRACES, lambda _: _BRACES_END))
    if braces:
        return braces
    spans = _pairs(stored, _SPAN, lambda found: _SPAN_ENDS[found["tag"].lower()])
    return [one for one in spans if one[0]["tag"].lower() == "lang" or _MULTILANG.search(one[0]["rest"])]


def _pairs(text: str, opens: re.Pattern[str], closes: Callable[[re.Match[str]], re.Pattern[str]]) -> Iterator[Pair]:
    """Each mark that opens, with the next that closes it; what opens within is text.

    Texts come from strangers: an end that is not there is looked for once, so that it takes no longer than reading.
    """
    at, missing = 0, set[re.Pattern[str]]()
    for found in opens.finditer(text):
        end = closes(found)
        if found.start() < at or end in missing:
            continue
        if (closed := end.search(text, found.end())) is None:
            missing.add(end)
        else:
            yield found, closed
            at = closed.end()


def _shown(pieces: Sequence[_Piece], language: str) -> Iterator[str]:
    """Of each group what is in this language, else what is for all others."""
    said = {piece.group for piece in pieces if language in piece.languages}
    for piece in pieces:
        for_others = piece.group not in said and {OTHER, FIRST} & set(piece.languages)
        if not piece.languages or language in piece.languages or for_others:
            yield piece.text


def unescape(text: str) -> str:
    """With the letters that stand for themselves as ``&amp;`` or ``&#38;``, whoever has written it."""
    return unescaped(_NO_LETTER.sub("\ufffd", text))


def _plain(text: str) -> str:
    """Without markup, a line for each paragraph."""
    seen = _raised(_CELL.sub(BETWEEN_CELLS, _seen(text)))
    lines = (" ".join(line.split()) for line in unescape(_untagged(seen)).splitlines())
    return "\n".join(line for line in lines if line).replace("\x00", "")


def _untagged(text: str) -> str:
    last = text.rfind(">") + 1  # beyond it no tag ends, and each that begins there would be followed to the end
    return _TAG.sub("", _BREAK.sub("\n", text[:last])) + text[last:]


def _seen(text: str) -> str:
    """Without scripts, styles and comments."""
    parts, at = [], 0
    for opens, closes in _pairs(text, _UNSEEN, lambda found: _UNSEEN_ENDS[(found["tag"] or "").lower()]):
        parts.append(text[at : opens.start()])
        at = closes.end()
    return "".join([*parts, text[at:]])


def _raised(text: str) -> str:
    """Superscripts and subscripts as letters, so that 10² is not 102."""
    parts, at = list[str](), 0
    for opens, closes in _pairs(text, _RAISED, lambda found: _RAISED_ENDS[found["tag"].lower()]):
        parts += text[at : opens.start()], _small(opens["tag"].lower(), text[opens.end() : closes.start()])
        at = closes.end()
    return "".join([*parts, text[at:]])


def _small(tag: str, text: str) -> str:
    sign, letters = _RAISE[tag]
    said = unescape(_untagged(text)).strip()
    if all(ord(one) in letters for one in said):
        return said.translate(letters)
    return sign + (said if len(said) == 1 else f"({said})")
