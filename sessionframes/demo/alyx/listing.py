"""Lists of the demo's Alyx: which rows, in which order, on which page."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sessionframes.demo.alyx.django import Term, fits, terms_of, values_at
from sessionframes.demo.alyx.filters import KNOW_DJANGO, named
from sessionframes.demo.alyx.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.alyx.endpoints import Endpoint
    from sessionframes.demo.alyx.store import Row, Store

_DEFAULT = 250


@dataclass(frozen=True)
class Cut:
    """A page: from where, at most how many."""

    limit: int
    offset: int


def cut_of(params: Mapping[str, str], cap: int | None) -> Cut:
    """Return the page that a request means; what is no number counts as not told."""
    limit = _whole(params.get("limit"), 1, _DEFAULT)
    return Cut(limit if cap is None else min(limit, cap), _whole(params.get("offset"), 0, 0))


def _whole(text: str | None, least: int, otherwise: int) -> int:
    try:
        found = int(text or "")
    except ValueError:
        return otherwise
    return found if found >= least else otherwise


def selected(store: Store, endpoint: Endpoint, params: Mapping[str, str]) -> tuple[list[Row], bool]:
    """Return the rows that a request means, and whether each is there once.

    Raises
    ------
    Refusal
        A filter is wrong.
    """
    name, model = endpoint.name, MODELS[endpoint.name]
    text = params.get("django", "") if name in KNOW_DJANGO else ""
    terms = terms_of(text) if text.strip() else []
    counts = named(store, name, params)
    tests = [fits(store, model, term) for term in terms]
    rows = _candidates(store, name, terms)
    for test in tests:
        rows = [row for row in rows if test(row)]
    if not counts:
        return rows, bool(terms)
    found: list[Row] = []
    for row in rows:
        times = 1
        for count in counts:
            times *= int(count(row))
            if not times:
                break
        found += [row] * (min(times, 1) if terms else times)
    return found, bool(terms)


def _candidates(store: Store, name: str, terms: list[Term]) -> list[Row]:
    """Return all rows, or those of a range of ids where one is told: an index does that in a database."""
    table = store.tables[name]
    bounds = {
        term.name.removeprefix("id__").removeprefix("pk__"): term.value
        for term in terms
        if term.name.startswith(("id__", "pk__")) and not term.negated and isinstance(term.value, str)
    }
    if not ({"gte", "gt", "lt", "lte"} & set(bounds)) or name == "brain-regions":
        return list(table.values())
    with store.lock:
        keys = store.sorted_keys(name)
        low = max(
            bisect_left(keys, _hyphened(bounds.get("gte", ""))),
            bisect_right(keys, _hyphened(bounds.get("gt", ""))),
        )
        high = len(keys)
        if "lt" in bounds:
            high = bisect_left(keys, _hyphened(bounds["lt"]))
        if "lte" in bounds:
            high = min(high, bisect_right(keys, _hyphened(bounds["lte"])))
        return [table[key] for key in keys[low:high]]


def _hyphened(text: str) -> str:
    text = text.lower().replace("-", "")
    if len(text) != 32:
        return text
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def in_order(store: Store, endpoint: Endpoint, rows: list[Row], cut: Cut, *, is_distinct: bool) -> list[Row]:
    """Sort rows. Those that are equal come in another order on every page, unless each is there once.

    Parameters
    ----------
    store, endpoint
        Where the rows are from.
    rows : list of dict
        In the order of the table.
    cut : Cut
        Which page is asked for.
    is_distinct : bool
        Whether each is there once.
    """
    if is_distinct:
        rows = sorted(rows, key=lambda row: row["id"])
    elif endpoint.order:
        mixed = random.Random(f"{endpoint.name} {cut.limit} {cut.offset}")  # noqa: S311  # no secret
        rows = mixed.sample(rows, len(rows))
    for column in reversed(endpoint.order):
        values = values_at(store, MODELS[endpoint.name], column.removeprefix("-"))
        key = _key(values)
        rows = sorted(rows, key=key, reverse=column.startswith("-"))
    return rows


def _key(values: Any) -> Any:
    def key(row: Row) -> tuple[bool, Any]:
        value = values(row)[0]
        # Null is more than anything.
        return (value is None, 0 if value is None else value)

    return key


def envelope(
    count: int, cut: Cut, address: str, params: Mapping[str, str], rows: list[Any]
) -> dict[str, Any]:
    """Return the answer with a page in it, and where its neighbours are.

    Parameters
    ----------
    count : int
        Rows on all pages.
    cut : Cut
        The page.
    address : str
        Of the list, without its parameters.
    params : mapping
        Those parameters.
    rows : list
        Of the page.
    """
    after = cut.offset + cut.limit
    before = cut.offset - cut.limit
    told = {**params, "limit": str(cut.limit)}
    more, less = {**told, "offset": str(after)}, {**told, "offset": str(before)}
    if before <= 0:
        del less["offset"]
    return {
        "count": count,
        "next": f"{address}?{urlencode(sorted(more.items()))}" if after < count else None,
        "previous": f"{address}?{urlencode(sorted(less.items()))}" if cut.offset > 0 else None,
        "results": rows,
    }
