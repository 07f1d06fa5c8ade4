"""A snapshot: an export of ours on disk, asked as the source that it was made from."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sessionframes.config import Option, Options
from sessionframes.connection import Connection
from sessionframes.errors import ConfigError, ExportError, QueryError
from sessionframes.parquet.manifest import checked_tables, read_manifest, stored_tables
from sessionframes.parquet.prune import is_prunable
from sessionframes.parquet.read import Scan, SnapshotTransport
from sessionframes.paths import placed
from sessionframes.query.scope import scope_of
from sessionframes.query.where import Condition, all_of, conjuncts
from sessionframes.source import ARGUMENT_KINDS, Argument, Plan, Read, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sessionframes.parquet.manifest import StoredTable
    from sessionframes.query import Query
    from sessionframes.query.where import Field
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

        The same call asks the same of a snapshot and of its source: rows that a switch brings are left out
        where it is not said, even if they were exported.

        Raises
        ------
        sessionframes.errors.QueryError
            As of every source; or a switch cannot be as it is said, since this was exported another way.
        """
        read, on = self.read(table), self._switched_on.get(table, frozenset())
        # What changes rows, and brings none, stays as it was.
        kept = dict.fromkeys(on - read.brings.keys(), True)
        query = super().query(table, **{**kept, **arguments})
        undone = []
        for name in read.switches:
            if name in query.switches and name not in on:
                raise self._exported(table, f"without {name}", "Export it again the other way.")
            if name in on and name not in query.switches:
                undone.append(self._undone(table, name))
        return replace(query, where=all_of(query.where, *undone)) if undone else query

    def _undone(self, table: str, switch: str) -> Condition:
        """Return what is fulfilled by the rows that are there without a switch."""
        read = self.read(table)
        if switch not in read.brings:
            raise self._exported(table, f"with {switch}=True", "Export it again the other way.")
        column = read.brings[switch]
        if column is None:
            how = f"with {switch}=True, and does not tell which rows that brought"
            hint = f"Say {switch}=True to have all of them, or export all tables, and them whole."
            raise self._exported(table, how, hint)
        scope = scope_of(read.table, [other.table for other in self.source.reads.values()])
        return Condition(scope[column], "exact", True)

    def _exported(self, table: str, how: str, hint: str) -> QueryError:
        return QueryError(
            f"this snapshot was exported {how}.", source=self.source.name, table=table, hint=hint
        )

    def export(self, path: str | Path, tables: Sequence[str] | None = None, **options: Any) -> Path:
        """Write tables to another directory; see :meth:`Connection.export`.

        Raises
        ------
        sessionframes.errors.ExportError
            As of every source; or the directory is that of this snapshot.
        """
        if placed(path).exists() and placed(path).samefile(self.transport.address):
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
    path = placed(options["path"])
    manifest = read_manifest(path)
    tables = checked_tables(
        stored_tables(path, manifest), verify=options["verify"], progress=options["progress"]
    )
    reads = {name: _read(name, tables, manifest) for name in tables}
    on = {
        name: frozenset(switch for switch, told in stored.switches.items() if told["on"])
        for name, stored in tables.items()
    }
    # Where another process works is another matter.
    settled = replace(options, values={**options.values, "path": str(path)})
    transport = SnapshotTransport(path, manifest)
    return SnapshotConnection(replace(SOURCE, reads=reads), transport, settled, on)


def _original(manifest: Mapping[str, Any], table: str) -> dict[str, Any]:
    """Return of what a table is a snapshot: a snapshot of one is of what that was of."""
    origin = manifest["tables"][table]["origin"]
    former: dict[str, Any] | None = origin.get("snapshot_of")
    if former is not None:
        return {**former, "query": f"{origin['query']} of {former['query']}"}
    told = {name: origin.get(name) for name in ("source", "address", "query")}
    return {**told, "time": manifest["started"], "sessionframes": manifest["sessionframes"]}


def _read(table: str, tables: Mapping[str, StoredTable], manifest: Mapping[str, Any]) -> Read:
    stored = tables[table]
    scope = scope_of(stored.form, [other.form for other in tables.values()])
    return Read(
        stored.form,
        partial(_compile, stored),
        _flatten,
        tuple(_arguments(stored, scope)),
        {name: _description(told) for name, told in stored.switches.items()},
        brings={
            name: _flag(table, scope.get(told["brings"] or ""), manifest)
            for name, told in stored.switches.items()
            if "brings" in told
        },
        origin={"snapshot_of": _original(manifest, table)},
    )


def _flag(table: str, field: Field | None, manifest: Mapping[str, Any]) -> str | None:
    """Return the column that tells which rows a switch brought, if each row of a table has it."""
    if field is None or field.kind != "flag":
        return None
    # Rows above that were left out as invalid have no flag any more.
    lost = sum(part["rows_left_out"] for part in manifest["tables"][field.table]["parts"])
    return None if lost and field.table != table else field.name


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
    table = query.table.table_name()
    narrowing = all_of(*(part for part in conjuncts(query.where) if is_prunable(part, table)))
    return Plan([Scan(table, stored.parts, schema, query.where)], query.where, narrowing=narrowing)


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
