"""The questions that can be put to Alyx: each knows what to ask for, and what the pages of its answer are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sessionframes.query.where import Condition, conjuncts
from sessionframes.sources.alyx.encode import encode
from sessionframes.sources.alyx.endpoints import ENDPOINTS, ENUMS
from sessionframes.sources.alyx.groups import Listed, Subjects, key_of, keys_of, nested
from sessionframes.transports.http_errors import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sessionframes.sources.alyx.compiled import Mark, Narrowed
    from sessionframes.sources.alyx.endpoints import Endpoint
    from sessionframes.sources.alyx.transport import AlyxTransport
    from sessionframes.transports.rest_request import Params, Record

    Marks = Sequence[tuple[Mark, set[str]]]

__all__ = [
    "Asked",
    "AssetsAsked",
    "OthersAsked",
    "ProbesAsked",
    "SessionsAsked",
    "TasksAsked",
    "TrajectoriesAsked",
]

#: Columns of sessions that tell of their subject.
OF_SUBJECTS = frozenset({"subject_id", "genotype", "sex", "age_in_days"})
#: Columns that are computed of what only reads show.
_OF_READS = frozenset({"performance"})
#: Up to so many names, subjects are asked for by them; else all are.
_FEW_NAMES = 100
_LONGEST_NAMES = 1_200
#: So few sessions are read one by one where a list for each quality would do.
_FEW = len(ENUMS["qc"])
_BY_PERFORMANCE, _DIVIDED = "performance_", "division by zero"
_WITH_TRIALS = "n_trials__gt,0"


@dataclass(frozen=True)
class Asked:
    """A question about the rows of one endpoint.

    Parameters
    ----------
    narrowed : Narrowed
        Which rows.
    columns : tuple of str
        What is wanted of the table.
    """

    narrowed: Narrowed
    columns: tuple[str, ...]
    #: The endpoint.
    name: ClassVar[str]

    @property
    def endpoint(self) -> Endpoint:
        """What is known of the endpoint."""
        return ENDPOINTS[self.name]

    def pages(self, transport: AlyxTransport) -> Iterator[Listed]:
        """Yield the pages of the answer."""
        if self.narrowed.is_impossible:
            return
        marks = marks_of(transport, self.narrowed.marks)
        for records in self.listed(transport):
            yield self.page(transport, records, marks)

    def render(self, transport: AlyxTransport) -> str:
        """Return what would be sent, as far as it is known before; nothing is sent."""
        return "\n".join([*self._lines(transport), *self._further()])

    def listed(self, transport: AlyxTransport, *terms: str) -> Iterator[list[Record]]:
        """Yield the records that are asked for, and that fulfil further terms."""
        found = self.narrowed
        yield from transport.list(self.name, params_of(found), (*found.terms, *terms), found.parts)

    def page(
        self,
        transport: AlyxTransport,
        records: list[Record],
        marks: Marks,
        around: Mapping[str, Any] | None = None,
    ) -> Listed:
        """Return a page of these records.

        Parameters
        ----------
        transport : AlyxTransport
            Whose they are.
        records : list of dict
            As they came.
        marks : sequence
            What only the server could tell, from :func:`marks_of`.
        around : mapping, optional
            Records of other endpoints that they refer to.
        """
        around = around or {}
        marked = {mark.name: self._marked(mark.column, records, keys, around) for mark, keys in marks}
        return Listed(records, self.columns, transport.zone, around, marked)

    def told(self, record: Record, column: str, around: Mapping[str, Any]) -> list[str]:  # noqa: ARG002
        """Return the keys that a column of ids has of a record; what is around it may tell."""
        field = self.endpoint.by_column().get(column)
        if field is None and column == "session_id":
            return keys_of(nested(record, "session", "id"))
        return keys_of(record.get(self.endpoint.by_column()[column].name))

    def _marked(
        self, column: str, records: Sequence[Record], keys: set[str], around: Mapping[str, Any]
    ) -> set[str]:
        """Return the keys of the rows that a mark is about, by the column that it compares."""
        field = self.endpoint.by_column().get(column)
        if field is not None and field.name == self.endpoint.key:
            return keys
        marked = (one for one in records if not keys.isdisjoint(self.told(one, column, around)))
        return {key for one in marked if (key := key_of(one.get(self.endpoint.key))) is not None}

    @property
    def further(self) -> str:
        """What is asked after the first request, in words: how many these are, the answers tell."""
        more = len(self.narrowed.parts) - 1 + len(self.narrowed.marks)
        others = [f"{more:,} for other values"] if more else []
        return ", ".join([*others, *self._more(), "one for each 900 rows or so behind the first 1,000"])

    def _more(self) -> list[str]:
        """Return what rows are asked for further, in few words."""
        return []

    def _lines(self, transport: AlyxTransport) -> list[str]:
        found = self.narrowed
        lines = [
            f"{transport.first_request(mark.endpoint, params_of(mark), *mark.parts[:1])}  (for {mark.name})"
            for mark in found.marks
        ]
        parts = found.parts
        if not parts:
            return lines
        lines.append(transport.first_request(self.name, params_of(found), (*found.terms, *parts[0])))
        if len(parts) > 1:
            lines.append(
                f"... and {len(parts) - 1:,} more for the other values, {len(parts):,} requests in all"
            )
        how = "by slices of their keys" if self.endpoint.uuid_key else "by offset"
        lines.append(f"... and one for each 900 rows or so behind the first 1,000, {how}")
        return lines

    def _further(self) -> list[str]:
        """Return what is asked after that, in words."""
        return []


@dataclass(frozen=True)
class ProbesAsked(Asked):
    """A question about insertions."""

    name = "insertions"


@dataclass(frozen=True)
class TrajectoriesAsked(Asked):
    """A question about trajectories, of all provenances."""

    name = "trajectories"


@dataclass(frozen=True)
class AssetsAsked(Asked):
    """A question about datasets."""

    name = "datasets"


@dataclass(frozen=True)
class TasksAsked(Asked):
    """A question about tasks."""

    name = "tasks"


@dataclass(frozen=True)
class OthersAsked(Asked):
    """A question about the rows of any endpoint of which lists show all.

    Parameters
    ----------
    of : str
        The endpoint.
    """

    of: str = ""

    @property
    def endpoint(self) -> Endpoint:
        """What is known of the endpoint."""
        return ENDPOINTS[self.of]

    @property
    def name(self) -> str:  # type: ignore[override]  # the others are of one endpoint each
        """The endpoint."""
        return self.of


@dataclass(frozen=True)
class SessionsAsked(Asked):
    """A question about sessions, of which lists show little: the rest is read where it is wanted."""

    name = "sessions"

    def pages(self, transport: AlyxTransport) -> Iterator[Listed]:
        """Yield the pages of the answer."""
        if self.narrowed.is_impossible:
            return
        marks = marks_of(transport, self.narrowed.marks)
        subjects = _SubjectsAsked(transport) if OF_SUBJECTS & {*self.columns} else None
        for records in self._records(transport):
            around = {} if subjects is None else {"subjects": subjects.of(records)}
            yield self.page(transport, records, marks, around)

    def listed(self, transport: AlyxTransport, *terms: str) -> Iterator[list[Record]]:
        """Yield the records that are asked for, and that fulfil further terms.

        Where one session without trials makes the server divide by zero, those with trials are asked for
        without that filter, and the rest is left to us: the others have no performance.

        Raises
        ------
        StatusError
            The server divides by zero, and nothing here tells the performance.
        """
        found = self.narrowed
        params, terms = params_of(found), (*found.terms, *terms)
        divides = any(given.startswith(_BY_PERFORMANCE) for given, _ in params)
        # Only the key of what has been handed out, and only where it may have to be asked for again.
        seen: set[str] = set()
        try:
            for records in transport.list(self.name, params, terms, found.parts):
                if divides:
                    seen.update(record["id"] for record in records)
                yield records
        except StatusError as error:
            if not divides or _DIVIDED not in error.message:
                raise
            others = tuple(one for one in params if not one[0].startswith(_BY_PERFORMANCE))
            if not all(one in others or self._is_told_here(*one) for one in params):
                error.hint = "A session without trials does that. Say performance_gte= or performance_lte=."
                raise
            for records in transport.list(self.name, others, (*terms, _WITH_TRIALS), found.parts):
                yield [record for record in records if record["id"] not in seen]

    def _is_told_here(self, given: str, value: str) -> bool:
        """Return whether we look at the performance too, as a filter of the server does."""
        lookup = given.removeprefix(_BY_PERFORMANCE)
        return any(
            isinstance(part, Condition)
            and (part.field.name, part.lookup) == ("performance", lookup)
            and str(int(part.value // 1)) == value
            for part in conjuncts(self.narrowed.residual)
        )

    def _records(self, transport: AlyxTransport) -> Iterator[list[Record]]:
        wanted = self._wanted_of_reads()
        if not wanted:
            yield from self.listed(transport)
        elif wanted == {"qc"}:
            yield from self._with_quality(transport)
        else:
            for records in self.listed(transport):
                yield _read(transport, records)

    def _wanted_of_reads(self) -> set[str]:
        named = {field.column for field in self.endpoint.fields.values() if field.place == "read"}
        return {str(column) for column in {*self.columns} & (named | _OF_READS)}

    def _with_quality(self, transport: AlyxTransport) -> Iterator[list[Record]]:
        """Yield sessions with their quality: a list for each is less than a read for each session."""
        found = self.narrowed
        parts = found.parts
        many = (
            len(parts) > 1 or transport.count(self.name, params_of(found), (*found.terms, *parts[0])) > _FEW
        )
        if not many:
            for records in self.listed(transport):
                yield _read(transport, records)
            return
        seen: set[str] = set()
        for label, number in self._qualities().items():
            for records in self.listed(transport, f"qc__range,[{number}, {number}]"):
                new = [{**record, "qc": label} for record in records if record["id"] not in seen]
                seen.update(record["id"] for record in new)
                yield new
        # Whose quality was changed meanwhile may have been in none of them.
        for records in self.listed(transport):
            missed = [record for record in records if record["id"] not in seen]
            if missed:
                yield _read(transport, missed)

    def _qualities(self) -> Mapping[str, int]:
        """Return the qualities that these sessions may have: one where that is what is asked for."""
        every = ENUMS["qc"]
        said = {label: number for label, number in every.items() if f"qc,{number}" in self.narrowed.terms}
        return said if len(said) == 1 else every

    def _more(self) -> list[str]:
        wanted = self._wanted_of_reads()
        subjects = ["some for their subjects"] if OF_SUBJECTS & {*self.columns} else []
        if not wanted:
            return subjects
        if wanted == {"qc"}:
            return [f"{len(self._qualities()) + 1} by quality", *subjects]
        return ["one for each session found", *subjects]

    def _lines(self, transport: AlyxTransport) -> list[str]:
        lines = super()._lines(transport)
        wanted = self._wanted_of_reads()
        if wanted == {"qc"}:
            often = len(self._qualities())
            lines.append(
                f"then the same by quality (qc), {often} times, and once for what was changed meanwhile; "
                f"of {_FEW} rows or fewer, reads"
            )
        elif wanted:
            lines.append(f"then one read for each session found, for {', '.join(sorted(wanted))}")
        return lines

    def _further(self) -> list[str]:
        if not OF_SUBJECTS & {*self.columns}:
            return []
        return [f"then the subjects of up to {_FEW_NAMES} names at a time, or all of them"]


def params_of(found: Narrowed | Mark) -> Params:
    """Return the named filters of a question as a query has them."""
    return tuple(found.params)


def marks_of(transport: AlyxTransport, marks: Sequence[Mark]) -> Marks:
    """Return each mark with what the rows are compared with that fulfil it."""
    return [(mark, _found(transport, mark)) for mark in marks]


def _found(transport: AlyxTransport, mark: Mark) -> set[str]:
    pages = transport.list(mark.endpoint, params_of(mark), (), mark.parts)
    return {key for records in pages for record in records for key in keys_of(record.get(mark.back))}


def _read(transport: AlyxTransport, records: Sequence[Record]) -> list[Record]:
    """Return records with what their reads show; those that are gone meanwhile are left out."""
    by_key = {record["id"]: record for record in records}
    return [
        {**by_key[key], **read}
        for read in transport.reads("sessions", by_key)
        if (key := key_of(read.get("id") or read.get("url"))) in by_key
    ]


class _SubjectsAsked:
    """The subjects of sessions, asked for by their names, or all at once where these are many."""

    def __init__(self, transport: AlyxTransport) -> None:
        self._transport = transport
        self._records: list[Record] = []
        self._names: set[str] = set()
        self._has_all = False

    def of(self, records: Sequence[Record]) -> Subjects:
        """Return at least those of these sessions."""
        names = {record["subject"] for record in records if record.get("subject")} - self._names
        if names and not self._has_all:
            self._has_all = len(self._names) + len(names) > _FEW_NAMES
            if self._has_all:
                self._records = self._listed([()])
            else:
                cuts = _cuts(sorted(names))
                self._records += self._listed([(f"nickname__in,{encode(cut)}",) for cut in cuts])
            self._names |= names
        return Subjects(self._records)

    def _listed(self, parts: Sequence[tuple[str, ...]]) -> list[Record]:
        return [record for page in self._transport.list("subjects", (), (), parts) for record in page]


def _cuts(names: Sequence[str]) -> Iterator[list[str]]:
    """Yield names in parts that are short enough for one request."""
    cut: list[str] = []
    for name in names:
        if cut and len(encode([*cut, name])) > _LONGEST_NAMES:
            yield cut
            cut = []
        cut.append(name)
    if cut:
        yield cut
