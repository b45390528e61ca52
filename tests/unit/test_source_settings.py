"""Settings of sources: what the pages tell to copy leads to the parts that do it, with secrets from elsewhere."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from adapters.drops.fetched import FetchedDrop
from adapters.drops.folder import FolderDrop
from adapters.drops.s3 import S3Drop
from adapters.drops.sftp import SftpDrop
from adapters.fetchers import presets
from adapters.fetchers.ldap import LdapFetch
from adapters.fetchers.presets import names, preset
from adapters.fetchers.rest import RestFetch
from adapters.fetchers.rest_access import Basic, ClientCredentials
from adapters.fetchers.sql import SqlFetch
from connector.bootstrap import Connector
from connector.bootstrap.sources import drop_of
from connector.domain.errors import SettingsError, Unavailable
from connector.settings.reading import load_settings
from connector.settings.sources import ScimSettings, SourceSettings
from connector.settings.whole import Settings
from mappings.loader import load
from tests.mapped import only

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("sftp", "s3", "sql", "ldap", "rest")
MAPPING = """
version: 1
source: {{name: {name}, format: {format}}}
key: {{column: id}}
person:
  username: {{column: id}}
  firstname: {{column: id}}
  lastname: {{column: id}}
  email: {{column: id}}
"""


def settings_of(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "connector.toml"
    file.write_text(text, "utf-8")
    return load_settings(file)


def built(tmp_path: Path, settings: SourceSettings, name: str, file_format: str = "json") -> object:
    folder = tmp_path / f"of-{name}"
    folder.mkdir(exist_ok=True)
    (folder / "mapping.yaml").write_text(MAPPING.format(name=name, format=file_format), "utf-8")
    assert not isinstance(settings, ScimSettings)
    return drop_of(settings, only(load(folder)), tmp_path / "spools")


BLOCKS = [
    (page, block)
    for page in PAGES
    for block in re.findall(r"```toml\n(.*?)```", (DOCS / "sources" / f"{page}.md").read_text("utf-8"), re.DOTALL)
]


@pytest.mark.parametrize(("page", "block"), BLOCKS, ids=[f"{page}-{n}" for n, (page, _) in enumerate(BLOCKS)])
def test_what_a_page_tells_to_copy_is_a_source(
    page: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every example of every page, with its secret in a variable."""
    name = re.findall(r"\[sources\.(\w+)", block)[0]
    secret = "ACCESS__SECRET" if page == "rest" else "SECRET_KEY" if page == "s3" else "PASSWORD"
    if "key_file" not in block:
        monkeypatch.setenv(f"CONNECTOR_SOURCES__{name.upper()}__{secret}", "from the environment")
    if page == "s3":
        monkeypatch.setenv(f"CONNECTOR_SOURCES__{name.upper()}__ACCESS_KEY", "key")
    drop = built(tmp_path, settings_of(tmp_path, block).sources[name], name)
    if isinstance(drop, FetchedDrop):
        kinds = {"sql": SqlFetch, "ldap": LdapFetch, "rest": RestFetch}
        assert isinstance(drop.source, kinds[page])
        found = drop.source.access if isinstance(drop.source, RestFetch) else drop.source
        assert "from the environment" in vars(found).values()
    else:
        assert isinstance(drop, SftpDrop if page == "sftp" else S3Drop)
    assert "from the environment" not in repr(drop)


def test_a_preset_needs_a_name_and_a_secret(tmp_path: Path) -> None:
    """Nothing but the company, and the key in a file beside."""
    (tmp_path / "key").write_text("k3y\n", "utf-8")
    text = """
[sources.hr]
kind = "rest"
preset = "bamboohr"
places = {company = "acme"}
access = {kind = "basic", secret_file = "key"}
"""
    drop = built(tmp_path, settings_of(tmp_path, text).sources["hr"], "hr")
    assert isinstance(drop, FetchedDrop)
    assert isinstance(drop.source, RestFetch)
    assert drop.source.url == "https://acme.bamboohr.com/api/v1/employees/directory"
    assert drop.source.records == "employees"
    assert drop.source.access == Basic("k3y", "x")
    assert "k3y" not in repr(drop)
    told = settings_of(tmp_path, text.replace('"basic"', '"basic", user = "k3y"')).sources["hr"]
    with pytest.raises(SettingsError, match=r"sources.hr.access.user: the key is a secret") as caught:
        built(tmp_path, told, "hr")
    assert "k3y" not in str(caught.value)
    wrong = settings_of(tmp_path, text.replace('"basic"', '"api_key"')).sources["hr"]
    with pytest.raises(SettingsError, match=r"sources.hr.access: the preset bamboohr has another kind"):
        built(tmp_path, wrong, "hr")


@pytest.mark.parametrize("name", names())
def test_every_preset_is_a_source(tmp_path: Path, name: str) -> None:
    """With its places, its kind of access and a secret it is built; what is given counts before what it knows."""
    text = (files(presets) / f"{name}.toml").read_text("utf-8")
    places = "{" + ", ".join(f'{place} = "acme"' for place in set(re.findall(r"{([a-z_]+)}", text))) + "}"
    access = tomllib.loads(text)["access"]["kind"]
    settings = f"""
[sources.hr]
kind = "rest"
preset = "{name}"
places = {places}
params = {{mine = "1"}}
access = {{kind = "{access}", client_id = "id", secret = "s3cret"}}
"""
    drop = built(tmp_path, settings_of(tmp_path, settings).sources["hr"], "hr")
    assert isinstance(drop, FetchedDrop)
    assert isinstance(drop.source, RestFetch)
    known = preset(name, dict.fromkeys(re.findall(r"{([a-z_]+)}", text), "acme"))
    assert drop.source.params == {**known.get("params", {}), "mine": "1"}
    if isinstance(drop.source.access, ClientCredentials):
        assert drop.source.access.token_url == "https://login.microsoftonline.com/acme/oauth2/v2.0/token"
        assert drop.source.access.scope == "https://graph.microsoft.com/.default"
    assert "s3cret" not in repr(drop)


def test_an_api_that_answers_xml_is_read_as_xml(tmp_path: Path) -> None:
    """One answer, kept as it is, under a name that says so."""
    text = """
[sources.hr]
kind = "rest"
url = "https://hr.example.com/report"
answer = "as_is"
access = {kind = "api_key", secret = "s"}
"""
    folder = tmp_path / "of-hr"
    folder.mkdir()
    xml = MAPPING.format(name="hr", format="xml").replace("format: xml", "format: xml, record: //p")
    (folder / "mapping.yaml").write_text(re.sub(r"column: id", "xpath: id", xml), "utf-8")
    drop = drop_of(settings_of(tmp_path, text).sources["hr"], only(load(folder)), tmp_path)  # type: ignore[arg-type]
    assert isinstance(drop, FetchedDrop)
    assert drop.ending == ".xml"


def test_a_folder_of_its_own(tmp_path: Path) -> None:
    """Relative to the settings, with the mapping's pattern where none is given."""
    text = '[sources.hr]\nkind = "folder"\nfolder = "inbox"\nsettle_seconds = 0\n'
    drop = built(tmp_path, settings_of(tmp_path, text).sources["hr"], "hr")
    assert isinstance(drop, FolderDrop)
    assert (drop.folder, drop.pattern, drop.settle) == (tmp_path / "inbox", "*", 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[sources.hr]\nkind = "ftp"\n', r"connector.toml:1: sources.hr: .*'folder'"),
        (
            '[sources.hr]\nkind = "sftp"\nhost = "h"\nuser = "u"\npath = "x"\n',
            r"toml:5: sources.hr.path: there is no such",
        ),
        ('[sources.hr]\nkind = "sql"\n', r"toml:1: sources.hr.url: Field required"),
        ('[sources.hr]\nkind = "folder"\nfolder = "a"\nsettle_seconds = -1\n', "settle_seconds"),
    ],
)
def test_a_mistake_is_told_by_its_name(text: str, told: str, tmp_path: Path) -> None:
    """With the setting, and never its value."""
    with pytest.raises(SettingsError, match=told):
        settings_of(tmp_path, text)


def test_a_source_that_the_mapping_does_not_have(tmp_path: Path) -> None:
    """A misspelt name would leave a source without a place, in silence."""
    folder = tmp_path / "company"
    folder.mkdir()
    (folder / "mapping.yaml").write_text(MAPPING.format(name="hr", format="csv"), "utf-8")
    text = 'mapping = "company"\n[sources.rh]\nkind = "folder"\nfolder = "inbox"\n'
    with (
        Connector(settings_of(tmp_path, text)) as connector,
        pytest.raises(SettingsError, match=r"sources.rh: the mapping has no such source; it has hr"),
    ):
        connector.inlets()


AWAY = {
    "sql": 'url = "postgresql://reader@127.0.0.1:1/hr"\nquery = "SELECT 1"',
    "ldap": 'url = "ldaps://127.0.0.1:1"\nuser = "u"\nbase = "dc=x"\nattributes = ["cn"]\npassword = "p"',
    "sftp": 'host = "127.0.0.1"\nport = 1\nuser = "u"\npassword = "p"\nhost_keys = ["SHA256:x"]',
    "s3": 'bucket = "b"\nendpoint_url = "http://127.0.0.1:1"\nregion = "x"\naccess_key = "k"\nsecret_key = "s"',
}


@pytest.mark.parametrize("kind", AWAY)
def test_what_is_away_is_told_by_the_name_of_its_source(kind: str, tmp_path: Path) -> None:
    """Whatever kind it is: who has three databases on one host must see which of them is meant.

    An API is tried for a while; see ``test_several_sources.py``.
    """
    folder = tmp_path / "company"
    folder.mkdir()
    (folder / "mapping.yaml").write_text(MAPPING.format(name="agency", format="json"), "utf-8")
    text = f'mapping = "company"\ndata_dir = "data"\n[sources.agency]\nkind = "{kind}"\n{AWAY[kind]}\n'
    with Connector(settings_of(tmp_path, text)) as connector:
        [inlet] = connector.inlets()
        with pytest.raises(Unavailable, match=rf"^source agency: {kind}\b.*cannot be reached"):
            inlet.arrivals()


def test_what_cannot_be_put_away_is_told_by_the_name_of_its_source(tmp_path: Path) -> None:
    """The feed was read, and then its folder is gone."""
    folder, inbox = tmp_path / "company", tmp_path / "inbox"
    folder.mkdir()
    inbox.mkdir()
    (folder / "mapping.yaml").write_text(MAPPING.format(name="agency", format="csv"), "utf-8")
    (inbox / "a.csv").write_text("id\n1\n", "utf-8")
    text = 'mapping = "company"\n[sources.agency]\nkind = "folder"\nfolder = "inbox"\nsettle_seconds = 0\n'
    with Connector(settings_of(tmp_path, text)) as connector:
        [inlet] = connector.inlets()
        [arrived] = inlet.arrivals().ready
        (inbox / "done").write_text("in the way", "utf-8")
        with pytest.raises(SettingsError, match=r"^source agency: "):
            arrived.done()


SITES = """
[sites.academy]
mapping = "academy"
create_days_ahead = 7
moodle = {url = "https://a.example.com", token = "t"}
[sites.partners]
moodle = {url = "https://p.example.com"}
service = {port = 8081}
"""


def test_one_of_several_sites(tmp_path: Path) -> None:
    """Its own settings, and those at the top that are for all; never another's."""
    settings = settings_of(tmp_path, 'log = "json"\n' + SITES)
    academy, partners = settings.of("academy"), settings.of("partners")
    assert (academy.mapping, academy.create_days_ahead, academy.log) == (tmp_path / "academy", 7, "json")
    assert (partners.mapping, partners.create_days_ahead, partners.service.port) == (None, 0, 8081)
    assert (academy.service.port, Connector(academy).site, Connector(partners).site) == (8080, "academy", "partners")
    assert academy.moodle_token() == "t"
    with pytest.raises(SettingsError, match="there is no token"):
        partners.moodle_token()


@pytest.mark.parametrize(
    ("before", "site", "told"),
    [
        ("", None, "There are several sites: say which by --site or CONNECTOR_SITE: academy, partners"),
        ("", "shop", "there is no site shop; there are academy, partners"),
        ('mapping = "x"\n', "academy", "nothing of one stands outside of them"),
    ],
)
def test_which_site_has_to_be_said(before: str, site: str | None, told: str, tmp_path: Path) -> None:
    """Nothing is done to a site by accident."""
    with pytest.raises(SettingsError, match=told):
        settings_of(tmp_path, before + SITES).of(site)


def test_a_site_may_have_a_name_alone(tmp_path: Path) -> None:
    """With one Moodle: everything is kept under the name, and the address may change."""
    text = 'site = "academy"\nmoodle = {url = "https://a.example.com"}\n'
    settings = settings_of(tmp_path, text)
    assert Connector(settings.of(None)).site == Connector(settings.of("academy")).site == "academy"
    with pytest.raises(SettingsError, match="there is no site other"):
        settings.of("other")


SHARED = {
    "moodle.url": ('moodle = {url = "https://m.example.com"}', 'moodle = {url = "https://M.example.com/"}'),
    "reporting.url": ('reporting = {url = "postgresql://db/r"}', 'reporting = {url = "postgres://db/r"}'),
    "drop.folder": ('drop = {folder = "inbox"}', 'drop = {folder = "./inbox"}'),
    "certificates.folder": ('certificates = {folder = "paper"}', 'certificates = {folder = "./paper"}'),
    "certificates.s3": (
        'certificates = {s3 = {bucket = "papers", prefix = "a/"}}',
        'certificates = {s3 = {bucket = "papers", prefix = "a"}}',
    ),
    "exports.folder": ('exports = {folder = "out"}', 'exports = {folder = "x/../out"}'),
    "exports.s3": (
        'exports = {s3 = {bucket = "views", endpoint_url = "https://s3.eu-west-1.amazonaws.com", prefix = "/a"}}',
        'exports = {s3 = {bucket = "views", prefix = "a/"}}',
    ),
    "sources.staff": (
        'sources.hr = {kind = "folder", folder = "inbox"}',
        'sources.staff = {kind = "folder", folder = "x/../inbox"}',
    ),
    "sources.people": (
        'sources.people = {kind = "scim"}',
        'sources.people = {kind = "scim", client = "people"}',
    ),
}


@pytest.mark.parametrize("setting", SHARED)
def test_two_sites_share_nothing_by_accident(setting: str, tmp_path: Path) -> None:
    """What one has read would be gone for the other, and a Moodle has one connector: refused, and both are named."""
    text = ""
    for name, line in zip("ab", SHARED[setting], strict=True):
        moodle = "" if setting == "moodle.url" else f'moodle = {{url = "https://{name}.example.com"}}\n'
        text += f"[sites.{name}]\n{moodle}{line}\n"
    with pytest.raises(SettingsError, match=rf"sites\.b\.{setting}: it is the same as sites\.a\."):
        settings_of(tmp_path, text).of("a")


def test_two_sites_may_ask_one_system(tmp_path: Path) -> None:
    """What is asked for by a query loses nothing by it, and may be read for each."""
    source = 'sources.hr = {kind = "sql", url = "postgresql://reader@hr.example.com/hr", query = "SELECT 1"}'
    text = "".join(f'[sites.{name}]\nmoodle = {{url = "https://{name}.example.com"}}\n{source}\n' for name in "ab")
    assert [each.site for each in settings_of(tmp_path, text).each(None)] == ["a", "b"]


def test_exports_that_lie_within_those_of_another_site_are_known(tmp_path: Path) -> None:
    """In a bucket as in a folder, however they are written; one beside the other is nothing to tell."""
    places = {
        "a": 's3 = {bucket = "views", prefix = "all"}',
        "b": 's3 = {bucket = "views", prefix = "/all/b/", endpoint_url = "https://s3.amazonaws.com"}',
        "c": 's3 = {bucket = "views", prefix = "alloy"}',
        "d": 'folder = "out"',
        "e": 'folder = "x/../out/e"',
        "f": 's3 = {bucket = "views", prefix = "all/b/f", endpoint_url = "https://s3.example.com"}',
        "g": 'format = "csv"',
    }
    text = "".join(
        f'[sites.{name}]\nmoodle = {{url = "https://{name}.example.com"}}\nexports = {{{place}}}\n'
        for name, place in places.items()
    )
    settings = settings_of(tmp_path, text)
    found = {name: within for name in places if (within := settings.of(name).exports_within())}
    assert found == {"a": ["b"], "d": ["e"]}
