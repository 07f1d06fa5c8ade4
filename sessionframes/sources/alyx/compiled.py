"""From a filter to what the server is asked for, and what is left to do here.

Of every part that must hold, one of these is done:

- what frames show anyway is asked for as widely as needed, and done again here;
- what they do not show, or only at the cost of a read for each row, is asked for exactly. ``~`` and several
  requests, united by key, say what this language has no OR for;
- what cannot be said so is asked for by itself: a list of the rows that fulfil it becomes a mark, and the
  filter that combines it with others is done here;
- conditions on one relation that leads to many rows, side by side, are about the same row: that endpoint is
  asked, and tells which rows they belong to.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, timezone
from typing import TYPE_CHECKING

from sessionframes.errors import QueryError
from sessionframes.query.where import (
    EVERY,
    And,
    Condition,
    Field,
    Not,
    Where,
    all_of,
    conditions,
    conjuncts,
)
from sessionframes.sources.alyx import terms as one
from sessionframes.sources.alyx.branches import (
    MOST,
    check_reach,
    distinct,
    distributed,
    in_reach,
    multiplied,
    sayable,
)
from sessionframes.sources.alyx.encode import NotSaid, Term
from sessionframes.sources.alyx.endpoints import ENDPOINTS
from sessionframes.sources.alyx.pushed import Places, untold
from sessionframes.sources.alyx.rows import combined, on_one_row, same_rows

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sessionframes.query import Query
    from sessionframes.sources.alyx.pushed import Place
    from sessionframes.sources.alyx.rows import SameRow
    from sessionframes.sources.alyx.terms import Branches
    from sessionframes.transports.rest_request import Params

__all__ = ["Mark", "Narrowed", "narrowed", "narrowed_where"]


_UTC = ("UTC", "Etc/UTC", "Zulu", "Universal")


@dataclass(frozen=True)
class Mark:
    """Which rows fulfil what only the server can tell, asked for by itself.

    Parameters
    ----------
    name : str
        The flag in the residual.
    endpoint : str
        What is listed.
    back : str
        The field of its rows on the wire that tells which row they mark; a key, or a URL that ends in one.
    column : str
        The column of the rows that is compared with it.
    params : tuple of tuple of str
        Named filters.
    parts : tuple of tuple of str
        Terms of ``django=`` of each of the requests, which together list them.
    """

    name: str
    endpoint: str
    back: str
    column: str
    params: Params = ()
    parts: tuple[tuple[str, ...], ...] = ((),)


@dataclass(frozen=True)
class Narrowed:
    """What the server is asked for by a filter, and what is left.

    Parameters
    ----------
    params : tuple of tuple of str
        Named filters, for every request.
    terms : tuple of str
        Terms of ``django=``, for every request.
    parts : tuple of tuple of str
        Further terms, a request each, whose rows are united by their key; one part without terms is one
        request.
    marks : tuple of Mark
        What is asked for beside.
    residual : Where
        What is left to do here.
    narrowing : Where
        What of the residual the server does too, as far as it can.
    """

    params: Params
    terms: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    marks: tuple[Mark, ...]
    residual: Where
    narrowing: Where

    @property
    def is_impossible(self) -> bool:
        """Whether no row can fulfil it, so that nothing need be asked."""
        return not self.parts


def narrowed(query: Query, endpoint: str, zone: ZoneInfo | timezone = UTC) -> Narrowed:
    """Return what an endpoint is asked for by a question.

    Parameters
    ----------
    query : Query
        The question.
    endpoint : str
        What is listed.
    zone : tzinfo
        In which the server tells times.

    Raises
    ------
    sessionframes.errors.QueryError
        It asks for what only the server can tell, in a way that the server cannot be asked.
    """
    return narrowed_where(query.where, endpoint, query.table.table_name(), zone)


def narrowed_where(where: Where, endpoint: str, table: str, zone: ZoneInfo | timezone = UTC) -> Narrowed:
    """Return what an endpoint is asked for by a filter on `table`, as :func:`narrowed`."""
    is_utc = str(zone) in _UTC
    return _Compiler(endpoint, table, Places(endpoint, table, UTC if is_utc else zone)).compiled(where)


@dataclass
class _Compiler:
    endpoint: str
    table: str
    places: Places
    params: dict[str, str] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    #: What is known of the rows that a mark marks.
    hints: dict[str, Branches] = field(default_factory=dict)
    exact: Branches = one.EVERY_ROW
    near: list[tuple[Where, Branches]] = field(default_factory=list)
    residual: list[Where] = field(default_factory=list)

    @property
    def model(self) -> str:
        return ENDPOINTS[self.endpoint].model or "named"

    def compiled(self, where: Where) -> Narrowed:
        for part in conjuncts(same_rows(where, self.places, self._same_row)):
            self._take(part)
        near, narrowing = self._near_terms()
        branches = [
            cut for branch in self.exact for cut in in_reach(distinct(branch, self.model, lossy=near))
        ]
        parts, narrowing = self._by_lists(branches, narrowing)
        shared = [term for term in parts[0] if all(term in part for part in parts)] if parts else []
        rest = [tuple(str(term) for term in part if term not in shared) for part in parts]
        return Narrowed(
            tuple(self.params.items()),
            tuple(map(str, shared)),
            tuple(dict.fromkeys(rest)),
            tuple(self._with_base(mark, shared) for mark in self.marks),
            all_of(*self.residual),
            all_of(*(part for part in narrowing if not any(map(self._is_mark, conditions(part))))),
        )

    def _take(self, part: Where) -> None:
        places = [self.places.of(leaf) for leaf in conditions(part) if not self._is_mark(leaf)]
        if not any(place.far or place.dear for place in places):
            self._leave(part)
            return
        if isinstance(part, Condition) and (named := self.places.of(part).named):
            self._check_named(part)
            if self.params.setdefault(named, part.value) == part.value:
                return
        try:
            if any(self._is_mark(leaf) for leaf in conditions(part)):
                raise NotSaid
            found = distributed(part, self._exactly)
            whole = multiplied([self.exact, found])
            for branch in whole:
                check_reach(distinct(branch, self.model))
            self.exact = whole
        except NotSaid:
            self._leave(self._marked(part))

    def _leave(self, part: Where) -> None:
        """Leave a part to be done here, and have the server leave out what it can."""
        self.residual.append(part)
        try:
            self.near.append((part, distributed(part, self._widely)))
        except NotSaid:
            return

    def _near_terms(self) -> tuple[list[Term], list[Where]]:
        """Return what goes with every request, of what is done again here; the rest multiplies them."""
        single: list[Term] = []
        done: list[Where] = []
        for part, branches in sorted(self.near, key=lambda pair: len(pair[1])):
            if branches == one.EVERY_ROW:
                continue
            if any(map(_is_long, branches)):
                continue
            if len(branches) == 1 and self._fit(self.exact, [*single, *branches[0]]):
                single += branches[0]
                done.append(part)
            elif len(branches) != 1 and len(self.exact) * len(branches) <= MOST:
                both = multiplied([self.exact, branches])
                # Two conditions of one name, as in an OR of ANDs, may go together in some branch only.
                if self._fit(both, single):
                    self.exact = both
                    done.append(part)
        return single, done

    def _fit(self, branches: Branches, lossy: list[Term]) -> bool:
        """Tell whether each of these can be a request."""
        try:
            for branch in branches:
                check_reach(distinct(branch, self.model, lossy=lossy))
        except NotSaid:
            return False
        return True

    def _by_lists(
        self, branches: list[tuple[Term, ...]], done: list[Where]
    ) -> tuple[list[tuple[Term, ...]], list[Where]]:
        """Cut by the shortest of the long lists, if there is one; the others are done here alone."""
        lists = [(part, found[0]) for part, found in self.near if len(found) == 1 and _is_long(found[0])]
        if not lists:
            return branches, done
        part, terms = min(lists, key=lambda pair: sum(len(t.value) for t in pair[1] if t.lookup == "in"))
        try:
            cut = [c for branch in branches for c in in_reach(distinct((*branch, *terms), self.model))]
        except NotSaid:
            return branches, done
        return cut, [*done, part]

    def _exactly(self, condition: Condition, *, negated: bool) -> Branches:
        place = self.places.of(condition)
        if place.target is None:
            raise NotSaid(condition)
        found = sayable(one.exact(condition, place.target, negated=negated))
        # Each term would be about any related row, and the other half of JSON is no complement then.
        if _is_of_many(condition, place) and (negated or any(len(branch) > 1 for branch in found)):
            raise NotSaid(condition)
        return found

    def _widely(self, condition: Condition, *, negated: bool) -> Branches:
        if self._is_mark(condition):
            return one.EVERY_ROW if negated else self.hints[condition.field.name]
        place = self.places.of(condition)
        if place.target is None:
            return one.EVERY_ROW
        if place.far:
            try:
                return self._exactly(condition, negated=negated)
            except NotSaid:
                return one.EVERY_ROW
        try:
            return sayable(one.wide(condition, place.target, negated=negated))
        except NotSaid:
            return one.EVERY_ROW

    def _marked(self, part: Where) -> Where:
        """Put marks in place of what only the server can tell, and of what it tells at less cost."""
        if isinstance(part, Not):
            return Not(self._marked(part.part))
        if not isinstance(part, Condition):
            return type(part)(tuple(map(self._marked, part.parts)))
        if self._is_mark(part):
            return part
        place = self.places.of(part)
        if not place.far and not place.dear:
            return part
        if place.named:
            self._check_named(part)
            return self._mark(Mark("", self.endpoint, *self._own_key(), params=((place.named, part.value),)))
        try:
            branches = [
                cut
                for branch in self._exactly(part, negated=False)
                for cut in in_reach(distinct(branch, self.model))
            ]
        except NotSaid as error:
            if _is_of_many(part, place) and (together := on_one_row((part,), self.places)).endpoint:
                return self._same_row(together)
            if place.far:
                raise untold(part, self.endpoint, f"its filters cannot say {error}") from None
            return part
        parts = tuple(tuple(map(str, branch)) for branch in branches)
        hint = tuple(branches) if len(branches) <= MOST else one.EVERY_ROW
        return self._mark(Mark("", self.endpoint, *self._own_key(), parts=parts), hint)

    def _own_key(self) -> tuple[str, str]:
        own = ENDPOINTS[self.endpoint]
        return own.key, own.fields[own.key].column or own.key

    def _mark(self, mark: Mark, hint: Branches = one.EVERY_ROW) -> Condition:
        same = next((known for known in self.marks if replace(known, name="") == mark), None)
        if same is None:
            same = replace(mark, name=f"mark_{len(self.marks)}")
            self.marks.append(same)
            self.hints[same.name] = hint
        return Condition(Field(same.name, "flag", self.table), "exact", value=True)

    def _is_mark(self, condition: Condition) -> bool:
        return condition.field.name in self.hints

    def _same_row(self, together: SameRow) -> Where:
        """Return a mark for conditions that one related row has to fulfil."""
        try:
            hint = distributed(And(together.conditions), self._widely)
        except NotSaid:
            hint = one.EVERY_ROW
        if together.endpoint is None:
            return combined(together, self.endpoint)
        where, table = And(together.inner), together.inner_table
        try:
            inner = narrowed_where(where, together.endpoint, table, self.places.zone)
        except QueryError:
            why = f"nor can {together.endpoint} be asked for it"
            raise untold(together.conditions[0], self.endpoint, why) from None
        if inner.marks or inner.residual != EVERY:
            raise untold(together.conditions[0], self.endpoint, "the same row is meant")
        parts = tuple((*inner.terms, *part) for part in inner.parts)
        return self._mark(
            Mark("", together.endpoint, together.back, together.column, inner.params, parts), hint
        )

    def _with_base(self, mark: Mark, shared: list[Term]) -> Mark:
        """Ask for marks only among the rows that are asked for."""
        if mark.endpoint != self.endpoint or mark.back != ENDPOINTS[self.endpoint].key:
            return mark
        known = {written.split(",", 1)[0] for part in mark.parts for written in part}
        base = tuple(str(term) for term in shared if term.key not in known)
        if sum(map(len, base)) > _LONGEST_BASE:
            return mark
        return replace(
            mark,
            params=tuple({**self.params, **dict(mark.params)}.items()),
            parts=tuple((*part, *base) for part in mark.parts),
        )

    def _check_named(self, condition: Condition) -> None:
        if condition.lookup != "exact":
            raise untold(condition, self.endpoint, "this filter of the server's takes one value, as it is")


#: So many values fit no request, however short they are.
_MANY = 1000
#: Longer conditions are not repeated for every mark.
_LONGEST_BASE = 600


def _is_of_many(condition: Condition, place: Place) -> bool:
    """Tell whether a condition is about what JSON of any number of related rows holds."""
    found = place.way
    return (
        found is not None and found.many is not None and found.wire == "json" and condition.lookup != "isnull"
    )


def _is_long(terms: tuple[Term, ...]) -> bool:
    if any(term.lookup == "in" and len(term.value) > _MANY for term in terms):
        return True
    try:
        return in_reach(terms) != (terms,)
    except NotSaid:
        return True
