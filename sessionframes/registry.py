"""From a name, a URL, an entry of the config file or a directory to an open connection."""

from __future__ import annotations

import importlib
import os
import pkgutil
from contextlib import suppress
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from sessionframes import sources
from sessionframes.config import config_path, mask, nearest, read_entries, resolve
from sessionframes.errors import ConfigError, UnknownSourceError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from sessionframes.connection import Connection
    from sessionframes.source import Source

ENTRY_POINTS = "sessionframes.sources"
#: Not a source of its own: made-up data behind the wire of a real one.
DEMO = "demo"
#: What is on disk, whoever it came from.
SNAPSHOT = "snapshot"


def list_sources() -> list[str]:
    """Return the names that :func:`connect` takes, but for entries of the config file, in alphabetical order.

    They are those of our own sources, of those of installed packages, and "demo".
    """
    return sorted({DEMO, *declared_sources()})


def declared_sources() -> list[str]:
    """Return the names of the sources that declare what they have: all but the demo, which speaks as LIMS."""
    own = [module.name for module in pkgutil.iter_modules(sources.__path__)]
    return sorted({*own, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def load_source(name: str) -> Source:
    """Return what a source declares; its drivers are not loaded yet.

    Raises
    ------
    sessionframes.errors.UnknownSourceError
        There is none of that name.
    sessionframes.errors.ConfigError
        Two packages claim the name, or the one that does cannot be loaded.
    """
    own = {module.name for module in pkgutil.iter_modules(sources.__path__)}
    foreign = [point for point in entry_points(group=ENTRY_POINTS) if point.name == name]
    if len(foreign) + (name in own) > 1:
        owners = ", ".join(point.value for point in foreign)
        message = f"{name!r} is claimed more than once: {owners}{', sessionframes' if name in own else ''}."
        raise ConfigError(message, hint="Uninstall all but one of them.")
    if foreign:
        return _load_foreign(foreign[0])
    if name not in own:
        message = f"there is no source {_shown(name)}."
        raise UnknownSourceError(message, hint=nearest(name, list_sources()))
    found: Source = importlib.import_module(f"{sources.__name__}.{name}").SOURCE
    return found


def _load_foreign(point: EntryPoint) -> Source:
    from sessionframes.source import Source

    try:
        found = point.load()
    except Exception as error:  # a module of somebody else's may raise anything while it is imported
        message = f"the package that adds {point.name!r} cannot be loaded from {point.value!r}: {error}."
        raise ConfigError(message, hint="Repair or uninstall it.") from error
    if not isinstance(found, Source):
        message = f"{point.value!r}, which adds {point.name!r}, is a {type(found).__name__}, no Source."
        raise ConfigError(message, hint="Repair or uninstall the package.")
    return found


def connect(target: str | Path, **options: Any) -> Connection:
    """Open a source.

    Parameters
    ----------
    target : str or Path
        ``"demo"``; the name of a source (``"lims"``); the name of an entry of the config file; a URL whose
        scheme says which source it is (``"postgresql://..."``); or the directory of a snapshot. Text is a
        directory if it is none of the names and has a separator in it (``"out/"``) or is the name of one.
    **options
        What the source needs to know; ``sessionframes sources`` lists it. What is not given here is taken
        from the environment, then from the config file, as they are now.

    Returns
    -------
    Connection
        Open; close it, or use it in a ``with`` statement.

    Raises
    ------
    sessionframes.errors.UnknownSourceError
        Nothing goes by that name.
    sessionframes.errors.ConfigError
        An option is missing, unknown or malformed.
    sessionframes.errors.SourceError
        The source cannot be reached, or refuses; or a snapshot is not whole.
    """
    if isinstance(target, os.PathLike):
        return _open_at(SNAPSHOT, "path", os.fspath(target), options)
    target = str(target)
    if target == DEMO:
        return _open_demo(options)
    entries = read_entries()
    if target in entries:
        return _open_entry(target, dict(entries[target]), options)
    if "://" in target:
        return _open_at(_by_scheme(target), "url", target, options)
    if target in list_sources():
        return _open(load_source(target), {}, options)
    if _is_directory(target):
        return _open_at(SNAPSHOT, "path", target, options)
    message = f"there is no source, entry of the config file, nor directory, named {_shown(target)}."
    raise UnknownSourceError(message, hint=nearest(target, [*list_sources(), *entries]))


def source_of(target: str) -> Source:
    """Return what a source declares, by what :func:`connect` takes; only a snapshot is opened for that.

    Raises
    ------
    sessionframes.errors.UnknownSourceError
        Nothing goes by that name.
    sessionframes.errors.SourceError
        A snapshot that is not whole.
    """
    # The demo speaks as LIMS.
    wanted = "lims" if target == DEMO else str(read_entries().get(target, {}).get("source", target))
    if wanted in list_sources() or not _is_directory(wanted):
        return load_source("lims" if wanted == DEMO else wanted)
    with connect(wanted) as snapshot:
        return snapshot.source


def _is_directory(target: str) -> bool:
    """Tell whether text that is no name is meant as a directory, be it there or not."""
    # Unlike pathlib's, this one says no to whatever cannot be a name of a directory.
    if os.path.isdir(os.path.expanduser(target)):  # noqa: PTH111, PTH112
        return True
    # An address without its scheme has separators too, and is not to be told with its password.
    return any(one in target for one in (os.sep, os.altsep) if one) and _shown(target) == repr(target)


def _open_at(name: str, option: str, address: str, options: dict[str, Any]) -> Connection:
    if options.get(option) is not None:
        message = f"two addresses are given, one by position and one as {option}."
        raise ConfigError(message, hint="Give one of them.")
    return _open(load_source(name), {}, {**options, option: address})


def _open(source: Source, entry: dict[str, Any], options: dict[str, Any]) -> Connection:
    connection = source.open(resolve(source.name, source.options, options, entry))
    connection.who_has = who_has
    return connection


def who_has(table: str) -> list[str]:
    """Return the names of the sources that have a table or a kind of file of that name."""
    having = []
    for name in declared_sources():
        with suppress(ConfigError):
            source = load_source(name)
            having += [name] if table in source.reads or table in source.files else []
    return having


def _open_demo(options: dict[str, Any]) -> Connection:
    opened: Connection = importlib.import_module("sessionframes.demo").open_demo(**options)
    opened.who_has = who_has
    return opened


def _open_entry(name: str, settings: dict[str, Any], options: dict[str, Any]) -> Connection:
    # An entry [sources.lims] needs not say that it is about LIMS.
    wanted = str(settings.pop("source", name))
    if wanted == DEMO:
        return _open_demo({**settings, **options})
    try:
        source = load_source(wanted)
    except UnknownSourceError as error:
        message = (
            f"the entry [sources.{name}] of {config_path()} is about no source that there is: {wanted!r}."
        )
        hint = f'Write source = "..." in it, one of: {", ".join(list_sources())}.'
        raise ConfigError(message, hint=hint) from error
    return _open(source, settings, options)


def _by_scheme(url: str) -> str:
    scheme = url.partition("://")[0].partition("+")[0].lower()
    schemes: dict[str, str] = {}
    for name in declared_sources():
        # A package that cannot be loaded must not stand in the way of the others' addresses.
        with suppress(ConfigError):
            schemes.update(dict.fromkeys(load_source(name).schemes, name))
    try:
        return schemes[scheme]
    except KeyError:
        message = f"no source is reached by {_shown(url)}."
        raise UnknownSourceError(message, hint=f"Known: {', '.join(sorted(schemes))}://.") from None


def _shown(target: str) -> str:
    """Return a name or an address for a message; a misspelt address may hold a password too."""
    masked = mask(target)
    if "@" in masked and "://" not in masked:
        masked = "***@" + masked.rpartition("@")[2]
    return repr(masked)
