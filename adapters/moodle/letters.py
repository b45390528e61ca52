"""What a learner reads in Moodle about a due date, in each language, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from babel import Locale
from babel.dates import format_date

from connector.domain.learners import DueLetter
from connector.domain.notices import Language


@dataclass(frozen=True, slots=True)
class Texts:
    """``new`` and ``changed`` take {path} and {due}, ``now`` {path}, for what should have been done already.

    ``title`` takes {path}: what stands in a calendar on the day on which it is due.

    Nothing is bold, as Moodle puts that in capitals in mails as text.
    """

    locale: str
    title: str
    new: str
    changed: str
    now: str
    begin: str


TEXTS: Mapping[Language, Texts] = {
    "en": Texts(
        "en",
        "Due: {path}",
        "Please complete the learning path {path} by {due}.",
        "The learning path {path} is now due on {due}.",
        "Please complete the learning path {path} as soon as you can.",
        "Go to the course",
    ),
    "fr": Texts(
        "fr",
        "Échéance : {path}",
        "Veuillez terminer le parcours {path} au plus tard le {due}.",
        "La nouvelle échéance du parcours {path} est le {due}.",
        "Veuillez terminer le parcours {path} dès que possible.",
        "Accéder au cours",
    ),
    "vi": Texts(
        "vi",
        "Đến hạn: {path}",
        "Vui lòng hoàn thành lộ trình học {path} chậm nhất vào ngày {due}.",
        "Hạn hoàn thành mới của lộ trình học {path} là ngày {due}.",
        "Vui lòng hoàn thành lộ trình học {path} trong thời gian sớm nhất.",
        "Đến khóa học",
    ),
    "zh-TW": Texts(
        "zh_Hant_TW",
        "完成期限：{path}",
        "請於 {due} 前（含當日）完成學習地圖：{path}。",
        "學習地圖 {path} 的完成期限已改為 {due}。",
        "請儘快完成學習地圖：{path}。",
        "前往課程",
    ),
}


def write(letter: DueLetter) -> str:
    """The letter as HTML; names of the mapping are escaped."""
    texts = TEXTS[letter.language]
    return f'<p>{_sentence(letter, texts)}</p><p><a href="{escape(letter.url)}">{texts.begin}</a></p>'


def title(language: Language, path: str) -> str:
    """What stands in a calendar, without markup: names of the mapping have none that Moodle would keep."""
    return TEXTS[language].title.format(path=_without_markup(path))


def _without_markup(text: str) -> str:
    """Moodle refuses a title with tags."""
    return text.replace("<", "‹").replace(">", "›")


def _sentence(letter: DueLetter, texts: Texts) -> str:
    path = escape(letter.path)
    if letter.due_on is None:
        return texts.now.format(path=path)
    due = format_date(letter.due_on, "long", locale=Locale.parse(texts.locale))
    return (texts.changed if letter.changed else texts.new).format(path=path, due=escape(due))
