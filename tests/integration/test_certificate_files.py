"""Files of certificates are made in the background, once each, and again where they are asked for."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from connector.doctor.own import certificates as doctors_certificates
from connector.domain.certifying import Certificate, FileState
from connector.domain.errors import SettingsError, Stopped
from tests.integration.certified import certifying, complete, issued, of
from tests.integration.mirrored import Learning
from tests.support import House, Seen
from tests.unit.certificates.papers import qr_of, text_of

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
URL = "https://certificates.example.com"
GONE = """\
  - code: GONE
    title: {en: Gone}
    earned_by: {content: 0b1fd8d2-5a52-4b5c-9a0e-4f1d1d0c6f11}
    number: "GONE-{year}-{serial}"
"""


@pytest.fixture
async def earned(house: House, moodle: Seen, learning: Learning) -> House:
    """E2, whose name is Chinese, E3 and E4 have earned a certificate each; files lie in a folder."""
    place(house, house.folder / "files")
    await certifying(house)
    moodle.user("E2").fields.update(firstname="小明", lastname="王", lang="zh_tw")
    for who, courses in (("E2", ("SAFE", "FIRE")), ("E3", ("SAFE", "FIRE")), ("E4", ("LABS",))):
        complete(house, learning, who, *courses)
    await house.mirror()
    return house


def place(house: House, folder: Path | None) -> None:
    told = house.settings.certificates.model_copy(update={"folder": folder, "url": URL})
    house.settings = house.settings.model_copy(update={"certificates": told})
    house.reopen()


async def work(house: House) -> dict[str, object]:
    return dict(await house.connector.certifying().work())


def states(house: House) -> list[FileState]:
    return [one.file for one in reversed(house.connector.certificates.listed(None, 100))]


async def test_files_are_made_once(earned: House) -> None:
    """Each under its number, with name, code and digest of the certificate that is kept."""
    assert await work(earned) == {"issued": 3, "made": 3, "refused": 0}
    assert await work(earned) == {"issued": 0, "made": 0, "refused": 0}
    year = earned.clock.now.year
    names = sorted(str(path.relative_to(earned.folder / "files")) for path in earned.folder.glob("files/**/*.pdf"))
    assert names == [
        f"LAB/{year}/LAB-{year}-1.pdf",
        f"SAFETY/{year}/SAFE-{year}-000001.pdf",
        f"SAFETY/{year}/SAFE-{year}-000002.pdf",
    ]
    pdf = (earned.folder / "files" / names[1]).read_bytes()
    kept = of(earned, f"SAFE-{year}-000001")
    assert kept.sha256 == hashlib.sha256(pdf).hexdigest()
    assert "王小明" in text_of(pdf) and "職業安全" in text_of(pdf)
    assert qr_of(pdf) == f"{URL}/certificates/{kept.code}"


async def test_without_a_place_they_wait(earned: House) -> None:
    """Certificates are issued all the same; once there is a place their files are made."""
    place(earned, None)
    assert await work(earned) == {"issued": 3}
    assert set(states(earned)) == {FileState.WAITING}
    found = await doctors_certificates(earned.connector)
    assert found is not None and found.state == "none"
    with pytest.raises(SettingsError, match="no place for files"):
        earned.connector.making()
    place(earned, earned.folder / "files")
    assert await work(earned) == {"issued": 0, "made": 3, "refused": 0}
    with (earned.mapping / "certificates.yaml").open("a", encoding="utf-8") as file:
        file.write(GONE)
    earned.reopen()
    found = await doctors_certificates(earned.connector)
    assert found is not None and found.state == "good"
    assert "nobody can earn GONE" in found.text
    assert str(earned.folder / "files") in found.text


async def test_a_place_that_fails_loses_nothing(earned: House) -> None:
    """What cannot be put waits; nobody is told that it was made."""
    (earned.folder / "files").write_text("no folder")
    with pytest.raises(SettingsError, match=r"certificates\.folder"):
        await work(earned)
    assert states(earned) == [FileState.WAITING] * 3, "they are issued all the same"
    (earned.folder / "files").unlink()
    assert (await work(earned))["made"] == 3


async def test_one_that_cannot_be_made_is_set_aside(earned: House, moodle: Seen) -> None:
    """The others are made; the reason is kept, and it is made once the certificate can be."""
    moodle.user("E3").fields["lastname"] = "𒀀"
    await earned.mirror()
    assert await work(earned) == {"issued": 3, "made": 2, "refused": 1}
    [(number, message)] = [
        (one.number, one.file_message)
        for one in earned.connector.certificates.listed(None, 10)
        if one.file is FileState.REFUSED
    ]
    assert "none of the fonts" in message
    assert (await work(earned))["refused"] == 0, "it is not tried again by itself"
    with pytest.raises(SettingsError, match="none of the fonts"):
        earned.connector.making().again(number)


async def test_a_lost_file_is_made_again(earned: House) -> None:
    """The same bytes, whatever the mapping says now; of a revoked one too."""
    await work(earned)
    [number, *_] = [number for who, number in issued(earned) if who == "E2"]
    [path] = (earned.folder / "files").glob(f"**/{number}.pdf")
    before = path.read_bytes()
    path.unlink()
    earned.edit("certificates.yaml", "Example Works", "Another Company")
    earned.connector.issuing().revoke(number, "anna", "by mistake", hr=True)
    assert earned.connector.making().again(number).file is FileState.MADE
    assert path.read_bytes() == before
    with pytest.raises(SettingsError, match="no number"):
        earned.connector.making().again("NOPE")


async def test_whoever_is_erased_while_a_file_is_made_is_not_named_by_it(earned: House) -> None:
    """The file that names them is taken away again, whoever was first."""
    earned.connector.issuing().by_rule()
    making = earned.connector.making()

    def render(one: Certificate) -> bytes:
        earned.sql("UPDATE connector.certificate SET name = '', file = 'refused' WHERE number = %s", one.number)
        return making.render(one)

    assert replace(making, render=render).all() == {"made": 0, "refused": 3}
    with pytest.raises(SettingsError, match="name has gone"):
        making.again(issued(earned)[0][1])
    assert list(earned.folder.glob("files/**/*.pdf")) == []


async def test_it_stops_between_two_files(earned: House) -> None:
    """What is left is made by the next run."""
    earned.connector.issuing().by_rule()
    calls = iter([False, True])
    with pytest.raises(Stopped):
        earned.connector.making(lambda: next(calls)).all()
    assert states(earned) == [FileState.MADE, FileState.WAITING, FileState.WAITING]
    assert earned.connector.making().all() == {"made": 2, "refused": 0}


async def test_without_a_public_address(earned: House) -> None:
    """They are issued and made without a QR code, which would lead nowhere; made again with it once there is one."""
    told = earned.settings.certificates
    earned.settings = earned.settings.model_copy(update={"certificates": told.model_copy(update={"url": ""})})
    earned.reopen()
    assert await work(earned) == {"issued": 3, "made": 3, "refused": 0}
    found = await doctors_certificates(earned.connector)
    assert found is not None and "without QR code" in found.text
    number = issued(earned)[0][1]
    [path] = (earned.folder / "files").glob(f"**/{number}.pdf")
    with pytest.raises(ValueError, match="not enough values"):
        qr_of(path.read_bytes())
    assert of(earned, number).code in text_of(path.read_bytes())
    place(earned, earned.folder / "files")
    earned.connector.making().again(number)
    assert qr_of(path.read_bytes()).startswith(URL)
