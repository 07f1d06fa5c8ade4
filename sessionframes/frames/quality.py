"""Which units are good enough, by rules that are told and whose cuts are counted."""

from __future__ import annotations

import json
import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sessionframes.errors import JoinError, QueryError
from sessionframes.frames.parts import part_of
from sessionframes.frames.provenance import attach, merged
from sessionframes.query.shown import shown
from sessionframes.query.values import texts
from sessionframes.tables.summaries import STRUCTURE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from sessionframes.frames.parts import Part

    Mask = npt.NDArray[np.bool_]

_KEY = "unit_id"


@dataclass(frozen=True)
class _Rule:
    """One rule, and the rows of a frame that fail it."""

    text: str
    fails: Mask
    nulls: Mask


def quality_filter(
    units: pd.DataFrame,
    *,
    amplitude_cutoff_maximum: float | None = 0.1,
    presence_ratio_minimum: float | None = 0.95,
    isi_violations_maximum: float | None = 0.5,
    quality: str | Iterable[str] | None = "good",
    in_brain: bool = True,
) -> pd.DataFrame:
    """Return the units that are good enough for most analyses: AllenSDK's cut, with its numbers.

    The numbers are those by which AllenSDK's ``EcephysProjectCache.get_units`` filters if not told otherwise
    (its ``UNIT_FILTER_DEFAULTS``). They are a convention: what is good enough depends on the question.

    Parameters
    ----------
    units : pandas.DataFrame
        Units as ``get_units`` returns them; with ``structure_acronym`` for `in_brain`, which
        ``get_units(join="channels")`` brings.
    amplitude_cutoff_maximum : float, optional
        Keep units whose ``amplitude_cutoff`` (estimated fraction of spikes missed) is this or less.
    presence_ratio_minimum : float, optional
        Keep units whose ``presence_ratio`` (fraction of the session with spikes) is this or more.
    isi_violations_maximum : float, optional
        Keep units whose ``isi_violations`` (ratio of contaminating to own spikes) is this or less.
    quality : str or iterable of str, optional
        Keep units that curation called this, or one of these.
    in_brain : bool
        Keep units whose peak channel has a ``structure_acronym``. As in AllenSDK a channel without a
        structure is outside the brain or not localised, which cannot be told apart, and one of any structure
        is inside, be it as coarse as "root" or "grey".

    Returns
    -------
    pandas.DataFrame
        The units that keep all rules, in their order; index, columns, dtypes and physical units as they were.
        A null fails the rule about its column, as in AllenSDK. A rule that is None (False for `in_brain`) is
        off, and nulls pass it too; AllenSDK's None lifts the limit but still drops nulls, as infinity does
        here. The provenance (``step`` "quality_filter") tells ``rows``, ``kept`` and ``rules``: how many rows
        each ``rule`` ``cut``, of these how many because of a ``null``, and how many that no other rule
        (``alone``) would have cut.

    Raises
    ------
    sessionframes.errors.QueryError
        No frame of units, one without a column that a rule is about, or a limit that is no number of 0 or
        more.

    Examples
    --------
    >>> import json
    >>> import sessionframes as sf
    >>> from sessionframes.frames.quality import quality_filter
    >>> with sf.connect("demo", progress=False) as db:
    ...     units = db.get_units(join="channels")
    >>> good = quality_filter(units, presence_ratio_minimum=0.9)
    >>> set(good["quality"])
    {'good'}
    >>> json.loads(good.attrs["sessionframes"])["rules"][1]["rule"]
    'presence_ratio >= 0.9'
    """
    part = _units_of(units)
    if not isinstance(in_brain, bool | np.bool_):
        message = f"in_brain is {shown(in_brain)}."
        raise QueryError(message, table=part.name, hint="Say True or False.")
    measured = (
        ("amplitude_cutoff", "maximum", amplitude_cutoff_maximum),
        ("presence_ratio", "minimum", presence_ratio_minimum),
        ("isi_violations", "maximum", isi_violations_maximum),
    )
    rules = [_limit(part, *told) for told in measured if told[2] is not None]
    wanted = texts(quality, "quality")
    if wanted is not None:
        rules.append(_called(part, wanted))
    if in_brain:
        rules.append(_in_brain(part))
    return _cut(part, rules)


def _units_of(units: Any) -> Part:
    try:
        part = part_of(units)
    except JoinError as error:
        raise QueryError(error.message, table=error.table, hint=error.hint) from None
    if part.key != _KEY:
        message = f"these are {part.name}, not units."
        raise QueryError(message, table=part.name, hint="Give units as get_units returns them.")
    return part


def _limit(part: Part, column: str, side: str, value: Any) -> _Rule:
    argument = f"{column}_{side}"
    limit = _number(value)
    if limit is None or not limit >= 0:
        message = f"{argument} is {shown(value)}."
        raise QueryError(message, table=part.name, column=column, hint="Give a number of 0 or more, or None.")
    values = _column(part, column, f"{argument}=None")
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        message = f"this column is {values.dtype}, no number."
        raise QueryError(message, table=part.name, column=column, hint="Convert it by astype('float64').")
    found = values.to_numpy(dtype=np.float64, na_value=np.nan)
    # A comparison with NaN is false, so a null fails either way.
    holds = found <= limit if side == "maximum" else found >= limit
    return _Rule(f"{column} {'<=' if side == 'maximum' else '>='} {limit!r}", ~holds, np.isnan(found))


def _number(value: Any) -> float | None:
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _called(part: Part, wanted: tuple[str, ...]) -> _Rule:
    values = _column(part, "quality", "quality=None")
    listed = json.dumps(wanted[0] if len(wanted) == 1 else wanted, ensure_ascii=False)
    text = f"quality {'=' if len(wanted) == 1 else 'in'} {listed}"
    return _Rule(text, ~np.asarray(values.isin(wanted)), np.asarray(values.isna()))


def _in_brain(part: Part) -> _Rule:
    nulls = np.asarray(_column(part, STRUCTURE, "in_brain=False").isna())
    return _Rule(f"{STRUCTURE} is not null", nulls, nulls)


def _column(part: Part, name: str, off: str) -> pd.Series[Any]:
    if name in part.frame:
        column: pd.Series[Any] = part.frame[name]
        return column
    message = "the frame has no such column."
    how = 'get_units(join="channels")' if name == STRUCTURE else f"columns=[{name!r}, ...]"
    raise QueryError(message, table=part.name, column=name, hint=f"Get it by {how}, or say {off}.")


def _cut(part: Part, rules: list[_Rule]) -> pd.DataFrame:
    failed = np.zeros(len(part.frame), dtype=np.int64)
    for rule in rules:
        failed += rule.fails
    told = [
        {
            "rule": rule.text,
            "cut": int(rule.fails.sum()),
            "null": int(rule.nulls.sum()),
            "alone": int((rule.fails & (failed == 1)).sum()),
        }
        for rule in rules
    ]
    kept = part.frame.loc[failed == 0]
    origins = [part.origin or {"table": part.name}]
    counts = {"rows": len(part.frame), "kept": len(kept)}
    return attach(kept, merged("quality_filter", part.form, origins, **counts, rules=told))
