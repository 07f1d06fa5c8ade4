"""From a name, a URL or an entry of the config file to an open connection."""

from __future__ import annotations

import importlib
import sys

import pytest

import sessionframes as sf
from sessionframes.connection import Connection
from sessionframes.errors import ConfigError, SessionFramesError, UnknownSourceError
from sessionframes.registry import declared_sources, list_sources, load_source, who_has
from sessionframes.source import Source

SECRET = "h1dden"
PLUGIN = """
from sessionframes.config import Option
from sessionframes.connection import Connection
from sessionframes.source import Source
from tests.fake_source import fake_source, fake_transport

class Noted(Connection):
    options = None

def opened(options):
    transport = fake_transport()
    found = Noted(fake_source(transport), transport)
    found.options = options
    return found

OPTIONS = (
    Option("url", "The address.", secret=True),
    Option("host", "The server.", ("PLUGIN_HOST",)),
    Option("port", "Its port.", default=1, kind=int),
    Option("password", "The password.", ("PLUGIN_PASSWORD",), secret=True),
)
SCHEMES = ("plugin", "plugins")
SOURCE = Source("plugin", "Of another package.", OPTIONS, fake_source().reads, opened, schemes=SCHEMES)
BROKEN = 5
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a package that declares sources, as pip would: a module and its metadata on the path."""
    names = []

    def installed(name="other_package", *, points=("plugin = {name}:SOURCE",), code=PLUGIN):
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8"
        )
        lines = ["[sessionframes.sources]", *(point.format(name=name) for point in points)]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        importlib.invalidate_caches()
        names.append(name)

    monkeypatch.syspath_prepend(tmp_path)
    yield installed
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Writes the config file."""
    path = tmp_path / "config.toml"
    path.touch()
    monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(path))
    return path.write_text


def test_what_connect_takes_is_listed_the_demo_too():
    assert list_sources() == sorted({"demo", *declared_sources()})
    with sf.connect("demo", progress=False) as db:
        assert db.tables


def test_our_sources_load_by_their_names():
    assert "lims" in declared_sources()
    assert declared_sources() == sorted(declared_sources())
    for name in declared_sources():
        source = load_source(name)
        assert isinstance(source, Source)
        assert source.name == name
        assert source.description
        # Which tables a snapshot has, it tells when it is opened.
        assert source.reads or name == "snapshot"


def test_no_two_sources_share_a_url_scheme():
    schemes = [scheme for name in declared_sources() for scheme in load_source(name).schemes]
    assert sorted(schemes) == sorted(set(schemes))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("lmis", "Did you mean 'lims'"),
        ("dmeo", r"Did you mean 'demo'\?"),
        ("snapshto", r"Did you mean 'snapshot'\?"),
        ("", r"Known: aind, alyx, brainstem, demo, lims, snapshot\."),
    ],
)
def test_an_unknown_name_is_told_with_those_there_are(wrong, hint):
    with pytest.raises(UnknownSourceError, match=f"named '{wrong}'.*{hint}"):
        sf.connect(wrong)
    with pytest.raises(UnknownSourceError, match=hint):
        load_source(wrong)


@pytest.mark.parametrize("name", ["lims.schema", "..errors", "os", "__init__"])
def test_a_module_is_no_source(name):
    with pytest.raises(UnknownSourceError):
        load_source(name)


def test_what_is_meant_as_a_directory_is_told_as_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownSourceError, match="nor directory, named 'labs'"):
        sf.connect("labs")
    for target in ("labs/", "./labs", tmp_path / "labs"):
        with pytest.raises(UnknownSourceError, match=f"snapshot: there is no directory {tmp_path / 'labs'}"):
            sf.connect(target)
    (tmp_path / "labs").mkdir()
    for target in ("labs", "labs/", tmp_path / "labs"):
        with pytest.raises(UnknownSourceError, match="labs is no snapshot"):
            sf.connect(target)


@pytest.mark.parametrize("target", [f"me:{SECRET}@host/lims2", f"password={SECRET} host=h/x", "x\0y"])
def test_an_address_without_its_scheme_is_no_directory(target):
    with pytest.raises(UnknownSourceError, match="there is no source") as caught:
        sf.connect(target)
    assert SECRET not in str(caught.value)


def test_who_has_a_table_is_not_a_snapshot():
    assert who_has("units") == [name for name in declared_sources() if "units" in load_source(name).reads]
    assert "snapshot" not in who_has("units")


def test_names_of_the_config_file_are_among_the_hints(config):
    config('[sources.institute]\nsource = "lims"\n')
    with pytest.raises(UnknownSourceError, match="'institute'"):
        sf.connect("institut")


@pytest.mark.parametrize(
    "url", ["nosuch://host/x", "://host", "http+nosuch://x", f"nosuch://me:{SECRET}@host"]
)
def test_an_unknown_scheme_is_told_without_the_secret(url):
    with pytest.raises(UnknownSourceError, match=r"no source is reached by.*postgresql") as caught:
        sf.connect(url)
    assert SECRET not in str(caught.value)


def test_an_unknown_option_is_told_before_anything_is_opened():
    with pytest.raises(ConfigError, match=r"lims: there is no option 'hots'. Did you mean 'host'"):
        sf.connect("lims", hots="x")


def test_another_package_adds_a_source(install):
    install()
    assert "plugin" in list_sources()
    with sf.connect("plugin", host="there") as db:
        assert isinstance(db, Connection)
        assert db.options["host"] == "there"
        assert len(db.get("cells")) == 20
    assert load_source("plugin").description == "Of another package."


@pytest.mark.parametrize("url", ["plugin://host/x", "plugins+tls://host/x", "PLUGIN://host/x"])
def test_a_url_finds_its_source_by_the_scheme(install, url):
    install()
    with sf.connect(url, port="5") as db:
        assert db.options.secret("url") == url
        assert db.options["port"] == 5


def test_two_packages_that_claim_one_name(install):
    install("first_package")
    install("second_package")
    with pytest.raises(ConfigError, match="'plugin' is claimed more than once") as caught:
        sf.connect("plugin")
    assert "first_package" in str(caught.value)
    assert "second_package" in str(caught.value)
    assert "Uninstall" in caught.value.hint


def test_a_package_cannot_take_the_name_of_a_source_of_ours(install):
    install(points=("lims = {name}:SOURCE",))
    with pytest.raises(
        ConfigError, match="'lims' is claimed more than once: other_package:SOURCE, sessionframes"
    ):
        sf.connect("lims", host="x")


@pytest.mark.parametrize(
    "point", ["plugin = {name}:MISSING", "plugin = no_such_module_at_all:SOURCE", "plugin = {name}:BROKEN"]
)
def test_a_package_that_cannot_be_loaded_is_named(install, point):
    install(points=(point,))
    with pytest.raises(SessionFramesError, match="plugin"):
        sf.connect("plugin")


def test_a_package_that_cannot_be_loaded_spoils_no_other_source(install):
    install(points=("plugin = no_such_module_at_all:SOURCE",))
    assert load_source("lims").name == "lims"
    with pytest.raises(SessionFramesError, match="no source is reached by"):
        sf.connect("nosuch://host")


def test_an_entry_of_the_config_file_is_a_name(install, config):
    install()
    config('[sources.institute]\nsource = "plugin"\nhost = "there"\nport = 7\n')
    with sf.connect("institute") as db:
        assert db.options["host"] == "there"
        assert db.options["port"] == 7
        assert db.options.origins["port"] == "config file"


def test_an_entry_named_like_its_source_need_not_say_so(install, config):
    install()
    config('[sources.plugin]\nhost = "there"\n')
    with sf.connect("plugin") as db:
        assert db.options["host"] == "there"


def test_an_entry_named_like_a_source_may_mean_another(install, config):
    install()
    config('[sources.lims]\nsource = "plugin"\nhost = "there"\n')
    with sf.connect("lims") as db:
        assert db.options["host"] == "there"


def test_arguments_win_over_the_environment_and_that_over_the_file(install, config, monkeypatch):
    install()
    config(f'[sources.plugin]\nhost = "file"\npassword = "{SECRET}"\n')
    monkeypatch.setenv("PLUGIN_HOST", "environment")
    with sf.connect("plugin") as db:
        assert db.options["host"] == "environment"
        assert db.options.secret("password") == SECRET
        assert SECRET not in f"{db!r} {db.options!r}"
    with sf.connect("plugin", host="argument") as db:
        assert db.options["host"] == "argument"


@pytest.mark.usefixtures("config")
def test_the_file_is_read_anew_each_time(install, config):
    install()
    for host in ("one", "two"):
        config(f'[sources.plugin]\nhost = "{host}"\n')
        with sf.connect("plugin") as db:
            assert db.options["host"] == host


def test_an_entry_for_a_source_that_is_not_there(config):
    config('[sources.institute]\nsource = "nosuch"\n')
    with pytest.raises(ConfigError, match=r"\[sources\.institute\].*'nosuch'"):
        sf.connect("institute")


def test_an_entry_with_a_wrong_option_names_it(install, config):
    install()
    config('[sources.plugin]\nhots = "x"\n')
    with pytest.raises(ConfigError, match="no option 'hots'"):
        sf.connect("plugin")
    config('[sources.plugin]\nport = "many"\n')
    with pytest.raises(ConfigError, match=r"option 'port' \(config file\)"):
        sf.connect("plugin")


def test_an_entry_may_be_about_the_demo_or_about_nothing(tmp_path, monkeypatch):
    config = tmp_path / "config.toml"
    config.write_text('[sources.small]\nsource = "demo"\nscale = 0.05\n[sources.odd]\nhost = "x"\n')
    monkeypatch.setenv("SESSIONFRAMES_CONFIG", str(config))
    with sf.connect("small", progress=False) as db:
        assert len(db.get_sessions()) == 8
    with pytest.raises(ConfigError, match=r"\[sources\.odd\].*'odd'.*lims"):
        sf.connect("odd")
