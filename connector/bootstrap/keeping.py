"""What is kept in Moodle beside accounts and grants: due dates in calendars, identities linked with accounts."""

from __future__ import annotations

from adapters.moodle.entries import EntryWriting
from adapters.moodle.functions import FOR_CALENDAR, FOR_LOGINS
from adapters.moodle.site import MoodleSite
from connector.bootstrap.ways import Ways
from connector.domain.calendar import Change
from connector.domain.errors import SettingsError
from connector.domain.linking import Link
from connector.store.calendar import CalendarEntries
from connector.store.linking import LinkedLogins
from connector.sync.apply import Stopping, never
from jobs.keeping import Keeping


class KeepingInMoodle(Ways):
    """What the plugin of Moodle is needed for."""

    def calendar(self, stopping: Stopping = never) -> Keeping[Change, MoodleSite]:
        """How due dates come into calendars. Raises SettingsError where they are not to."""
        if not self.settings.notices.calendar:
            raise SettingsError("notices.calendar: due dates are not to stand in calendars; set it to true.")
        writing = EntryWriting(
            {requirement.code: requirement.path for requirement in self.mapping.requirements},
            {path.code: path for path in self.mapping.paths},
            self.plans.references("course"),
            self.settings.moodle.url,
            self.settings.notices.language,
        )
        return Keeping(
            CalendarEntries(self.database, self.reporting, self.site, writing.entry),
            self.working_moodle,
            FOR_CALENDAR,
            MoodleSite.due_dates,
            self.clock,
            stopping,
        )

    def linking(self, stopping: Stopping = never) -> Keeping[Link, MoodleSite]:
        """How identities are linked with accounts. Raises SettingsError where they are not to be."""
        moodle = self.settings.moodle
        if not moodle.oauth2_issuer:
            raise SettingsError("moodle.oauth2_issuer: nothing is to be linked; set it to the id of Moodle's service.")
        return Keeping(
            LinkedLogins(self.database, self.site, moodle.oauth2_issuer, moodle.oauth2_identity),
            self.working_moodle,
            FOR_LOGINS,
            MoodleSite.link_logins,
            self.clock,
            stopping,
        )
