"""What a source declares: how it is reached, and, table by table, how it is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sessionframes.query.values import texts, until
from sessionframes.query.where import EVERY, NONE, Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from sessionframes.changes import Change, Fault, Outcome, Row
    from sessionframes.config import Option, Options
    from sessionframes.connection import Connection
    from sessionframes.query import Query, Where
    from sessionframes.query.where import Field
    from sessionframes.tables import Table
    from sessionframes.transports.files import FileRequest


class Transport(Protocol):
    """The I/O of one open connection: a request in, pages out."""

    @property
    def address(self) -> str:
        """Where it leads, without secrets."""

    def fetch(self, request: Any) -> Iterator[Any]:
        """Yield the pages of the answer to a request."""

    def render(self, request: Any) -> str:
        """Return the request as people can read it, without secrets."""

    def consistent(self) -> AbstractContextManager[Any]:
        """Give a view in which all fetches see one state of the source, as far as it can."""

    def close(self) -> None:
        """Let go of everything."""


@dataclass(frozen=True)
class Argument:
    """A friendly argument of a ``get_*`` call beside those that every table has by itself.

    Parameters
    ----------
    name : str
        The keyword.
    column : str
        What it is about: a column of the table, or of one above it.
    description : str
        What it keeps, for messages and help.
    parse : callable
        From that column and the value given to a filter.
    kind : str, optional
        Which of :data:`ARGUMENT_KINDS` makes it again from the three texts, as a snapshot has to; None for
        what only its source can parse.
    """

    name: str
    column: str
    description: str
    parse: Callable[[Field, Any], Where]
    kind: str | None = None


def until_argument(name: str, column: str, description: str) -> Argument:
    """Return an argument that limits an instant from above; a bare date includes its whole day."""

    def parse(field: Field, value: Any) -> Where:
        limit = until(value, name)
        return EVERY if limit is None else Condition(field, "lte", limit)

    return Argument(name, column, description, parse, "until")


def texts_argument(name: str, column: str, description: str) -> Argument:
    """Return an argument that takes one text or several, any of which may be the column's value."""

    def parse(field: Field, value: Any) -> Where:
        wanted = texts(value, name)
        if wanted is None:
            return EVERY
        return Condition(field, "in", wanted) if wanted else NONE

    return Argument(name, column, description, parse, "texts")


#: How the arguments of each kind are made, of name, column and description.
ARGUMENT_KINDS: Mapping[str, Callable[[str, str, str], Argument]] = {
    "until": until_argument,
    "texts": texts_argument,
}


@dataclass(frozen=True)
class Plan:
    """What a source will do about a question, and what it leaves to us.

    Parameters
    ----------
    requests : sequence
        Of the transport's kind; their pages together hold the rows.
    residual : Where
        The part of the filter that the source cannot do: its pages hold every row that fulfils the filter,
        and maybe others that do not fulfil this.
    limited : bool
        Whether the source does order and limit: its pages hold the rows asked for and no more.
    narrowing : Where
        The part of the residual by which the source leaves out rows too, as far as it can: it is done again
        here, because nothing promises that it does it as we do.
    marks : sequence of str
        Names of flags that `flatten` adds behind the columns, and that the residual may ask for: which rows
        fulfil what only the source can tell.
    further : str
        What more is asked for, in words, where only the answers tell how many requests there are; empty where
        nothing is.
    """

    requests: Sequence[Any]
    residual: Where = EVERY
    limited: bool = False
    narrowing: Where = EVERY
    marks: Sequence[str] = ()
    further: str = ""


@dataclass(frozen=True)
class Read:
    """How one table of a source is read.

    Parameters
    ----------
    table : type of Table
        The source's form of it.
    compile : callable
        From a query to the :class:`Plan` that answers it; pure.
    flatten : callable
        From ``query.table`` and one page of an answer to an Arrow table of columns of that form's schema, in
        its order: at least those that ``query.needed(plan.residual)`` names; pure. No row more, no row less.
    arguments : sequence of Argument
        Friendly arguments beside the ids.
    switches : mapping
        Yes-or-no arguments, all off by default, with what each does.
    newest_by : str, optional
        A column that `flatten` adds behind the form's own, and that is in no frame: of the rows with the same
        key, the one where it is largest counts. Without it a key that comes twice is a fault.
    joins : sequence of str
        Tables that the source joins by itself: ``query.table`` may have columns of theirs.
    tally : callable, optional
        From a query, and a form whose key is an id that the query's rows carry, to the plan that counts them:
        its pages, flattened to that form, hold a row for each id that has rows. The form's columns are some
        of :class:`~sessionframes.tables.summaries.Summaries`: how many rows there are, and which structures
        they are in. None where the source cannot do all of the filter; pure.
    brings : mapping
        For switches that bring rows, the column that is true on those that come without it: the table's own,
        or one of a table above; None where there is none. By it a snapshot with all rows answers either way.
    origin : mapping
        What the provenance of its frames tells beside source, address and question, ready for JSON.
    further : mapping
        What a filter may name beside columns, by its name with ``__`` within: what is told of a row
        elsewhere in the source. `compile` leaves none of it in the residual, but by a mark.
    on_request : collection of str
        Columns that are dear to get, and are only in frames whose caller names them, or all columns.
    """

    table: type[Table]
    compile: Callable[[Query], Plan]
    flatten: Callable[[type[Table], Any], pa.Table]
    arguments: Sequence[Argument] = ()
    switches: Mapping[str, str] = field(default_factory=dict)
    newest_by: str | None = None
    joins: Sequence[str] = ()
    tally: Callable[[Query, type[Table]], Plan | None] | None = None
    brings: Mapping[str, str | None] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    further: Mapping[str, Field] = field(default_factory=dict)
    on_request: Collection[str] = ()


@dataclass(frozen=True)
class Write:
    """How records of one table are created, changed and deleted.

    Parameters
    ----------
    key : str
        The column with their ids: that of the table, where it can be read.
    plan : callable
        ``plan(connection, rows)`` → what is to be done about each row, in their order, and all that is wrong
        with them; it may read, and changes nothing. Where there are faults, what is to be done is not
        looked at.
    send : callable
        ``send(connection, change)`` → what came of one change that is to be made. Nothing is made twice.
    identify : callable
        From an id as given to the source's own form of it; a :class:`~sessionframes.errors.QueryError` if it
        cannot be one.
    find : callable
        ``find(connection, ids)`` → the name of each record that there is, by its id.
    remove : callable
        ``remove(connection, id)`` → what came of deleting a record.
    """

    key: str
    plan: Callable[[Connection, Sequence[Row]], tuple[Sequence[Change], Sequence[Fault]]]
    send: Callable[[Connection, Change], Outcome]
    identify: Callable[[str], str]
    find: Callable[[Connection, Sequence[str]], Mapping[str, str]]
    remove: Callable[[Connection, str], Outcome]


@dataclass(frozen=True)
class FileKind:
    """A kind of file that a source has.

    Parameters
    ----------
    description : str
        What the file holds, and by which id it is asked for.
    column : str
        The name of that id.
    locate : callable
        ``locate(connection, id)`` → where the file is; a :class:`~sessionframes.errors.DownloadError` if
        there is none, or more than one.
    ids : {"int64", "str"}
        The type of that id.
    """

    description: str
    column: str
    locate: Callable[[Connection, Any], FileRequest]
    ids: str = "int64"


@dataclass(frozen=True)
class Source:
    """A system that holds data.

    Parameters
    ----------
    name : str
        By which users connect to it; the name of its file too.
    description : str
        One sentence.
    options : sequence of Option
        What it can be told when it connects.
    reads : mapping
        Table name → :class:`Read`.
    open : callable
        From the options to an open connection.
    files : mapping
        Kind of file → :class:`FileKind`.
    schemes : sequence of str
        URL schemes that mean this source, such as "postgresql".
    printouts : mapping
        File name → function that prints what we rely on, for ``schemas/sources/<name>/``.
    writes : mapping
        Table name → :class:`Write`; empty for a source that is read-only.
    reasons : mapping
        Table → why the source has none, and what to ask it for instead, for people who ask for it.
    login : callable, optional
        ``login(options, tell)``: gets credentials with the user's help, and keeps them where `open` finds
        them; `tell` shows the user a line.
    """

    name: str
    description: str
    options: Sequence[Option]
    reads: Mapping[str, Read]
    open: Callable[[Options], Connection]
    files: Mapping[str, FileKind] = field(default_factory=dict)
    schemes: Sequence[str] = ()
    printouts: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    writes: Mapping[str, Write] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    login: Callable[[Options, Callable[[str], None]], None] | None = None
