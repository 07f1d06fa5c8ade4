"""What each column of rows to be written is about: a field of the record, or what other records tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessionframes.config import nearest
from sessionframes.sources.brainstem.columns import LEFT_OUT, OLDER_NAMES, origins

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from sessionframes.sources.brainstem.fields import ApiField, Model

#: Models of which the documents list every field; of the others the server may take more than we know.
_KNOWN_WHOLE = frozenset(
    {
        *("project", "subject", "session", "collection", "cohort"),
        *("dataacquisition", "procedure", "behavior", "manipulation"),
    }
)
#: Addresses within a record, which the server makes.
_LINKS = "links"
#: How to come by what a new record does not hold itself.
_ANIMALS = "; a row of behavior with the session and its subjects tells it"
_HOW = {
    "session": {
        "subjects": _ANIMALS,
        "subject_id": _ANIMALS,
        "session_type": "; the behavior's assay tells it",
    },
    "subject": {"species": "; its strain tells it"},
}


@dataclass(frozen=True)
class Target:
    """What a column is about.

    Parameters
    ----------
    field : str or None
        Of the record; None for what other records tell, or nothing.
    rules : ApiField or None
        Its rules, where it is documented.
    """

    field: str | None
    rules: ApiField | None = None


#: What other records tell, and what nobody does or needs to be asked about.
ELSEWHERE, NOWHERE = Target(None), Target(None)


def targets_of(
    model: Model,
    columns: Iterable[str],
    *,
    known: Collection[str],
    there: Collection[str],
    is_new: bool,
) -> dict[str, Target | None]:
    """Return what columns are about, None for those that are not known.

    Parameters
    ----------
    model : Model
        Of the records.
    columns : iterable of str
        By the names under which they were given.
    known : collection of str
        The columns of its table.
    there : collection of str
        Fields that records have which are there.
    is_new : bool
        Whether there are new records: the server may take fields that no document tells of.
    """
    is_open = is_new and model.name not in _KNOWN_WHOLE
    found: dict[str, Target | None] = {}
    for column in columns:
        origin = origins(model.name).get(column)
        name = column if origin is None else origin.field
        rules = model.field_named(name)
        if rules is not None:
            found[column] = Target(name, rules)
        elif column == _LINKS:
            found[column] = NOWHERE
        elif column in known:
            found[column] = ELSEWHERE
        elif column in there or column in LEFT_OUT or is_open:
            # The server has fields that no document tells of.
            found[column] = Target(column)
        else:
            found[column] = None
    return found


def unknown(model: Model, table: str, columns: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Return what each of some columns should have been, which are none of the table's.

    Parameters
    ----------
    model : Model
        Of the records.
    table : str
        The name of the table.
    columns : iterable of str
        Those that are not known.
    known : collection of str
        The columns of the table.
    """
    names = {*known, *(field.name for field in model.fields)}
    told: dict[str, str] = {}
    for column in columns:
        hint = nearest(column, names).rstrip(".")
        # All names there are, once: people who give the frame of another table have many wrong ones.
        is_list = not hint.startswith("Did")
        is_again = is_list and any("Known: " in check for check in told.values())
        told[column] = f"a column of {table}" if is_again else f"a column of {table}; {hint}"
    return told


def not_of_a_new_record(model: Model, column: str) -> str:
    """Return what a column that other records tell should have been in a new row."""
    how = _HOW.get(model.name, {}).get(column, "")
    return f"empty in a new row: it is no field of the record{how}"


def held(record: Mapping[str, Any], field: str) -> Any:
    """Return what a record has for a field, under its older name too."""
    if field in record:
        return record[field]
    return next((record[old] for old, new in OLDER_NAMES.items() if new == field and old in record), None)
