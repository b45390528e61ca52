"""Hold a scripted conversation with any Moodle and record it: what the contract suite and the twin are made from.

A conversation is a JSON list of cases ``{"case", "function", "params", "bind"?, "token"?, "needs"?}``. In ``params``
the text ``{run}`` becomes a suffix of this run, and ``{name}`` what an earlier case bound: ``bind`` maps a name to a
path in the response, such as ``"0.id"``, ``"rows.-1.id"`` or ``"reports.name=contract people.id"``; what is not there
is not bound. ``needs`` names what must be bound, else the case is left out. ``"token": "wrong"`` sends a wrong one.

As a command: ``python -m adapters.moodle.recorder CONVERSATION URL OUTPUT``, token in CONNECTOR_MOODLE__TOKEN. It
writes to that Moodle, and deletes the people and cohorts it made; courses and categories stay. The reports that it
worked with are empty when it ends.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from adapters.moodle.client import END_POINT
from adapters.moodle.wire import encode

_PLACE = "https://moodle.example"
_PERSONAL = ("userprivateaccesskey",)
_PAGES = frozenset({"javascript", "helpicon", "form", "filtersform", "activeconditionsform", "headingeditable"})
"""HTML that nobody reads, with session keys in it."""

_SHOWN_FUNCTIONS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One case as it went: ``params`` as sent, ``response`` parsed JSON, or text where it is none."""

    case: str
    function: str
    params: Mapping[str, Any]
    http_status: int
    content_type: str
    response: Any


@dataclass(slots=True)
class Conversation:
    """One run of the cases with one Moodle. ``made`` collects what is to be deleted afterwards, by function."""

    url: str
    token: str
    run: str = field(default_factory=lambda: secrets.token_hex(3))
    bound: dict[str, Any] = field(default_factory=dict)
    made: dict[str, list[int]] = field(default_factory=dict)

    def hold(self, cases: Sequence[Mapping[str, Any]]) -> Iterator[Answer]:
        """Yield the answer of each case, in order; delete what was made at the end, or when given up."""
        with httpx.Client(timeout=120) as http:
            try:
                for case in cases:
                    if not self.bound.keys() >= set(case.get("needs", ())):
                        continue
                    answer = self._ask(http, case)
                    self._remember(case, answer)
                    yield answer
            finally:
                self._clean_up(http)

    def _ask(self, http: httpx.Client, case: Mapping[str, Any]) -> Answer:
        params = self.fill(case["params"])
        token = "wrong" if case.get("token") == "wrong" else self.token
        reply = self._post(http, case["function"], params, token)
        content_type = reply.headers.get("content-type", "").partition(";")[0]
        response = reply.json() if content_type == "application/json" else reply.text
        return Answer(case["case"], case["function"], params, reply.status_code, content_type, response)

    def _post(self, http: httpx.Client, function: str, params: Any, token: str) -> httpx.Response:
        form = {"wstoken": token, "wsfunction": function, "moodlewsrestformat": "json"}
        return http.post(self.url.rstrip("/") + END_POINT, data=form | dict(encode(params)))

    def fill(self, value: Any) -> Any:
        """Put the run's suffix and what was bound in place of the placeholders."""
        if isinstance(value, dict):
            return {key: self.fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        if not isinstance(value, str) or "{" not in value:
            return value
        known = {"{run}": self.run, **{f"{{{name}}}": bound for name, bound in self.bound.items()}}
        if value in known:
            return known[value]
        for name, bound in known.items():
            value = value.replace(name, str(bound))
        return value

    def _remember(self, case: Mapping[str, Any], answer: Answer) -> None:
        for name, path in case.get("bind", {}).items():
            found = _at(answer.response, path)
            if found is not None:
                self.bound[name] = found
        if answer.function == "core_reportbuilder_columns_add":
            self.made.setdefault("reports", []).append(answer.params["reportid"])
        if isinstance(answer.response, list):
            if answer.function == "core_user_create_users":
                self.made.setdefault("people", []).extend(row["id"] for row in answer.response)
            if answer.function == "core_cohort_create_cohorts":
                self.made.setdefault("cohorts", []).extend(row["id"] for row in answer.response)

    def _clean_up(self, http: httpx.Client) -> None:
        for user_id in self.made.get("people", []):  # one by one: the conversation deleted some itself
            self._post(http, "core_user_delete_users", {"userids": [user_id]}, self.token)
        if self.made.get("cohorts"):
            self._post(http, "core_cohort_delete_cohorts", {"cohortids": self.made["cohorts"]}, self.token)
        for report_id in set(self.made.get("reports", ())):
            self._empty(http, report_id)

    def _empty(self, http: httpx.Client, report_id: int) -> None:
        """Take all columns and filters out of a report; the ids of its columns stand in the page's HTML only."""
        report = {"reportid": report_id}
        page = self._post(http, "core_reportbuilder_reports_get", report | {"editmode": 1}, self.token).json()
        for column_id in re.findall(r'data-column-id="(\d+)"', page.get("table", "")):
            self._post(http, "core_reportbuilder_columns_delete", report | {"columnid": column_id}, self.token)
        for row in page.get("filters", {}).get("activefilters", ()):
            self._post(http, "core_reportbuilder_filters_delete", report | {"filterid": row["id"]}, self.token)
        self._post(http, "core_reportbuilder_set_filters", report | {"values": "{}"}, self.token)


def _at(value: Any, path: str) -> Any:
    """What stands at a path, in JSON within JSON too, or None. ``name=x``: the entry of a list whose ``name`` is x."""
    for part in path.split("."):
        key, equals, wanted = part.partition("=")
        if equals:
            value = next((entry for entry in value if entry[key] == wanted), None)
        elif value is not None:
            value = json.loads(value) if isinstance(value, str) else value
            value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def trim(value: Any, url: str, run: str) -> Any:
    """Take the site's address, the run's suffix and what belongs to one account out of a recorded value."""
    if isinstance(value, dict):
        kept = {key: _trim_key(key, inner, url, run) for key, inner in value.items()}
        if "release" in kept and "functions" in kept:
            kept["functions"] = kept["functions"][:_SHOWN_FUNCTIONS]
        return kept
    if isinstance(value, list):
        return [trim(inner, url, run) for inner in value]
    if isinstance(value, str):
        escaped = url.replace("/", "\\/")
        return value.replace(url, _PLACE).replace(escaped, _PLACE.replace("/", "\\/")).replace(run, "")
    return value


def _trim_key(key: str, value: Any, url: str, run: str) -> Any:
    if key in _PERSONAL:
        return ""
    if key in _PAGES and isinstance(value, str):
        return value and "(HTML)"
    if key == "table" and isinstance(value, str):  # the headings tell which columns there are, the rest is for the eye
        value = value.partition("<tbody>")[0]
    if key == "data" and isinstance(value, str) and any(f'"{page}":"' in value for page in _PAGES):
        inner = trim(json.loads(value), url, run)
        return json.dumps(inner, separators=(",", ":")).replace("/", "\\/")
    return trim(value, url, run)


def recording(answers: Sequence[Answer], url: str, run: str) -> list[dict[str, Any]]:
    """The answers as they are kept."""
    return [
        {
            "case": answer.case,
            "function": answer.function,
            "params": trim(answer.params, url, run),
            "http_status": answer.http_status,
            "content_type": answer.content_type,
            "response": trim(answer.response, url, run),
        }
        for answer in answers
    ]


def main() -> None:
    """Record a conversation."""
    parser = argparse.ArgumentParser(prog="python -m adapters.moodle.recorder", description="Record a Moodle.")
    parser.add_argument("conversation", type=Path)
    parser.add_argument("url")
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    talk = Conversation(options.url, os.environ["CONNECTOR_MOODLE__TOKEN"])
    answers = list(talk.hold(json.loads(options.conversation.read_text("utf-8"))))
    kept = recording(answers, options.url.rstrip("/"), talk.run)
    options.output.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{len(kept)} cases recorded in {options.output}")


if __name__ == "__main__":
    main()
