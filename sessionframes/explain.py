"""What a question would do, without asking it: the requests, and what is left for us."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionframes.config import mask
from sessionframes.joining import split
from sessionframes.query.where import EVERY, all_of, conditions, conjuncts

if TYPE_CHECKING:
    from sessionframes.query import Query
    from sessionframes.source import Source, Transport

#: A request longer than this is shown without its middle; a million ids make a long one.
_LONGEST = 6000


@dataclass(frozen=True)
class Explanation:
    """What a ``get_*`` call would send, and what it would do with the answer.

    Parameters
    ----------
    source : str
        Who would be asked.
    address : str
        Where, without secrets.
    question : str
        As it was understood.
    requests : tuple of str
        What would be sent, in order: SQL, or HTTP requests. None where no row can be an answer.
    pushed : str
        The part of the filter that the source does; empty for none.
    residual : str
        The part of the filter that is left to us; empty for none.
    lookups : tuple of str
        Other tables that would be asked for columns of the residual, by the ids of the rows that are there.
    joins : tuple of str
        Tables that would be asked by the ids of the rows that came, and joined here.
    local : tuple of str
        What else is left to us: order, limit.
    switches : tuple of tuple of str
        The source's yes-or-no arguments that are off, and what each would do: what it leaves out by itself.
    further : str
        What more would be asked for, where only the answers tell how many requests there are; empty for none.
    """

    source: str
    address: str
    question: str
    requests: tuple[str, ...]
    pushed: str
    residual: str
    lookups: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    switches: tuple[tuple[str, str], ...] = ()
    further: str = ""

    def facts(self) -> list[tuple[str, str]]:
        """Return what is told beside the requests, as pairs of label and text."""
        sent = len(self.requests)
        told = [
            ("question", self.question),
            ("asked of", f"{self.source}, {self.address}"),
            ("requests", self._told_requests(sent)),
            ("filtered by the source", self.pushed or "nothing"),
            ("filtered here", self.residual or "nothing"),
        ]
        told += [("joined here", " and ".join(self.joins))] if self.joins else []
        told += [("done here too", ", ".join(self.local))] if self.local else []
        return told + [("not said", f"{name}=True: {meaning}") for name, meaning in self.switches]

    def _told_requests(self, sent: int) -> str:
        if not sent:
            return "none: no row can be an answer"
        afterwards = dict.fromkeys([*self.lookups, *self.joins])
        more = f", then those of {' and '.join(afterwards)}, by id" if afterwards else ""
        if self.further:
            return f"at least {sent}, and {self.further}{more}"
        return f"{sent}{more}"

    def __str__(self) -> str:
        width = max(len(label) for label, _ in self.facts())
        lines = [f"{label:<{width}}  {text}" for label, text in self.facts()]
        return "\n".join([*lines, *(f"\n{_cut(request)}" for request in self.requests)])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for label, text in self.facts()
        )
        style = "white-space:pre-wrap;text-align:left"
        sent = "".join(
            f"<pre style='{style}'>{html.escape(_cut(request))}</pre>" for request in self.requests
        )
        return f"<table>{rows}</table>{sent}"


def explain(source: Source, query: Query, transport: Transport, *, drops: bool) -> Explanation:
    """Return what a question would do; nothing is sent.

    Parameters
    ----------
    source : Source
        Who would be asked.
    query : Query
        The question.
    transport : Transport
        Where to.
    drops : bool
        Whether rows may be left out by a join.
    """
    read = source.reads[query.table.table_name()]
    off = tuple((name, text) for name, text in read.switches.items() if name not in query.switches)
    told: dict[str, Any] = {"source": source.name, "address": mask(transport.address), "question": str(query)}
    told["switches"] = off
    if query.is_impossible:
        return Explanation(**told, requests=(), pushed="", residual="")
    asked = split(query, read, source.reads, drops=drops)
    plan = read.compile(asked.base)
    left, narrowing = conjuncts(plan.residual), conjuncts(plan.narrowing)
    pushed = all_of(*(part for part in conjuncts(query.where) if part not in left or part in narrowing))
    own = query.table.table_name()
    lookups = {condition.field.table for condition in conditions(plan.residual)} - {own}
    local = []
    if query.order_by and not plan.limited:
        local.append("order")
    if query.limit is not None and not plan.limited:
        local.append("limit, of all rows")
    return Explanation(
        **told,
        requests=tuple(transport.render(request) for request in plan.requests),
        pushed="" if pushed == EVERY else str(pushed),
        residual="" if plan.residual == EVERY else str(plan.residual),
        lookups=tuple(sorted(lookups)),
        joins=asked.here,
        local=tuple(local),
        further=plan.further,
    )


def _cut(request: str) -> str:
    # A value must not move the cursor of whoever looks at it.
    request = "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in request)
    if len(request) <= _LONGEST:
        return request
    half = _LONGEST // 2
    return f"{request[:half]}\n... {len(request) - _LONGEST:,} more characters ...\n{request[-half:]}"
