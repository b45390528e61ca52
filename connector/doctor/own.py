"""Checks of what is the connector's own: databases, mapping, folders, notices, certificates, exports, videos.

Each gives what is well, None where the part is not set up, and raises the error tree.
"""

from __future__ import annotations

from uuid import UUID

from connector.bootstrap import Connector
from connector.databases import TABLES
from connector.doctor.finding import Finding
from connector.domain.certificates import CHOSEN, CertificateTemplate
from connector.domain.errors import ConnectorError, SettingsError
from connector.domain.lti_scores import LONG, ScoreState


async def database(connector: Connector) -> str:
    own = bool(connector.settings.database_url.get_secret_value())
    with connector.database.transaction() as connection:
        row = connection.execute("SELECT current_setting('server_version') AS server_version").fetchone()
    found, _ = connector.databases.revision_of(TABLES["connector"])
    server = row["server_version"] if row else "?"
    return f"PostgreSQL {server} ({'your own' if own else 'embedded'}), tables at revision {found}"


async def facts(connector: Connector) -> Finding | str:
    """Is there something among the facts that must never be?"""
    hops = {row["hop"]: row["reached_at"] for row in connector.reports.freshness()}
    if "changes" not in hops:
        return Finding("facts", "none", "nothing has been mirrored yet")
    if broken := connector.broken_facts():
        found = "; ".join(f"{what}: {rows}" for what, rows in broken.items())
        raise ConnectorError(
            f"Among the facts is what must never be ({found}); reports can be wrong. Nobody but the connector may "
            "write there. Run `moodle-connector reconcile`, which reads everything again; where this stays, restore "
            "the database of the reports from a backup, and report it."
        )
    return f"Moodle was last read at {hops['changes']:%Y-%m-%d %H:%M} UTC, and the facts agree with each other"


async def mapping(connector: Connector) -> str | None:
    if connector.settings.mapping is None:
        return None
    mapping = connector.mapping
    paths, requirements = len(mapping.paths), len(mapping.requirements)
    return f"{', '.join(mapping.sources)}; learning paths: {paths}, requirements: {requirements}"


async def drop(connector: Connector) -> str | None:
    if connector.settings.mapping is None or not (connector.settings.drop.folder or connector.settings.sources):
        return None
    found = []
    for inlet in connector.inlets():
        waiting = len(inlet.arrivals().ready)
        found.append(f"{inlet.name}: {waiting} complete {'feed waits' if waiting == 1 else 'feeds wait'}")
    return "; ".join(found)


async def notices(connector: Connector) -> str | None:
    """Who would be told. Nothing is sent: `notice test` does that."""
    if not connector.settings.moodle.url or not connector.channels:
        return None
    return f"by {', '.join(channel.name for channel in connector.channels)}; `moodle-connector notice test` sends one"


async def certificates(connector: Connector) -> Finding | None:
    """Can the files of certificates be made, and lie where they should?"""
    if connector.settings.mapping is None or not connector.mapping.certificates:
        return None
    kinds = f"kinds: {len(connector.mapping.certificates)}"
    if idle := [one.code for one in connector.mapping.certificates if _has_no_content(connector, one)]:
        kinds += f"; nobody can earn {', '.join(idle)}: the content that earns it is not there"
    if behind := connector.serials.behind():
        raise SettingsError(
            f"{behind[0].number} was given and is not known any more, as after restoring a backup: numbers would be "
            "given again. `moodle-connector certificate catch-up` lets them go on after it."
        )
    if connector.file_store is None:
        text = f"{kinds}; issued without files, until certificates.folder or certificates.s3.bucket is set"
        return Finding("certificates", "none", text)
    made = f"{connector.typesetter.check()}; {connector.file_store.check()}"
    if not connector.typesetter.url:
        made += "; files without QR code, until certificates.url, console.url or lti.url is set"
    return Finding("certificates", "good", f"{kinds}; {made}")


def _has_no_content(connector: Connector, template: CertificateTemplate) -> bool:
    """Whether the id of content that earns it is that of none, or of one that was ended."""
    if template.content in (None, CHOSEN):
        return False
    return connector.contents.newest(UUID(template.content)) is None


async def exports(connector: Connector) -> Finding | None:
    """Can the reporting views be written to where they are wanted?"""
    if connector.exported_to is None:
        return None
    work = connector.exporting_views()
    text = f"{work.order.format}, {len(work.order.selections)} views; {work.order.check()}"
    if inside := connector.settings.exports_within():
        text += (
            f"; what {', '.join(inside)} exports lies within: who reads all of this place reads of each person there "
            "too. Give each site a folder or prefix beside the others"
        )
    return Finding("exports", "good", text)


async def video(connector: Connector) -> str | None:
    """Have videos a place, and what transcodes them?"""
    if not connector.has_videos:
        return None
    return f"transcoded by {connector.transcoder.check()}; {connector.media_store.check()}"


async def scores(connector: Connector) -> str | None:
    """Do scores of what was launched arrive?"""
    if not connector.settings.lti.url:
        return None
    lying, now = connector.launch_scores.lying(), connector.clock()
    waiting = [one for one in lying if one.state is ScoreState.WAITING]
    parked = sum(one.scores for one in lying if one.state is ScoreState.PARKED)
    late = [one for one in waiting if now - one.since > LONG]
    if late:
        why = "; ".join(f"{one.issuer}: {one.why or 'not tried yet'}" for one in late)
        raise ConnectorError(
            f"Scores wait for a gradebook since {min(one.since for one in late):%Y-%m-%d %H:%M} UTC ({why}): see "
            "whether `serve` runs and how its job scores goes (`moodle-connector job list`), and what "
            "`moodle-connector lti doctor` says of the platform."
        )
    found = f"waiting: {sum(one.scores for one in waiting)}"
    return f"{found}; parked: {parked}, see `moodle-connector lti scores`" if parked else found
