"""A snapshot: an export of ours on disk, asked as the source that it was made from."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sessionframes.config import Option, Options
from sessionframes.connection import Connection
from sessionframes.errors import ConfigError, ExportError, QueryError
from sessionframes.parquet.manifest import checked_tables, read_manifest, stored_tables
from sessionframes.parquet.read import Scan, SnapshotTransport
from sessionframes.query.scope import scope_of
from sessionframes.source import ARGUMENT_KINDS, Argument, Plan, Read, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sessionframes.parquet.manifest import StoredTable
    from sessionframes.query import Query
    from sessionframes.tables import Table

#: What stands before the description of a switch that was off.
_WITHOUT = "Exported without: "

OPTIONS = (
    Option("path", "The directory that export() wrote."),
    Option(
        "verify",
        "Compare the hashes of all files (true), or of none (false); if not said, of those of another time.",
        kind=bool,
    ),
    Option("progress", "Show progress while hashes are compared.", default=True, kind=bool),
)


class SnapshotConnection(Connection):
    """An open snapshot. Made by ``sessionframes.connect(path)``; another process may be handed it.

    Parameters
    ----------
    source : Source
        With the tables that were exported.
    transport : SnapshotTransport
        Where they are.
    options : Options
        By which it was opened.
    switched_on : mapping
        By table, the switches that were on when it was exported.
    """

    def __init__(
        self,
        source: Source,
        transport: SnapshotTransport,
        options: Options,
        switched_on: Mapping[str, frozenset[str]],
    ) -> None:
        super().__init__(source, transport)
        self._options = options
        self._switched_on = switched_on

    def query(self, table: str, **arguments: Any) -> Query:
        """Return the question that a ``get_*`` call with these arguments asks; see :class:`Connection`.

        Raises
        ------
        sessionframes.errors.QueryError
            As of every source; or a switch is not to be as it was when this was exported.
        """
        on = self._switched_on.get(table, frozenset())
        for name in self.read(table).switches:
            said = arguments.get(name)
            if isinstance(said, bool) and said != (name in on):
                how = f"with {name}=True" if name in on else f"without {name}"
                message = f"this snapshot was exported {how}."
                hint = "Export it again the other way."
                raise QueryError(message, source=self.source.name, table=table, hint=hint)
        return super().query(table, **{**dict.fromkeys(on, True), **arguments})

    def export(self, path: str | Path, tables: Sequence[str] | None = None, **options: Any) -> Path:
        """Write tables to another directory; see :meth:`Connection.export`.

        Raises
        ------
        sessionframes.errors.ExportError
            As of every source; or the directory is that of this snapshot.
        """
        if Path(path).exists() and Path(path).samefile(self.transport.address):
            message = f"{path} is the snapshot itself."
            raise ExportError(message, source=self.source.name, hint="Choose another directory.")
        return super().export(path, tables, **options)

    def __reduce__(self) -> tuple[Any, ...]:
        return (open_snapshot, (self._options,))


def open_snapshot(options: Options) -> SnapshotConnection:
    """Open a snapshot.

    Raises
    ------
    sessionframes.errors.ConfigError
        It is not told where.
    sessionframes.errors.SourceError
        There is no snapshot, or one that is not whole.
    """
    if not options["path"]:
        message = "not told which directory."
        raise ConfigError(message, source=SOURCE.name, hint='Say connect("snapshot", path=...).')
    # Unlike pathlib's, this one leaves as it is what nobody's home is known for.
    path = Path(os.path.expanduser(options["path"])).absolute()  # noqa: PTH111
    manifest = read_manifest(path)
    tables = checked_tables(
        stored_tables(path, manifest), verify=options["verify"], progress=options["progress"]
    )
    source = replace(
        SOURCE,
        reads={name: _read(stored, tables) for name, stored in tables.items()},
        origin={"snapshot_of": _original(manifest)},
    )
    on = {
        name: frozenset(switch for switch, told in stored.switches.items() if told["on"])
        for name, stored in tables.items()
    }
    # Where another process works is another matter.
    settled = replace(options, values={**options.values, "path": str(path)})
    return SnapshotConnection(source, SnapshotTransport(path), settled, on)


def _original(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return of what this is a snapshot: a snapshot of one is of what that was of."""
    question = manifest["question"]
    told = {"source": question.get("source"), "address": question.get("address")}
    told |= {"time": manifest["started"], "sessionframes": manifest["sessionframes"]}
    original: dict[str, Any] = question.get("snapshot_of") or told
    return original


def _read(stored: StoredTable, tables: Mapping[str, StoredTable]) -> Read:
    forms = [other.form for other in tables.values()]
    switches = {name: _description(told) for name, told in stored.switches.items()}
    arguments = tuple(_arguments(stored, scope_of(stored.form, forms)))
    return Read(stored.form, partial(_compile, stored), _flatten, arguments, switches)


def _description(told: Mapping[str, Any]) -> str:
    text: str = told["description"]
    return text if told["on"] or text.startswith(_WITHOUT) else _WITHOUT + text


def _arguments(stored: StoredTable, scope: Mapping[str, Any]) -> Iterator[Argument]:
    for told in stored.arguments:
        # What is about sessions cannot be asked where they were not exported.
        if told["column"] in scope and told["kind"] in ARGUMENT_KINDS:
            yield ARGUMENT_KINDS[told["kind"]](told["name"], told["column"], told["description"])


def _compile(stored: StoredTable, query: Query) -> Plan:
    names = query.needed(query.where)
    schema = pa.schema([query.table.arrow_schema().field(name) for name in names])
    # Row groups are chosen by the filter; which of their rows count is left to do.
    return Plan([Scan(query.table.table_name(), stored.parts, schema, query.where)], query.where)


def _flatten(form: type[Table], page: pa.Table) -> pa.Table:
    declared = form.arrow_schema()
    return page.cast(pa.schema([declared.field(name) for name in page.schema.names]))


SOURCE = Source(
    name="snapshot",
    description="An export on disk, opened again: its tables, arguments and filters, offline.",
    options=OPTIONS,
    # Which tables there are, each snapshot tells.
    reads={},
    open=open_snapshot,
)
