"""Filters by chance, about a table at hand: of what is there, of what is beside it, of something else."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import takewhile

from hypothesis import strategies as st

from sessionframes import Q
from sessionframes.query.binding import LOOKUPS, PARTS
from sessionframes.query.json_values import ABSENT, at
from tests.query.by_hand import CALENDAR
from tests.query.patterns_by_chance import patterns
from tests.query.stored import COLUMNS
from tests.query.strategies import IDS, INSTANTS, JSON, KEYS, NUMBERS, STEPS, TEXTS, WHOLE, pick

DEEPEST = 4
ORDER = ("gt", "gte", "lt", "lte")
_OF_TEXT = ("icontains", "startswith", "istartswith", "endswith", "iendswith", "regex", "iregex")
SEVERAL = ("in", "has_all", "contained_by", "overlap", "has_keys", "has_any_keys")
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(-timedelta(hours=7, minutes=30))])
_TICK = timedelta(microseconds=1)
_HOW = st.sampled_from(["own", "own", "near", "any"])
_SHAPES = st.sampled_from(["term", "keywords", "not", "and", "and", "or", "or"])
#: So many terms in one Q; with none it holds always.
_FEW = st.sampled_from([2, 2, 2, 3, 1, 0])
#: How often a column is asked of: there is more to ask of JSON than of flags.
_WEIGHTS = {"qc": 12, "began": 4, "label": 4, "snr": 3, "rig_id": 2, "tags": 4}
#: How far filters lead into JSON.
_FARTHEST = 3
#: What lookups on JSON are for, where not for all of it.
_TYPES = {
    **dict.fromkeys([*_OF_TEXT, "iexact"], str),
    **dict.fromkeys([*ORDER, "range"], str | int | float),
    **dict.fromkeys(["contains", "contained_by", "has_key", "has_keys", "has_any_keys"], dict | list),
}


@st.composite
def questions(draw, table, deepest=DEEPEST):
    """A filter on the columns of a table, up to so deep."""
    return _tree(draw, table, draw(st.integers(0, deepest)))


def _tree(draw, table, depth):
    shape = draw(_SHAPES) if depth else "term"
    if shape == "term":
        return _term(draw, table)
    if shape == "not":
        return ~_tree(draw, table, depth - 1)
    if shape == "keywords":
        terms = [_term(draw, table) for _ in range(draw(_FEW))]
        return Q(**{term.name: term.value for term in terms})
    left, right = (_tree(draw, table, depth - 1) for _ in range(2))
    return left & right if shape == "and" else left | right


def _term(draw, table):
    name = pick(draw, [name for name in table.names for _ in range(_WEIGHTS.get(name, 1))])
    kind = COLUMNS[name].kind
    if kind == "json":
        return _json_term(draw, table, name)
    owns, path = table.own(name), [name]
    if kind == "instant":
        part = pick(draw, (None, None, None, None, *PARTS))
        if part is not None:
            owns, path = [CALENDAR[part](own) for own in owns], [name, part]
            kind = part if part in ("date", "time") else "integer"
    if kind == "texts":
        owns = [text for own in owns for text in own if text is not None]
    lookup = pick(draw, LOOKUPS[kind])
    value = _value(draw, kind, lookup, owns, is_id=COLUMNS[name].field.id_kind is not None)
    is_told = lookup != "exact" or draw(st.booleans())
    return Q(**{"__".join([*path, lookup] if is_told else path): value})


def _value(draw, kind, lookup, owns, *, is_id=False):
    if lookup == "isnull":
        return draw(st.booleans())
    if kind in ("text", "texts") and lookup not in ("exact", *SEVERAL, *ORDER, "range"):
        return _of_text(draw, lookup, owns)
    if lookup == "exact" and draw(st.integers(0, 9)) == 0:
        return None
    count = {"range": 2}.get(lookup) or (draw(st.integers(0, 4)) if lookup in SEVERAL else 1)
    bounds = lookup in ("range", *ORDER)
    ones = [_one(draw, kind, owns) for _ in range(count)]
    if lookup == "range" and draw(st.booleans()):
        ones.sort()
    values = [_spelt(draw, kind, one, bounds=bounds, is_id=is_id) for one in ones]
    return values if lookup in SEVERAL or lookup == "range" else values[0]


def _one(draw, kind, owns):
    """A value that is there, or next to one that is, or any."""
    how = draw(_HOW) if owns else "any"
    if how == "any":
        return draw(_ANY[kind])
    own = pick(draw, owns)
    return own if how == "own" else _NEAR[kind](draw, own)


def _near_whole(draw, own):
    return min(max(own + pick(draw, [-1, 1]), -(2**63)), 2**63 - 1)


def _near_number(draw, own):
    return pick(draw, [math.nextafter(own, math.inf), math.nextafter(own, -math.inf), -own])


def _near_flag(draw, own):
    return draw(st.just(not own))


def _near_text(draw, own):
    cut = draw(st.integers(0, len(own)))
    return pick(
        draw,
        [own.swapcase(), own.upper(), own.lower(), own[:cut], own[cut:], own + "a", own + own, own[::-1]],
    )


def _near_instant(draw, own):
    return _moved(own, pick(draw, [_TICK, -_TICK, timedelta(days=1), timedelta(hours=-1)]))


def _near_date(draw, own):
    return _moved(own, timedelta(days=pick(draw, [-1, 1])))


def _near_time(draw, own):
    return _moved(datetime.combine(date(2020, 1, 1), own), pick(draw, [_TICK, -_TICK])).time()


def _moved(when, step):
    try:
        return when + step
    except OverflowError:
        return when


_NEAR = {
    "integer": _near_whole,
    "number": _near_number,
    "flag": _near_flag,
    "text": _near_text,
    "texts": _near_text,
    "instant": _near_instant,
    "date": _near_date,
    "time": _near_time,
}
_ANY = {
    "integer": st.one_of(st.integers(-1, 60), WHOLE, IDS),
    "number": NUMBERS,
    "flag": st.booleans(),
    "text": TEXTS,
    "texts": TEXTS,
    "instant": INSTANTS,
    "date": INSTANTS.map(datetime.date),
    "time": INSTANTS.map(datetime.time),
}


def _spelt(draw, kind, value, *, bounds, is_id):
    """One of the ways in which users write a value."""
    way = draw(st.integers(0, 5))
    if kind == "integer":
        return _spelt_whole(draw, value, way, bounds=bounds, is_id=is_id)
    if kind == "number" and way == 0 and value.is_integer():
        return int(value)
    if kind == "number" and way == 1 and math.isfinite(value):
        return Decimal(value)
    if kind == "instant":
        return _spelt_instant(draw, value, way)
    return value.isoformat() if kind in ("date", "time") and way < 3 else value


def _spelt_whole(draw, value, way, *, bounds, is_id):
    if bounds:
        if way == 0:
            return pick(draw, [math.inf, -math.inf, 2.0**63, -(2.0**63), 2**64, -1e300])
        return value + 0.5 if way == 1 else value
    if is_id and way == 0:
        return str(value)
    return float(value) if way == 1 and abs(value) < 2**53 else value


def _spelt_instant(draw, value, way):
    if way == 0:
        return value.date()
    if way == 1:
        return value.date().isoformat()
    if way == 2:
        return value.replace(tzinfo=None)
    if way == 3:
        return value.isoformat()
    try:
        return value.astimezone(draw(_ZONES))
    except OverflowError:
        return value


def _of_text(draw, lookup, owns):
    """A text to look for in texts."""
    own = pick(draw, owns) if owns else ""
    if lookup in ("regex", "iregex"):
        return draw(patterns(own))
    how = draw(_HOW)
    if how == "any":
        return draw(TEXTS)
    first, last = sorted((draw(st.integers(0, len(own))), draw(st.integers(0, len(own)))))
    if "startswith" in lookup:
        first = 0
    if "endswith" in lookup:
        last = len(own)
    part = own if lookup == "iexact" else own[first:last]
    return _near_text(draw, part) if how == "near" or lookup == "iexact" else part


def _json_term(draw, table, name):
    lookup = pick(draw, LOOKUPS["json"])
    nests = [json.loads(text) for text in table.own(name)]
    path = _path(draw, nests, lookup)
    owns = [_finite(own) for own in (at(nest, path) for nest in nests) if own is not ABSENT]
    told = [name, *path, lookup]
    if lookup == "exact" and (not path or path[-1] not in LOOKUPS["json"]) and draw(st.booleans()):
        told.pop()
    return Q(**{"__".join(told): _json_value(draw, lookup, owns, is_within=bool(path))})


def _path(draw, nests, lookup):
    """The way to something in one of several nests, mostly of a type that the lookup is for; or past it."""
    places = [place for nest in nests for place in _places(nest, ())]
    fit = [place for place in places if isinstance(place[1], _TYPES.get(lookup, object))]
    path = list(pick(draw, fit or places)[0]) if places else []
    if draw(st.integers(0, 9)) == 0:
        path = path[: draw(st.integers(0, len(path)))]
    path += [draw(STEPS)] if draw(st.integers(0, 9)) == 0 else []
    if path and path[-1].isdecimal() and draw(st.integers(0, 4)) == 0:
        # What looks like an index may be none.
        path[-1] = pick(draw, ["+", " ", "0", "-"]) + path[-1]
    # Names cannot say some keys.
    return list(takewhile(lambda step: "__" not in step and not step.endswith("_"), path))


def _places(nest, path):
    """Every way into a nest, with what is there; of a list, from either end."""
    yield path, nest
    if len(path) == _FARTHEST:
        return
    if isinstance(nest, dict):
        for key, item in nest.items():
            yield from _places(item, (*path, key))
    if isinstance(nest, list):
        for index, item in enumerate(nest):
            yield from _places(item, (*path, str(index)))
            yield from _places(item, (*path, str(index - len(nest))))


def _finite(nest):
    """A nest whose numbers a filter may have."""
    if isinstance(nest, dict):
        return {key: _finite(item) for key, item in nest.items()}
    if isinstance(nest, list):
        return [_finite(item) for item in nest]
    return math.copysign(1e308, nest) if isinstance(nest, float) and math.isinf(nest) else nest


def _nest(draw):
    return _finite(json.loads(draw(JSON)))


def _json_value(draw, lookup, owns, *, is_within):
    if lookup == "isnull":
        return draw(st.booleans())
    if lookup in ("has_key", "has_keys", "has_any_keys"):
        keys = [draw(_key_of(owns)) for _ in range(1 if lookup == "has_key" else draw(st.integers(0, 3)))]
        return keys[0] if lookup == "has_key" else keys
    if lookup == "in":
        several = [_json_one(draw, owns) for _ in range(draw(st.integers(0, 4)))]
        # A null of JSON is a value, that of a column is none.
        return several if is_within else [one for one in several if one is not None]
    if lookup in ("exact", "contains", "contained_by"):
        one = _json_one(draw, owns)
        change = {"contains": _less, "contained_by": _more}.get(lookup)
        return change(draw, one) if change and draw(st.booleans()) else one
    if lookup in ORDER or lookup == "range":
        ends = [_comparable(draw, owns) for _ in range(2)]
        return ends if lookup == "range" else ends[0]
    return _of_text(draw, lookup, [own for own in owns if isinstance(own, str)])


def _json_one(draw, owns):
    how = pick(draw, ["own", "near", "any"]) if owns else "any"
    if how == "any":
        return _nest(draw)
    own = pick(draw, owns)
    return own if how == "own" else _near_json(draw, own)


def _near_json(draw, own):
    """What is nearly a value: of another type, longer, shorter, in another order."""
    others = [[own], {"a": own}, json.dumps(own), None]
    if isinstance(own, bool) or own in (0, 1):
        # The same to Python.
        others = [own == 1, int(own), float(own), str(own)]
    elif isinstance(own, int | float):
        others += [own + 1, -own, float(own) if abs(own) < 2**53 else own]
    elif isinstance(own, list):
        others += [own[::-1], own[1:], own + own[:1]]
    elif isinstance(own, dict):
        others += [dict(list(own.items())[1:]), own | {"b": 1}]
    elif isinstance(own, str):
        others += [own.swapcase(), own[:1], own + "a"]
    return _finite(pick(draw, others))


def _comparable(draw, owns):
    near = [own for own in owns if isinstance(own, str | int | float) and not isinstance(own, bool)]
    if not near or draw(st.integers(0, 3)) == 0:
        return draw(st.one_of(st.integers(-2, 2), NUMBERS.filter(math.isfinite), TEXTS, st.just(10**30)))
    own = pick(draw, near)
    if isinstance(own, str):
        return _near_text(draw, own) if draw(st.booleans()) else own
    near = pick(draw, [own, own + 1, own - 1, -own, own / 2 if abs(own) < 2**53 else own])
    return own if isinstance(near, float) and math.isinf(near) else near


def _key_of(owns):
    keys = {"a"}
    for own in owns:
        keys |= set(own) if isinstance(own, dict) else set()
        found = own if isinstance(own, list) else [own]
        keys |= {text for text in found if isinstance(text, str)}
    return st.one_of(st.sampled_from(sorted(keys)), st.sampled_from(sorted(keys)), KEYS)


def _less(draw, whole):
    """A part that a nest contains."""
    if isinstance(whole, dict):
        return {key: _less(draw, item) for key, item in whole.items() if draw(st.booleans())}
    if isinstance(whole, list):
        # Of lists alone it holds that they contain a bare scalar.
        if whole and draw(st.booleans()):
            return pick(draw, whole)
        some = [_less(draw, item) for item in whole if draw(st.booleans())]
        return some + some[:1]
    return whole


def _more(draw, part):
    """A nest that contains a part."""
    if isinstance(part, dict):
        return {key: _more(draw, item) for key, item in part.items()} | {draw(KEYS): 1}
    if isinstance(part, list):
        return [pick(draw, [None, 1, "a"]), *(_more(draw, item) for item in part)]
    return [part, "a"] if draw(st.integers(0, 3)) == 0 else part
