"""Issuing certificates: by rule to whoever has earned one, by hand where a manager or HR says so; revoking them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from connector.domain.certificates import (
    Achievement,
    CertificateTemplate,
    code_of,
    earned,
    printed_name,
    validity,
)
from connector.domain.certifying import Achieved, Authority, Certificate, CertificateStore, Issue, Passed, Recipient
from connector.domain.decisions import LONGEST_REASON
from connector.domain.errors import SettingsError, Stopped
from connector.domain.learners import language_of, name_in
from connector.domain.notices import Language


@dataclass(frozen=True, slots=True)
class Issuing:
    """``achieved``: what the facts know. ``passed``: what was done in launched content. ``language``: for people who
    use none of ours. ``chance``: gives the random bits of a code."""

    store: CertificateStore
    achieved: Achieved
    passed: Passed
    authority: Authority
    templates: Sequence[CertificateTemplate]
    language: Language
    chance: Callable[[], int]
    clock: Callable[[], datetime]
    stopping: Callable[[], bool] = lambda: False

    def by_rule(self) -> Mapping[str, int]:
        """Issue what people have earned and not got yet; gives how many of each template.

        Each is kept by itself, so that a process that is killed has issued some, and the next one the others.
        """
        return {template.code: self._of(template) for template in self.templates}

    def by_content(self) -> Mapping[str, int]:
        """The same for what people have earned by launched content alone, which does not wait for the mirror."""
        return {template.code: self._of(template) for template in self.templates if template.content is not None}

    def owes(self, template: CertificateTemplate, person_id: int) -> bool:
        """Whether somebody has earned this one by launched content, and it is not issued yet."""
        return any(True for _ in self._earned(template, self.passed.of(template, person_id)))

    def _of(self, template: CertificateTemplate) -> int:
        issued = 0
        source = self.achieved if template.content is None else self.passed
        for achievements in source.achievements(template):
            if self.stopping():
                raise Stopped("Told to stop; the other certificates are issued by the next run.")
            issued += sum(1 for wish in self._earned(template, achievements) if self.store.issue(wish))
        return issued

    def _earned(self, template: CertificateTemplate, achievements: Sequence[Achievement]) -> Iterable[Issue]:
        people = {one.person_id for one in achievements}
        new = earned(achievements, self.store.held(template.code, people), template.again_from)
        if not new:
            return
        now = self.clock()
        found = self.store.recipients({one.person_id for one in new}, now)
        recipients = {one.person_id: one for one in found if _may_be_given(one)}
        for one in new:
            if recipient := recipients.get(one.person_id):
                wish = self._wish(template, recipient, one.deed, one.earned_at, now)
                day = one.earned_at.astimezone(ZoneInfo(recipient.timezone)).date()
                over = wish.expires_at is not None and wish.expires_at <= now
                if not over and (template.since is None or day >= template.since):
                    yield replace(wish, evidence=one.evidence)

    def by_hand(self, person: str, code: str, by: str, reason: str, *, hr: bool) -> Certificate:
        """Issue one to the person with this key, by a manager's or HR's word. Raises SettingsError."""
        template = self._template(code)
        why = _reason(reason)
        employee = self.authority.employee(person, "PERSON")
        manager = self.authority.manager(by, employee.person_id, hr=hr)
        now = self.clock()
        recipients = self.store.recipients([employee.person_id], now)
        if not recipients or not (recipients[0].firstname.strip() or recipients[0].lastname.strip()):
            raise SettingsError("PERSON: HR's data have no name that could be printed.")
        deed = f"by hand {now.isoformat()}"
        wish = self._wish(template, recipients[0], deed, now, now, by, manager, why)
        certificate = self.store.issue(wish)
        if certificate is None:
            raise SettingsError("Somebody else has issued it at the same moment; `certificate list` shows it.")
        return certificate

    def revoke(self, number: str, by: str, reason: str, *, hr: bool) -> Certificate:
        """Revoke a certificate. One that HR has issued only HR revokes. Raises SettingsError."""
        why = _reason(reason)
        certificate = self.found(number)
        manager = self.authority.manager(by, certificate.person_id, hr=hr)
        if certificate.by_hand and certificate.by_hr and not hr:
            raise SettingsError("What HR has issued only HR revokes (--as-hr).")
        if not self.store.revoke(number, by, manager, why, self.clock()):
            raise SettingsError(f"{number} was revoked already.")
        return self.found(number)

    def _wish(
        self,
        template: CertificateTemplate,
        recipient: Recipient,
        deed: str,
        earned_at: datetime,
        now: datetime,
        by: str = "",
        manager_id: int | None = None,
        reason: str = "",
    ) -> Issue:
        language = template.language or language_of(recipient.lang, self.language)
        until = validity(template.months, earned_at, recipient.timezone)
        issued_on = now.astimezone(ZoneInfo(recipient.timezone)).date()
        return Issue(
            recipient.person_id,
            template.code,
            template.number,
            issued_on.year,
            code_of(self.chance()),
            language,
            printed_name(recipient.firstname, recipient.lastname, recipient.lang),
            name_in(template.title, language, template.code),
            template.issuer,
            deed,
            earned_at,
            now,
            issued_on,
            until.on,
            until.at,
            by,
            manager_id,
            reason,
        )

    def _template(self, code: str) -> CertificateTemplate:
        for template in self.templates:
            if template.code == code:
                return template
        codes = ", ".join(sorted(template.code for template in self.templates))
        raise SettingsError(f"certificates.yaml has no such template; it has {codes or 'none'}.")

    def found(self, number: str) -> Certificate:
        """The certificate with this number. Raises SettingsError."""
        certificate = self.store.find(number)
        if certificate is None:
            raise SettingsError(f"There is no number {number}. `moodle-connector certificate list` shows them.")
        return certificate


def _may_be_given(recipient: Recipient) -> bool:
    """By rule: to whom there is a name of, and who has not left."""
    return recipient.status != "left" and bool(recipient.firstname.strip() or recipient.lastname.strip())


def _reason(reason: str) -> str:
    why = " ".join(reason.split())
    if not why:
        raise SettingsError("--reason: say why; it is kept on record.")
    if len(why) > LONGEST_REASON:
        raise SettingsError(f"--reason: give at most {LONGEST_REASON} characters.")
    return why
