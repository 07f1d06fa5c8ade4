"""What Code Ocean finds: its query language, filters and order, as far as documented or observed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionframes.demo.aind.replies import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Asset = dict[str, Any]

#: Longer words are found nowhere: the index keeps no longer pieces of names.
LONGEST_WORD = 20
_SORTED_BY = ("created", "type", "name", "size")
_CHOICES = {
    "type": ("dataset", "result", "combined", "model"),
    "ownership": ("created", "shared"),
    "origin": ("internal", "external"),
    "sort_field": _SORTED_BY,
    "sort_order": ("asc", "desc"),
}
#: Free text is looked for in these, and not in custom metadata.
_FREE_TEXT = ("name", "tags", "description")
_WORD = re.compile(r'"([^"]*)"|(\S+)')


def search(assets: Iterable[Asset], told: Mapping[str, Any]) -> list[Asset]:
    """Return the assets that a search finds, in its order.

    Parameters
    ----------
    assets : iterable of dict
        All of them. Our own are ``_archived``, ``_favorite`` and ``_ownership``, which are never sent.
    told : mapping
        The body of the request; what is null is not asked for.

    Raises
    ------
    Refusal
        A value that there is not.
    """
    asked = {name: value for name, value in told.items() if value is not None}
    for name, choices in _CHOICES.items():
        if name in asked and asked[name] not in choices:
            raise Refusal(400, f"invalid {name}: {asked[name]!r}")
    if ("sort_field" in asked) != ("sort_order" in asked):
        raise Refusal(400, "sort_field and sort_order must be provided together")
    query = asked.get("query", "")
    if not isinstance(query, str):
        raise Refusal(400, "invalid query")
    every = list(assets)
    wanted = _Query.read(query, every)
    filters = [_filter(one) for one in asked.get("filters", [])]
    found = [
        asset
        for asset in every
        if _is_asked_for(asset, asked) and wanted.finds(asset) and all(fits(asset) for fits in filters)
    ]
    if "sort_field" in asked:
        key = asked["sort_field"]
        found.sort(key=lambda asset: _sort_key(asset.get(key)), reverse=asked["sort_order"] == "desc")
    return found


def _is_asked_for(asset: Asset, asked: Mapping[str, Any]) -> bool:
    bucket = asset.get("source_bucket")
    bucket = bucket if isinstance(bucket, dict) else {}
    origin = "external" if bucket.get("external") else "internal"
    ownership = asset.get("_ownership", "shared")
    return (
        asked.get("type", asset.get("type")) == asset.get("type")
        and asked.get("origin", origin) == origin
        and asked.get("ownership", ownership) == ownership
        and bool(asked.get("archived")) == asset.get("_archived", False)
        and (not asked.get("favorite") or asset.get("_favorite", False))
    )


@dataclass(frozen=True)
class _Query:
    """Words to look for: any of those of a field, and something of each field."""

    fields: Mapping[str, list[str]]

    @classmethod
    def read(cls, text: str, assets: list[Asset]) -> _Query:
        custom = {key for asset in assets for key in asset.get("custom_metadata") or {}}
        # The longest first: a custom field's name may end with another's.
        names = sorted({*_PLACES, *map(str.lower, custom)}, key=lambda name: (-len(name), name))
        told = re.compile(
            rf"(?:(?<=\s)|^)({'|'.join(map(re.escape, names))}):\s*(\"[^\"]*\"|\S+)", re.IGNORECASE
        )
        fields: dict[str, list[str]] = {}
        for name, value in told.findall(text):
            fields.setdefault(name.lower(), []).append(value.strip('"').lower())
        free = [(phrase or word).lower() for phrase, word in _WORD.findall(told.sub(" ", text))]
        return cls({**fields, **({"": free} if free else {})})

    def finds(self, asset: Asset) -> bool:
        return all(any(_finds(asset, field, word) for word in words) for field, words in self.fields.items())


def _finds(asset: Asset, field: str, word: str) -> bool:
    if field in ("", "name"):
        texts = _texts(asset, ("name",) if field else _FREE_TEXT)
        return 0 < len(word) <= LONGEST_WORD and any(word in text.lower() for text in texts)
    if field in _PLACES:
        return word in (str(value).lower() for value in _PLACES[field](asset))
    custom = asset.get("custom_metadata") or {}
    return any(key.lower() == field and str(value).lower() == word for key, value in custom.items())


def _texts(asset: Asset, names: Iterable[str]) -> list[str]:
    texts: list[str] = []
    for name in names:
        value = asset.get(name)
        found = value if isinstance(value, list) else [value]
        texts += [one for one in found if isinstance(one, str)]
    return texts


def _of_provenance(key: str) -> Callable[[Asset], list[Any]]:
    def values(asset: Asset) -> list[Any]:
        value = (asset.get("provenance") or {}).get(key)
        return [] if value is None else [value]

    return values


_PLACES: dict[str, Callable[[Asset], list[Any]]] = {
    "name": lambda asset: _texts(asset, ["name"]),
    "tag": lambda asset: _texts(asset, ["tags"]),
    "run_script": _of_provenance("run_script"),
    "commit_id": _of_provenance("commit"),
    "contained_data_id": lambda asset: [one["id"] for one in asset.get("contained_data_assets") or []],
}


def _filter(told: Any) -> Callable[[Asset], bool]:
    if not isinstance(told, dict) or not isinstance(told.get("key"), str):
        raise Refusal(400, "a filter needs a key")
    key, bounds = told["key"], told.get("range")
    wanted = [*(told.get("values") or []), *([] if told.get("value") is None else [told["value"]])]
    if not wanted and bounds is None:
        raise Refusal(400, f"the filter of {key!r} needs a value, values or a range")

    def fits(asset: Asset) -> bool:
        values = _values(asset, key)
        if bounds is not None:
            numbers = [value for value in values if isinstance(value, (int, float))]
            found = any(bounds["min"] <= number <= bounds["max"] for number in numbers)
        else:
            found = any(str(one).lower() == str(value).lower() for one in wanted for value in values)
        return found != bool(told.get("exclude"))

    return fits


def _values(asset: Asset, key: str) -> list[Any]:
    own = asset.get(key) if key in _FREE_TEXT else (asset.get("custom_metadata") or {}).get(key)
    return own if isinstance(own, list) else [] if own is None else [own]


def _sort_key(value: Any) -> tuple[bool, bool, Any]:
    return (value is not None, isinstance(value, str), value)
