"""The certificate that launched content gives: how whoever launched stands with it, and its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from connector.bootstrap import Connector
from connector.domain.certificates import CHOSEN, CertificateState, CertificateTemplate, state_of
from connector.domain.certifying import Certificate, FileState, file_name
from connector.domain.contents import Content, ContentKind
from connector.domain.errors import LaunchRefused
from connector.domain.lti import LaunchSession, Trouble
from connector.web.launched.launches import HEADERS, Part, Visit, named

STANDING = "/lti/certificate"


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as its owner sees it. ``waits``: its file is still made; ``verify``: where it is verified, "" for
    nowhere."""

    certificate: Certificate
    state: CertificateState
    waits: bool
    verify: str

    @property
    def has_file(self) -> bool:
        return self.certificate.file is FileState.MADE and self.state is not CertificateState.REVOKED


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands with a certificate: whether it is ``known`` who they are, what they have of it, the newest,
    and whether the next is ``owed``. ``again``: whether this content can be passed as often as somebody likes; a video
    is completed once."""

    template: CertificateTemplate
    known: bool
    held: Shown | None
    owed: bool
    again: bool

    @property
    def was_revoked(self) -> bool:
        return self.held is not None and self.held.state is CertificateState.REVOKED

    @property
    def on_its_way(self) -> bool:
        """Whether it is issued soon, or its file is made."""
        return self.owed or (self.held is not None and self.held.waits)


def template_of(connector: Connector, content: Content) -> CertificateTemplate | None:
    """Which certificate content gives to whoever passes it, of any kind: bodies name it as ``certificate``."""
    content_id, chosen = str(content.content_id), str(content.body.get("certificate", ""))
    templates = connector.mapping.certificates
    return next((one for one in templates if one.is_given_by(content_id, chosen)), None)


def by_rule(connector: Connector, content: Content) -> CertificateTemplate | None:
    """The one that the mapping gives for this content, whatever its authors choose."""
    return next((one for one in connector.mapping.certificates if one.content == str(content.content_id)), None)


def offered(connector: Connector) -> Mapping[str, CertificateTemplate]:
    """Those that authors may choose."""
    return {one.code: one for one in connector.mapping.certificates if one.content == CHOSEN}


def choice(connector: Connector, content: Content) -> Mapping[str, Any]:
    """What the settings of content show of it."""
    return {"certificates": offered(connector), "by_rule": by_rule(connector, content)}


def chosen(connector: Connector, entered: str | None, before: str) -> str:
    """What an author has chosen of what is offered; what was chosen before where nothing is, or it is not there."""
    there = offered(connector)
    return entered if there and entered is not None and entered in {"", *there} else before


def standing(connector: Connector, session: LaunchSession, content: Content) -> Standing | None:
    """None where it gives none."""
    template = template_of(connector, content)
    if template is None:
        return None
    again = content.kind is ContentKind.ASSESSMENT
    person_id = session.person_id
    if person_id is None:
        return Standing(template, False, None, False, again)
    held = [one for one in connector.certificates.of_person(person_id) if one.template == template.code]
    owed = connector.issuing().owes(template, person_id)
    return Standing(template, True, shown(connector, held[0]) if held else None, owed, again)


def own(connector: Connector, session: LaunchSession) -> list[Shown]:
    """All that somebody has of the connector's, but those that were revoked."""
    if session.person_id is None:
        return []
    found = [shown(connector, one) for one in connector.certificates.of_person(session.person_id)]
    return [one for one in found if one.state is not CertificateState.REVOKED]


def shown(connector: Connector, one: Certificate) -> Shown:
    public = connector.settings.certificates_url
    state = state_of(one.expires_at, one.revoked_at, connector.clock())
    waits = one.file is FileState.WAITING and connector.file_store is not None
    return Shown(one, state, waits, f"{public}/certificates/{one.code}" if public and one.code else "")


def show(visit: Visit) -> Response:
    """How whoever launched stands with it now."""
    content = named(visit.connector, visit.session)
    if content is None:
        raise LaunchRefused("content: there is none of this id.", Trouble.GONE)
    return visit.part("content/certificate.html", certificate=standing(visit.connector, visit.session, content))


def show_file(visit: Visit) -> Response:
    """The PDF of one's own certificate. Raises LaunchRefused."""
    connector = visit.connector
    found = connector.certificates.find(visit.request.path_params["number"].replace("\x00", ""))
    if found is None or found.person_id != visit.session.person_id:
        raise LaunchRefused("number: there is none, or it is somebody else's.", Trouble.NOT_ALLOWED)
    store = connector.file_store
    content = store.get(file_name(found)) if store and shown(connector, found).has_file else None
    if content is None:
        raise LaunchRefused("number: it has no file now.", Trouble.GONE)
    told: dict[str, Any] = {"Content-Disposition": f'attachment; filename="{found.number}.pdf"'}
    return Response(content, media_type="application/pdf", headers={**HEADERS, **told})


PARTS = (
    Part("GET", STANDING, show),
    Part("GET", "/lti/certificates/{number}/file", show_file, far=True),
)
