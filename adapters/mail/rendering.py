"""How a telling reads: subject, text and HTML, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from adapters.mail.texts import CLASSES, FRAMES, HOPS, SENTENCES
from connector.domain.notices import Language, Notice, Telling
from connector.domain.plan import GuardClass


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Part:
    """A heading, and each sentence below it with its link ("": none)."""

    heading: str
    items: tuple[tuple[str, str], ...]


def render(telling: Telling, language: Language, site: str, links: str) -> Letter:
    """One message. Each notice is a sentence of ``SENTENCES``; where ``links`` is set, with where to see to it."""
    frame = FRAMES[language]

    def part(heading: str, notices: Sequence[Notice], *, linked: bool = True) -> Part:
        return Part(
            heading,
            tuple(
                (sentence(notice, language), links + notice.path if links and notice.path and linked else "")
                for notice in notices
            ),
        )

    parts = [
        part(frame.new, telling.new),
        part(frame.again, telling.again),
        part(frame.over, telling.over, linked=False),
    ]
    first = (telling.new or telling.again or telling.over)[0]
    head = sentence(first, language) if telling.new or telling.again else f"{frame.over}: {sentence(first, language)}"
    more = f" (+{telling.size - 1})" if telling.size > 1 else ""
    words = {
        "subject": f"[{site}] {head}{more}",
        "language": language,
        "parts": [one for one in parts if one.items],
        "frame": frame,
        "site": site,
    }
    return rendered("notice", words)


def rendered(name: str, words: Mapping[str, object]) -> Letter:
    """The letter of the two templates of this name."""
    templates = _templates()
    text, html = (templates.get_template(f"{name}.{kind}.j2").render(words) for kind in ("txt", "html"))
    return Letter(str(words["subject"]), text, html)


def sentence(notice: Notice, language: Language) -> str:
    """What a notice says, without any markup."""
    facts = {**notice.facts, "hop": HOPS[language].get(str(notice.facts.get("hop", "changes")), "")}
    if "class" in facts:
        facts["class"] = CLASSES[language][GuardClass(str(facts["class"]))]
    return SENTENCES[language][notice.kind].format(**facts)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("adapters.mail"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
