"""What is known of a frame at hand: which table it is of, what its columns promise, where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
import pandera.pandas as pandera

from sessionframes.errors import JoinError, QueryError
from sessionframes.frames.provenance import leaves, origin_of
from sessionframes.query.shown import shown
from sessionframes.tables import Table, core_tables
from sessionframes.tables.joined import nearest_first, twin, with_nulls
from sessionframes.tables.united import united_form
from sessionframes.tables.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The first level of the key of a union.
SOURCE = "source"


@dataclass(frozen=True)
class Part:
    """A frame, and what is known of it.

    Parameters
    ----------
    frame : pandas.DataFrame
        As it was given.
    form : type of Table
        What it promises: its key, and its columns as they were declared; columns of the user's own making
        promise nothing.
    origin : dict
        Where it came from; empty if it does not tell.
    """

    frame: pd.DataFrame
    form: type[Table]
    origin: dict[str, Any]

    @property
    def name(self) -> str:
        """Which table it is of."""
        return self.form.table_name()

    @property
    def key(self) -> str:
        """The name of its key."""
        return self.form.key_name()

    @property
    def is_union(self) -> bool:
        """Whether its key begins with the source."""
        return isinstance(self.frame.index, pd.MultiIndex)

    @property
    def ids(self) -> pd.Index[Any]:
        """The values of its key, without the source."""
        return self.frame.index.get_level_values(self.key)


def part_of(frame: Any) -> Part:
    """Return what is known of a frame.

    Raises
    ------
    sessionframes.errors.QueryError
        It is no DataFrame.
    sessionframes.errors.JoinError
        Its index is the key of no table, or two columns have the same name.
    """
    if not isinstance(frame, pd.DataFrame):
        message = f"{shown(frame)} is a {type(frame).__name__}, no frame."
        raise QueryError(message, hint="Give frames as get_* returns them.")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        message = f"a frame has two columns named {twice!r}."
        raise JoinError(message, hint="Drop or rename one of them.")
    origin = origin_of(frame)
    # In a union the ids of all are text, whatever they were.
    is_union = isinstance(frame.index, pd.MultiIndex)
    told = [] if is_union else list(_told_forms(origin))
    own = _table_of(frame, told)
    own = united_form(own) if is_union else own
    return Part(frame, _declared(frame, own, told, is_kept=origin.get("orphans") == "keep"), origin)


def checked_whole(frame: pd.DataFrame, form: type[Table]) -> pd.DataFrame:
    """Return a frame if it is what a form promises; the key of a union counts as one text, "lims:12".

    Raises
    ------
    sessionframes.errors.FrameValidationError
        It is not.
    """
    if not isinstance(frame.index, pd.MultiIndex):
        return validate(frame, form)
    sources, ids = (frame.index.get_level_values(level) for level in range(2))
    flat = frame.set_axis(pd.Index(sources + ":" + ids, name=form.key_name()))
    validate(flat, form)
    return frame


@cache
def promising(own: type[Table], recipe: tuple[tuple[Any, type[Table] | None, bool], ...]) -> type[Table]:
    """Return a form with the key of one table and columns of others.

    Parameters
    ----------
    own : type of Table
        Whose rows they are.
    recipe : tuple of tuple
        For each column its name, the form that declares it (None: nobody does, and nothing is promised), and
        whether rows may be missing there.
    """
    columns = {}
    for name, form, is_kept in recipe:
        if form is None:
            columns[name] = pandera.Column(None, nullable=True, required=True)
        else:
            columns[name] = with_nulls(form, [name])[name] if is_kept else form.to_schema().columns[name]
    return own.with_columns(columns)


def core_columns() -> dict[str, type[Table]]:
    """Return the columns that mean the same in all sources, each with the nearest table that declares it."""
    columns: dict[str, type[Table]] = {}
    for form in nearest_first(core_tables().values()):
        columns |= {name: form for name in form.to_schema().columns if name not in columns}
    return columns


def _told_forms(origin: dict[str, Any]) -> Iterator[type[Table]]:
    """Yield the forms of the answers that a frame was made of, as far as they are known here."""
    # Read anew each time: a source that is imported later brings its forms with it.
    known = {(form.table_name(), form.schema_hash()): form for form in _forms(Table)} if origin else {}
    for leaf in leaves(origin):
        form = known.get((str(leaf.get("table")), str(leaf.get("schema"))))
        if form is not None:
            yield form


def _forms(form: type[Table]) -> Iterator[type[Table]]:
    for below in form.__subclasses__():
        if hasattr(below, "_name"):
            yield below
        yield from _forms(below)


def _table_of(frame: pd.DataFrame, told: Iterable[type[Table]]) -> type[Table]:
    """Return the table that a frame is of: by what it tells of itself, else by its key and columns."""
    names = list(frame.index.names)
    key = names[-1]
    if len(names) > 2 or (len(names) == 2 and names[0] != SOURCE) or key is None:
        message = f"the index of a frame is {names if len(names) > 1 else key!r}, the key of no table."
        raise JoinError(
            message, hint="Give frames as get_* returns them, or set_index('unit_id') and the like."
        )
    for form in told:
        if form.key_name() == key:
            return form
    fitting = [form for form in core_tables().values() if form.key_name() == key]
    if not fitting:
        keys = ", ".join(dict.fromkeys(form.key_name() for form in core_tables().values()))
        message = f"the index of a frame is {key!r}, the key of no table."
        raise JoinError(message, hint=f"The keys are {keys}.")
    return max(fitting, key=lambda form: len(set(form.dtypes()) & set(frame.columns)))


def _declared(
    frame: pd.DataFrame, own: type[Table], told: list[type[Table]], *, is_kept: bool
) -> type[Table]:
    """Return the form of a frame: who declared its columns, and where rows may be missing."""
    owners: dict[Any, type[Table]] = {}
    for form in (own, *told):
        owners |= {name: form for name in form.to_schema().columns if name not in owners}
    is_union = isinstance(frame.index, pd.MultiIndex)
    core = {name: united_form(form) if is_union else form for name, form in core_columns().items()}
    owners = {**core, **owners}
    recipe = []
    for name, dtype in frame.dtypes.items():
        owner = owners.get(name)
        promised = None if owner is None else owner.dtypes()[str(name)]
        # What was joined with orphans kept has room for nulls, and keeps it.
        has_room = promised is not None and dtype != promised and dtype == twin(promised)
        is_joined = is_kept and owner is not None and name not in own.dtypes()
        recipe.append((name, owner, bool(has_room or is_joined)))
    return promising(own, tuple(recipe))
