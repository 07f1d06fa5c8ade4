"""From a query to the walk that answers it: what is listed and filtered, and which relations matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionframes.query.scope import fields_of
from sessionframes.query.where import EVERY, Condition, all_of, conjuncts
from sessionframes.source import Plan
from sessionframes.sources.brainstem.columns import Origin, origins
from sessionframes.sources.brainstem.filters import Scope, in_small_letters, pushed
from sessionframes.sources.brainstem.walk import Step, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionframes.query import Query, Where
    from sessionframes.sources.brainstem.columns import ColumnKind

#: Whose a session was: of its behaviors the animals, of its data the procedures, and of those the animals.
_ANIMALS = (
    Step("session", "behaviors", "behavior", ("subjects",)),
    Step("session", "dataacquisition", "dataacquisition", ("procedures",)),
    Step("session", "manipulations", "manipulation", ("procedures",)),
    Step("dataacquisition", "procedures", "procedure", ("subject",)),
    Step("manipulation", "procedures", "procedure", ("subject",)),
)
_OF_ANIMALS = (
    Step("behavior", "subjects", "subject", ("sex", "genotype")),
    Step("procedure", "subject", "subject", ("sex", "genotype")),
)
_ASSAYS = (
    Step("session", "behaviors", "behavior", ("behavioralassay",)),
    Step("behavior", "behavioralassay", "behavioralassay", ("name",)),
)
_SPECIES = (
    Step("subject", "strain", "strain", ("species",)),
    Step("strain", "species", "species", ("name",)),
)
_PROCEDURES = (Step("dataacquisition", "procedures", "procedure", ("type",)),)
_STOCKS = (Step("procedure", "consumablestock", "consumablestock", ("consumable",)),)
_DESIGNS = (*_STOCKS, Step("consumablestock", "consumable", "consumable", ("name",)))
_REGIONS = (Step("procedure", "brain_region", "brainregion", ("acronym", "atlas")),)
_STORAGES = (Step("session", "datastorage", "datastorage", ("data_protocols",)),)

#: By table, what has to be walked for each column; nothing for the others.
_STEPS: Mapping[str, Mapping[str, tuple[Step, ...]]] = {
    "sessions": {
        "subject_id": _ANIMALS,
        "subjects": _ANIMALS,
        "sex": (*_ANIMALS, *_OF_ANIMALS),
        "genotype": (*_ANIMALS, *_OF_ANIMALS),
        "session_type": _ASSAYS,
    },
    "subjects": {"species": _SPECIES},
    "probes": {
        "probe_id": _PROCEDURES,
        "told_by": _DESIGNS,
        "probe_name": _STOCKS,
        "probe_serial": _STOCKS,
        "consumable_id": _STOCKS,
        "probe_model": _DESIGNS,
        "brain_region_acronym": _REGIONS,
        "brain_region_atlas": _REGIONS,
    },
    "assets": {"asset_id": _STORAGES},
}
#: Whose keys begin with that of a session.
_BELOW_SESSIONS = ("probes", "assets")
#: Where the animals of a session are.
_TO_ANIMALS = ("behaviors.subjects", "dataacquisition.procedures.subject", "manipulations.procedures.subject")
#: What other records tell of a session. Of its only animal is told what is told of one of them.
_AROUND_SESSIONS: Mapping[str, tuple[ColumnKind, tuple[str, ...]]] = {
    "subject_id": ("id", tuple(f"{path}.id" for path in _TO_ANIMALS)),
    "subjects": ("ids", tuple(f"{path}.id" for path in _TO_ANIMALS)),
    "sex": ("sex", tuple(f"{path}.sex" for path in _TO_ANIMALS)),
    "genotype": ("text", tuple(f"{path}.genotype" for path in _TO_ANIMALS)),
    "session_type": ("text", ("behaviors.behavioralassay.name",)),
}
_SESSIONS = Scope(origins("session"), further=_AROUND_SESSIONS)
#: The same, seen from what is recorded in a session.
_ABOVE = Scope(origins("session"), "session.")
#: Of a probe it is known that a data acquisition of its session names its procedure, and that has an animal.
_ABOVE_PROBES = Scope(
    origins("session"),
    "session.",
    {
        "subject_id": ("id", ("procedures.subject.id",)),
        "sex": ("sex", ("procedures.subject.sex",)),
        "genotype": ("text", ("procedures.subject.genotype",)),
    },
)


def records(model: str) -> Callable[[Query], Plan]:
    """Return what compiles queries of a table of which each row is one record.

    Parameters
    ----------
    model : str
        What the records are of.
    """

    def compiled(query: Query) -> Plan:
        # Its rows are the records: the first of them are the first rows.
        first = query.limit if query.where == EVERY and _is_by_key(query) else None
        scope = _SESSIONS if model == "session" else Scope(origins(model))
        return _plan(query, model, {"sessions": _ABOVE, query.table.table_name(): scope}, first)

    return compiled


def probes(query: Query) -> Plan:
    """Return the plan for probes: data acquisitions, and from there the procedures."""
    own = {"session_id": Origin("session", "id"), "procedure_id": Origin("procedures", "ids")}
    scopes = {"sessions": _ABOVE_PROBES, "probes": Scope(own)}
    return _plan(query, "dataacquisition", scopes)


def assets(query: Query) -> Plan:
    """Return the plan for assets: sessions, and from there the storages."""
    own = {"session_id": Origin("id", "id"), "datastorage_id": Origin("datastorage", "ids")}
    return _plan(query, "session", {"sessions": _SESSIONS, "assets": Scope(own)})


def _plan(query: Query, model: str, scopes: Mapping[str, Scope], first: int | None = None) -> Plan:
    name = query.table.table_name()
    where = in_small_letters(query.where, scopes)
    asked = pushed(_with_sessions(query, where), scopes)
    if not asked.parts:
        return Plan((), where, narrowing=asked.where)
    columns = query.needed(where)
    steps = dict.fromkeys(step for column in columns for step in _STEPS.get(name, {}).get(column, ()))
    walk = Walk(model, asked.params, asked.parts, _merged(steps), columns, first)
    return Plan((walk,), where, limited=first is not None, narrowing=asked.where)


def _merged(steps: Mapping[Step, None]) -> tuple[Step, ...]:
    """Return steps in an order in which each begins at what is there, each relation once."""
    needed: dict[tuple[str, str, str], dict[str, None]] = {}
    for step in steps:
        needed.setdefault((step.of, step.field, step.to), {}).update(dict.fromkeys(step.needed))
    return tuple(Step(*relation, tuple(fields)) for relation, fields in needed.items())


def _with_sessions(query: Query, where: Where) -> Where:
    """Return the filter of a query, with the sessions that the keys it names begin with."""
    if query.table.table_name() not in _BELOW_SESSIONS:
        return where
    key, field = query.table.key_name(), fields_of(query.table)["session_id"]
    more = []
    for part in conjuncts(where):
        if isinstance(part, Condition) and part.field.name == key and part.lookup in ("exact", "in"):
            values = part.value if part.lookup == "in" else (part.value,)
            more.append(Condition(field, "in", tuple(dict.fromkeys(one.partition(":")[0] for one in values))))
    return all_of(where, *more)


def _is_by_key(query: Query) -> bool:
    if not query.order_by:
        return True
    return query.order_by[0].column == query.table.key_name() and not query.order_by[0].descending
