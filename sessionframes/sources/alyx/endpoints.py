"""What Alyx' endpoints have: the fields that lists and reads show, and the filters that have a name.

A table of fields is written as text, a field a line: its name on the wire, its type there, the column that
it becomes, and the path by which ``django=`` names it (``-`` for its own name, ``.`` for none). Types, a
``?`` behind them where null is possible:

- text, int, float, bool, time (a date-time without offset), date, json;
- uuid, and url, which ends in the key;
- slug, the name of a related row, and slugs, a list of them; records, a list of objects;
- one of the enumerations below, shown by its label.

A ``_`` behind the type tells that an empty text stands for nothing, and is null in frames. What is behind a
line of its own ``read:`` only reads show, not lists. In tables of Alyx alone the column of a field is its
name after that of the row: ``weighing_weight``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from sessionframes.sources.alyx.parameters import FILTERS
from sessionframes.sources.alyx.shapes import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.query.where import Kind

#: Labels and the numbers that the database has for them.
ENUMS: Mapping[str, Mapping[str, int]] = {
    "qc": {"NOT_SET": 0, "PASS": 10, "WARNING": 30, "FAIL": 40, "CRITICAL": 50},
    "status": {
        "Waiting": 20,
        "Held": 25,
        "Started": 30,
        "Errored": 40,
        "Abandoned": 45,
        "Empty": 50,
        "Incomplete": 55,
        "Complete": 60,
    },
    "provenance": {
        "Ephys aligned histology track": 70,
        "Histology track": 50,
        "Micro-manipulator": 30,
        "Planned": 10,
    },
}
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("text", "uuid", "url", "slug", *ENUMS), "text"),
    "int": "integer",
    "float": "number",
    "bool": "flag",
    **dict.fromkeys(("time", "date"), "instant"),
    **dict.fromkeys(("json", "records"), "json"),
    "slugs": "texts",
}


@dataclass(frozen=True)
class FieldOf:
    """A field of an endpoint, or of a model behind it.

    Parameters
    ----------
    name : str
        On the wire.
    wire : str
        Its type there, as the module says.
    column : str or None
        The column that it becomes.
    place : {"list", "read", "far"}
        Whether lists show it, only reads, or neither.
    null : bool
        Whether it can be null.
    django : str or None
        The path by which ``django=`` names it.
    blank : bool
        Whether an empty text is null in frames.
    """

    name: str
    wire: str
    column: str | None
    place: Literal["list", "read", "far"]
    null: bool
    django: str | None
    blank: bool = False

    @property
    def kind(self) -> Kind:
        """What filters see in it."""
        return KINDS[self.wire]

    @property
    def enum(self) -> Mapping[str, int] | None:
        """The numbers of its labels, for an enumeration."""
        return ENUMS.get(self.wire)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint.

    Parameters
    ----------
    name : str
        Its path.
    model : str or None
        What its rows are to ``django=``, for :mod:`~sessionframes.sources.alyx.models`.
    key : str
        The field that tells a row from all others.
    table : str or None
        The table of ours that it is read for; None for the generic ones.
    django : bool
        Whether it takes ``django=``; where it does not, that is ignored.
    fields : mapping
        By name on the wire.
    filters : mapping
        Named filters: what each takes, by name.
    """

    name: str
    model: str | None
    key: str
    table: str | None
    django: bool
    fields: Mapping[str, FieldOf] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def uuid_key(self) -> bool:
        """Whether lists can be cut by slices of the keys."""
        return self.django and self.fields[self.key].wire in ("uuid", "url")

    def by_column(self) -> dict[str, FieldOf]:
        """Return the fields by the column that they become."""
        return {one.column: one for one in self.fields.values() if one.column is not None}


def _fields(text: str) -> dict[str, FieldOf]:
    found: dict[str, FieldOf] = {}
    place: Literal["list", "read"] = "list"
    for line in text.strip().splitlines():
        parts = line.split()
        if parts == ["read:"]:
            place = "read"
            continue
        name, wire, column, path = (*parts, "-", "-")[:4]
        found[name] = FieldOf(
            name,
            wire.rstrip("?_"),
            {"-": name, ".": None}.get(column, column),
            place,
            null=wire.endswith("?"),
            django={"-": name, ".": None}.get(path, path),
            blank="_" in wire,
        )
    return found


def _own_names(fields: dict[str, FieldOf], key: str, name: str) -> dict[str, FieldOf]:
    """Return fields whose columns say whose they are: other tables have a name, a time and a JSON too."""
    told = fields[key].column if key in fields else None
    whose = (told or f"{name.replace('-', '_')}_id").removesuffix("_id")
    return {
        one: replace(field, column=f"{whose}_{one}") if field.column == one else field
        for one, field in fields.items()
    }


def _endpoint(line: str) -> Endpoint:
    name, model, key, table, takes = line.split()
    filters = dict(one.split(":") for one in FILTERS.get(name, "").split())
    fields = _fields(FIELDS.get(name, "id uuid"))
    known = {"-": None}
    if table == "-":
        fields = _own_names(fields, key, name)
    return Endpoint(
        name, known.get(model, model), key, known.get(table, table), takes == "django", fields, filters
    )


#: Name, model, key, table, and whether it takes ``django=``.
_ALL = """
sessions                  session           id       sessions      django
insertions                insertion         id       probes        django
trajectories              trajectory        id       trajectories  django
channels                  channel           id       channels      django
brain-regions             region            id       structures    django
datasets                  dataset           url      assets        django
tasks                     task              id       tasks         django
subjects                  subject           id       subjects      django
projects                  project           name     projects      -
labs                      lab               name     -             django
users                     user              username -             -
weighings                 weighing          url      -             django
water-administrations     wateradmin        url      -             django
water-restriction         waterrestriction  -        -             -
water-requirement         -                 -        -             -
water-restricted-subjects subject           url      -             -
water-type                watertype         url      -             -
surgeries                 surgery           id       -             django
files                     filerecord        url      -             -
notes                     note              id       -             -
tags                      tag               id       -             -
revisions                 revision          id       -             -
dataset-types             datasettype       id       -             -
data-formats              dataformat        id       -             -
data-repository           repository        name     -             -
data-repository-type      -                 url      -             -
chronic-insertions        chronic           id       -             django
locations                 location          name     -             -
procedures                procedure         id       -             -
downloads                 download          id       -             -
fields-of-view            fov               id       -             django
fov-location              -                 id       -             -
imaging-stack             -                 id       -             -
data-notices              -                 id       -             -
"""
ENDPOINTS: Mapping[str, Endpoint] = {one.name: one for one in map(_endpoint, _ALL.strip().splitlines())}
#: The endpoint that each of our tables is read from.
OF_TABLE: Mapping[str, Endpoint] = {one.table: one for one in ENDPOINTS.values() if one.table is not None}
#: The endpoint that lists the rows of each model.
OF_MODEL: Mapping[str, Endpoint] = {
    one.model: one for one in reversed(list(ENDPOINTS.values())) if one.model is not None
}
