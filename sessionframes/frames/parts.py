"""What is known of a frame at hand: which table it is of, what its columns promise, where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
import pandera.pandas as pandera

from sessionframes.errors import FrameValidationError, JoinError, QueryError
from sessionframes.frames.provenance import leaves, origin_of, parts_of
from sessionframes.query.shown import shown
from sessionframes.tables import Table, core_tables
from sessionframes.tables.joined import joined_forms, nearest_first, twin, with_nulls
from sessionframes.tables.kinds import LEVELS
from sessionframes.tables.summaries import Summaries
from sessionframes.tables.united import united_form
from sessionframes.tables.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The first level of the key of a union.
SOURCE = "source"
_COLUMNS_TOLD = 3


@dataclass(frozen=True, eq=False)  # one part is another only if it is the same: frames have no one equality
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
        return self.frame.index.nlevels > 1

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
        Its index is the key of no table; two columns have the same name, or names have levels.
    """
    if not isinstance(frame, pd.DataFrame):
        message = f"{shown(frame)} is a {type(frame).__name__}, no frame of pandas."
        raise QueryError(message, hint=_way_to_frame(frame))
    if frame.columns.nlevels > 1 or frame.columns.hasnans:
        what = "a column without a name" if frame.columns.nlevels == 1 else "names of several levels"
        message = f"a frame has {what}."
        raise JoinError(message, hint="Give each column one name.")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        message = f"a frame has two columns named {shown(twice)}."
        raise JoinError(message, hint="Drop or rename one of them.")
    if frame.index.names[-1] in frame.columns:
        message = f"a frame has a column named as its index, {shown(frame.index.names[-1])}."
        raise JoinError(message, hint="Drop the column.")
    origin = origin_of(frame)
    # In a union the ids of all are text, whatever they were; so are those of one lab taken out of it.
    is_union = frame.index.nlevels > 1 or (_is_of_union(origin) and str(frame.index.dtype) == "str")
    told = [] if is_union else list(_told_forms(origin))
    own = _table_of(frame, told)
    own = united_form(own) if is_union else own
    form = _declared(frame, own, told, is_kept=_has_kept(origin), is_union=is_union)
    return Part(frame, form, origin)


def _way_to_frame(value: Any) -> str:
    if isinstance(value, list | tuple | dict):
        return "Give the frames one by one: (*frames), or (**frames) for names."
    return "Say .to_pandas()." if hasattr(value, "to_pandas") else "Give frames as get_* returns them."


def checked_whole(frame: pd.DataFrame, form: type[Table]) -> pd.DataFrame:
    """Return a frame if it is what a form promises; the key of a union counts as one text, "lims:12".

    Raises
    ------
    sessionframes.errors.FrameValidationError
        It is not.
    """
    flat = frame
    if frame.index.nlevels > 1:
        sources, ids = (frame.index.get_level_values(level) for level in range(2))
        flat = frame.set_axis(pd.Index(sources + ":" + ids, name=form.key_name()))
    try:
        validate(flat, form)
    except FrameValidationError as error:
        error.hint = _mending(error.failures, form)
        raise
    return frame


def conversion(name: str, dtype: Any) -> str:
    """Return what a user can do to give a column of a frame the dtype that its table promises."""
    is_instant = isinstance(dtype, pd.DatetimeTZDtype)
    column = f"pd.to_datetime(frame[{name!r}], utc=True)" if is_instant else f"frame[{name!r}]"
    return f"Convert it: frame[{name!r}] = {column}.astype({str(dtype)!r})."


def _mending(failures: pd.DataFrame, form: type[Table]) -> str:
    """Return what to do about columns of a frame that are not as they were promised."""
    for name, check in zip(failures["column"], failures["check"], strict=True):
        if check.startswith("dtype ") and name in form.dtypes():
            return conversion(name, form.dtypes()[name])
    return "Mend these columns, give those of your own other names, or get the frames anew."


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
    forms: list[type[Table]] = [*nearest_first(core_tables().values()), Summaries]
    for form in forms:
        columns |= {name: form for name in form.to_schema().columns if name not in columns}
    return columns


def _has_kept(origin: dict[str, Any]) -> bool:
    """Tell whether rows without a counterpart were kept at any step."""
    return origin.get("orphans") == "keep" or any(map(_has_kept, parts_of(origin)))


def _is_of_union(origin: dict[str, Any]) -> bool:
    """Tell whether the ids of a frame went through a union: those of its rows, at any step."""
    below = parts_of(origin)
    return origin.get("step") == "union" or bool(below and _is_of_union(below[0]))


def _told_forms(origin: dict[str, Any]) -> Iterator[type[Table]]:
    """Yield the forms of the answers that a frame was made of, as far as they are known here."""
    answers = list(leaves(origin)) if origin else []
    tables = {str(answer.get("table")) for answer in answers}
    # Read anew each time: a source that is imported later brings its forms with it. What was promised for a
    # frame is not among them: it would be found in place of what it was made of, and grow with every join.
    known: dict[tuple[str, str], type[Table]] = {}
    for form in (*_declared_forms(Table), *joined_forms()):
        if form.table_name() in tables:
            known.setdefault((form.table_name(), form.schema_hash()), form)
    for answer in answers:
        found = known.get((str(answer.get("table")), str(answer.get("schema"))))
        if found is not None:
            yield found


def _declared_forms(form: type[Table]) -> Iterator[type[Table]]:
    for below in form.__subclasses__():
        if below.is_derived():
            continue
        if hasattr(below, "_name"):
            yield below
        yield from _declared_forms(below)


def _table_of(frame: pd.DataFrame, told: Iterable[type[Table]]) -> type[Table]:
    """Return the table that a frame is of: by what it tells of itself, else by its key and columns."""
    names = list(frame.index.names)
    key = names[-1]
    if len(names) > 2 or (len(names) == 2 and names[0] != SOURCE) or key is None:
        is_named = shown(names if len(names) > 1 else key)
        columns = ", ".join(map(str, frame.columns[:_COLUMNS_TOLD]))
        message = f"the index of a frame (columns {columns} ...) is {is_named}, the key of no table."
        lost = [name for name in LEVELS if name in frame.columns]
        hint = f"Say set_index({lost[-1]!r})." if lost else "Give frames as get_* returns them."
        raise JoinError(message, hint=hint)
    for form in told:
        if form.key_name() == key:
            return form
    fitting = [form for form in core_tables().values() if form.key_name() == key]
    if not fitting:
        keys = ", ".join(dict.fromkeys(form.key_name() for form in core_tables().values()))
        message = f"the index of a frame is {shown(key)}, the key of no table."
        raise JoinError(message, hint=f"The keys are {keys}.")
    return max(fitting, key=lambda form: len(set(form.dtypes()) & set(frame.columns)))


def _declared(
    frame: pd.DataFrame, own: type[Table], told: list[type[Table]], *, is_kept: bool, is_union: bool
) -> type[Table]:
    """Return the form of a frame: who declared its columns, and where rows may be missing."""
    owners: dict[Any, type[Table]] = {}
    for form in (own, *told):
        owners |= {name: form for name in form.to_schema().columns if name not in owners}
    core = {name: united_form(form) if is_union else form for name, form in core_columns().items()}
    owners = {**core, **owners}
    recipe = []
    for name, dtype in frame.dtypes.items():
        owner = owners.get(name)
        promised = None if owner is None else owner.dtypes()[str(name)]
        recipe.append((name, owner, owner is not None and _may_lack(dtype, promised, is_kept=is_kept)))
    return promising(own, tuple(recipe))


def _may_lack(dtype: Any, promised: Any, *, is_kept: bool) -> bool:
    """Tell whether rows may be missing in a column: what was joined with orphans kept has room for nulls."""
    if promised is None:
        return is_kept
    if dtype == promised:
        # Its dtype has room in any case; nobody knows any more whether the column was there before.
        return is_kept and bool(twin(promised) == promised)
    return bool(dtype == twin(promised))
