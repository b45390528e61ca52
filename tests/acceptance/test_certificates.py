"""Certificates, by the commands."""

from __future__ import annotations

import time

import pytest

from adapters.moodle.twin import ServedTwin
from tests.acceptance.house import House

TEMPLATES = """\
version: 1
issuer: Example
certificates:
  - code: WELCOME
    title: {en: Welcome}
    earned_by: {course: WELCOME}
    months: 12
    number: "W-{year}-{serial:04}"
"""


@pytest.fixture
def certifying(settled: House, twin: ServedTwin) -> House:
    """Twelve people, of whom E005 has completed what earns a certificate."""
    (settled.folder / "config" / "mapping" / "certificates.yaml").write_text(TEMPLATES, "utf-8")
    [user] = twin.state.by_idnumber["E005"]
    twin.life.complete(twin.state.users[user].fields["username"], "WELCOME", int(time.time()))
    assert settled.call("reconcile").status == 0
    return settled


def test_issued_listed_revoked(certifying: House) -> None:
    """By rule once, by hand with a reason, verified, made as a file, and taken back."""
    assert certifying.call("certificate", "issue", "--json").json["issued"] == 1
    assert "Issued: 0 certificates." in certifying.call("certificate", "issue").plain
    [one] = certifying.call("certificate", "list", "--json").json
    assert (one["person"], one["template"], one["issued_by"]) == ("E005", "WELCOME", "")
    by_hand = ("certificate", "issue", "E006", "WELCOME", "--by", "E001")
    assert certifying.call(*by_hand).status == 2, "without a reason"
    done = certifying.call(*by_hand, "--reason", "on paper", "--json").json["issued"]
    assert done["number"].endswith("-0002")
    revoke = ("certificate", "revoke", done["number"], "--reason", "by mistake", "--by")
    assert "only somebody above" in certifying.call(*revoke, "E007").plain
    assert f"Revoked: WELCOME, number {done['number']}." in certifying.call(*revoke, "ada", "--as-hr").plain
    shown = certifying.call("certificate", "list").plain
    verify = ("certificate", "verify", one["code"].lower())
    verified = certifying.call(*verify, "--number", one["number"])
    assert (verified.status, verified.plain[:15], one["name"] in verified.plain) == (0, "valid: Welcome ", True)
    told = certifying.call(*verify, "--json")
    assert (told.status, told.json["found"]["name"]) == (0, None), "the code alone names nobody"
    unknown = certifying.call(*verify, "--number", done["number"])
    assert (unknown.status, unknown.plain) == (1, "There is no such certificate.")
    certifying.set("CONNECTOR_CERTIFICATES__FOLDER", "files")
    assert "Made: 2 files." in certifying.call("certificate", "issue").plain
    [path] = (certifying.folder / "config" / "files").glob(f"WELCOME/*/{one['number']}.pdf")
    again = certifying.call(*by_hand, "--reason", "on paper again", "--json").json["issued"]
    assert again["file"] == "made", "nobody has to wait for the service"
    assert [*path.parent.glob(f"{again['number']}.pdf")]
    path.unlink()
    assert certifying.call("certificate", "renew-file", one["number"]).status == 0
    assert path.read_bytes().startswith(b"%PDF")
    assert "revoked" in shown and "rule" in shown
    told = certifying.call("certificate", "show", one["number"]).plain
    assert "(E005), issued on" in told and "It rests on: course " in told
    [_, only] = certifying.call("certificate", "list", "--person", "E006", "--json").json
    assert only["revoked_why"] == "by mistake"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("issue", "E005"), "say which certificate"),
        (("issue", "E005", "NONE", "--reason", "x", "--by", "E001"), "no such template; it has WELCOME"),
        (("issue", "E999", "WELCOME", "--reason", "x", "--by", "E001"), "nobody with this key"),
        (("revoke", "NONE", "--reason", "x", "--by", "E001"), "no number NONE"),
    ],
)
def test_what_cannot_be(certifying: House, arguments: tuple[str, ...], says: str) -> None:
    """With exit status 2 and one sentence."""
    done = certifying.call("certificate", *arguments)
    assert done.status == 2
    assert says in done.plain
