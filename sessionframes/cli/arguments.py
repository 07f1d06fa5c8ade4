"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import sys
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from sessionframes.config import nearest
from sessionframes.errors import QueryError
from sessionframes.query.text import parse
from sessionframes.tables.kinds import LEVELS

if TYPE_CHECKING:
    from sessionframes.connection import Connection


_IDS = (*LEVELS, "asset_id")
#: Options that are arguments of a ``get_*`` call by the same name.
_PLAIN = (
    *("subject_id", "date", "start_date", "end_date", "published_at"),
    *("join", "columns", "order_by", "limit"),
)


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add how the source is reached."""
    parser.add_argument(
        "--source",
        default="demo",
        metavar="NAME",
        help="a source, an entry of the config file, a URL, or the directory of an export "
        "(default: %(default)s)",
    )
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the source."""
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_pair,
        help="an option of the source, such as host=limsdb2; passwords are better in the environment",
    )


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add what the rows are to fulfil."""
    for level in _IDS:
        name = level.removesuffix("_id")
        parser.add_argument(
            f"--{name}-ids",
            metavar="IDS",
            action="extend",
            type=listed,
            help=f"only of these {name}s: ids with commas",
        )
    parser.add_argument(
        "--where",
        action="append",
        metavar="FILTER",
        help='a filter on columns, such as "snr__gte=1.5 & ~structure_acronym__startswith=VIS"; '
        "say it again for several that must all hold",
    )
    parser.add_argument(
        "--subject-id", metavar="IDS", action="extend", type=listed, help="only of these subjects"
    )
    parser.add_argument("--date", metavar="DAY", help="sessions of that day, in UTC or by the rig's clock")
    parser.add_argument("--start-date", metavar="DATE", help="sessions of then or later")
    parser.add_argument(
        "--end-date", metavar="DATE", help="sessions of then or before; a day is included whole"
    )
    parser.add_argument("--published-at", metavar="DATE", help="sessions published that day or before")
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_pair,
        help="another argument of the table, such as session_types=functional_connectivity; "
        "say it again for several values",
    )
    parser.add_argument(
        "--include-unusable", action="store_true", help="also what the source marks as not usable"
    )
    parser.add_argument(
        "--on-invalid",
        choices=["raise", "report"],
        default="raise",
        help="rows that break what the table promises: fail, or leave them out and say so (default: raise)",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def add_shape(parser: argparse.ArgumentParser) -> None:
    """Add which columns, in which order, and how many rows."""
    parser.add_argument(
        "--join",
        metavar="TABLES",
        action="extend",
        type=listed,
        help="tables above whose columns to have too, with commas, such as channels,probes",
    )
    parser.add_argument(
        "--columns", metavar="NAMES", action="extend", type=listed, help="only these, with commas"
    )
    parser.add_argument(
        "--order-by",
        metavar="NAMES",
        action="extend",
        type=listed,
        help="columns with commas; --order-by=-snr for the largest first",
    )
    parser.add_argument("--limit", metavar="N", type=int, help="how many rows at most")


def connect(told: argparse.Namespace) -> Connection:
    """Return the open source that was asked for."""
    from sessionframes.registry import DEMO
    from sessionframes.registry import connect as connect_to

    if told.source == DEMO and not told.quiet:
        # It is the default: nobody is to take it for their own data.
        sys.stderr.write("demo: made-up labs\n")

    return connect_to(told.source, **dict(told.option))


def filters(told: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of a ``get_*`` call that were given.

    Raises
    ------
    sessionframes.errors.QueryError
        One is given twice.
    """
    names = (*(f"{level}s" for level in _IDS), *_PLAIN)
    filters = {name: getattr(told, name) for name in names if getattr(told, name, None) is not None}
    if told.where:
        filters["where"] = reduce(and_, map(parse, told.where))
    if told.include_unusable:
        filters["include_unusable"] = True
    more = _gathered(told.filter)
    if twice := filters.keys() & more.keys():
        message = f"{sorted(twice)[0]!r} is given by an option of its own and by --filter."
        raise QueryError(message, hint="Say it once.")
    return filters | more


def check_filters(given: dict[str, Any], takes: tuple[str, ...], table: str) -> None:
    """Refuse a filter that the table does not take, by the name it has on the command line.

    Raises
    ------
    sessionframes.errors.QueryError
        There is one.
    """
    for name in given:
        if name not in takes:
            message = f"there is no filter {name!r}."
            hint = f"{nearest(name, takes)} Filters on columns go into --where."
            raise QueryError(message, table=table, hint=hint)


def listed(text: str) -> list[str]:
    """Return the parts of a text between its commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return each name with its value, or with all of them where it was said several times."""
    found: dict[str, Any] = {}
    for name, text in pairs:
        value = _value(text)
        found[name] = [*_as_list(found[name]), value] if name in found else value
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _value(text: str) -> Any:
    return {"true": True, "false": False}.get(text.lower(), text)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        message = f"{text!r} is not NAME=VALUE"
        raise argparse.ArgumentTypeError(message)
    return name, value
