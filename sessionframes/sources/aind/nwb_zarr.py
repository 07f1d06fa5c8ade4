"""NWB files in Zarr's second format, as hdmf-zarr writes them: the columns of a table, and no byte of others.

All chunks that are wanted are fetched at the same time. Zarr itself would fetch them one after the other,
take a chunk that was lost for zeros, and run what is pickled.
"""

from __future__ import annotations

import io
import json
import math
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from sessionframes.sources.aind.storage import Storage

__all__ = ["ZarrFile"]

_ARRAY, _ATTRIBUTES, _GROUP, _ALL = ".zarray", ".zattrs", ".zgroup", ".zmetadata"
#: What hdmf-zarr says of columns that point to objects.
_POINTERS = ("object", "region", "compound")
#: What a pickled array of texts is made of.
_OF_ARRAYS = frozenset(
    {
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
    }
)


class ZarrFile:
    """An NWB file in Zarr's format, as :class:`~sessionframes.sources.aind.nwb.NwbFile` needs it.

    Parameters
    ----------
    storage : Storage
        Where it is.
    url : str
        Of its folder.
    """

    def __init__(self, storage: Storage, url: str) -> None:
        self._storage = storage
        self._url = url.rstrip("/")
        (whole,) = self._read([_ALL])
        root, newer = (whole, None) if whole is not None else self._read([_GROUP, "zarr.json"])
        if root is None and newer is not None:
            message = "it is in Zarr's third format, which is not read yet"
            raise ValueError(message)
        if root is None:
            message = "there is no such folder, or it is no Zarr group"
            raise FileNotFoundError(message)
        self._told: dict[str, Any] | None = None if whole is None else json.loads(whole)["metadata"]

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def describe(self, table: str) -> dict[str, Mapping[str, Any]] | None:
        """Return of each array of a table its shape, dtype and attributes; None if there is no such table."""
        if self._told is None:
            return self._listed(table)
        if f"{table}/{_GROUP}" not in self._told:
            return None
        names = [
            path.split("/")[-2]
            for path in self._told
            if path.startswith(f"{table}/")
            and path.endswith(f"/{_ARRAY}")
            and path.count("/") == table.count("/") + 2
        ]
        attributes = self._told.get(f"{table}/{_ATTRIBUTES}", {})
        found = {
            name: self._described(
                self._told[f"{table}/{name}/{_ARRAY}"], self._told.get(f"{table}/{name}/{_ATTRIBUTES}", {})
            )
            for name in names
        }
        return {"": {"attributes": attributes}, **found}

    def _listed(self, table: str) -> dict[str, Mapping[str, Any]] | None:
        """Return the same where what there is was not put together."""
        names = self._storage.list(f"{self._url}/{table}", folders_only=True)
        if not names:
            return None
        texts = self._read([f"{table}/{name}/{kind}" for name in names for kind in (_ARRAY, _ATTRIBUTES)])
        (own,) = self._read([f"{table}/{_ATTRIBUTES}"])
        found: dict[str, Mapping[str, Any]] = {"": {"attributes": json.loads(own or b"{}")}}
        for name, array, attributes in zip(names, texts[::2], texts[1::2], strict=True):
            if array is not None:
                found[name] = self._described(json.loads(array), json.loads(attributes or b"{}"))
        return found

    @staticmethod
    def _described(array: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
        is_pointer = array["dtype"] == "|O" and attributes.get("zarr_dtype") in _POINTERS
        is_plain = isinstance(array["dtype"], str) and not is_pointer
        return {"shape": tuple(array["shape"]), "attributes": attributes, "plain": is_plain, "array": array}

    def read(self, table: str, described: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the values of arrays, or, for one that cannot be read, the error that says why.

        Parameters
        ----------
        table : str
            Its path.
        described : mapping
            Some of what :meth:`describe` returned: arrays of one dimension.
        """
        keys = {name: _chunks(one["array"]) for name, one in described.items()}
        found = iter(self._read([f"{table}/{name}/{key}" for name, some in keys.items() for key in some]))
        values: dict[str, Any] = {}
        for name, some in keys.items():
            chunks = [next(found) for _ in some]
            try:
                values[name] = _decoded(described[name]["array"], chunks)
            except ConfigError:
                raise
            except Exception as error:  # noqa: BLE001  decoders fail in all ways, and the caller tells them
                values[name] = error
        return values

    def _read(self, paths: Sequence[str]) -> list[bytes | None]:
        return self._storage.read_all([f"{self._url}/{path}" for path in paths])


def _chunks(array: Mapping[str, Any]) -> list[str]:
    (length,), (size,) = array["shape"], array["chunks"]
    return [str(number) for number in range(math.ceil(length / size))]


def _decoded(array: Mapping[str, Any], chunks: Sequence[bytes | None]) -> npt.NDArray[Any]:
    (length,), (size,) = array["shape"], array["chunks"]
    dtype = np.dtype(array["dtype"])
    parts: list[npt.NDArray[Any]] = []
    for number, chunk in enumerate(chunks):
        if chunk is None:
            message = f"chunk {number} of {len(chunks)} is not there"
            raise ValueError(message)
        try:
            values = _chunk(array, chunk, dtype)
        except (ConfigError, pickle.UnpicklingError):
            raise
        except Exception as error:
            message = f"chunk {number} of {len(chunks)} is damaged or cut ({error})"
            raise ValueError(message) from error
        if len(values) != size:
            message = f"chunk {number} of {len(chunks)} has {len(values)} values instead of {size}"
            raise ValueError(message)
        parts.append(values)
    return np.concatenate(parts)[:length] if parts else np.empty(0, dtype)


def _chunk(array: Mapping[str, Any], chunk: bytes, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    content: Any = chunk
    if array.get("compressor"):
        _check_whole(array["compressor"], chunk)
        content = _codec(array["compressor"]).decode(content)
    for told in reversed(array.get("filters") or []):
        content = _unpickled(content) if told["id"] == "pickle" else _codec(told).decode(content)
    if dtype.hasobject:
        return np.asarray(content, dtype=object).reshape(-1)
    return np.frombuffer(content, dtype=dtype)


def _check_whole(compressor: Mapping[str, Any], chunk: bytes) -> None:
    """Refuse what Blosc would read beyond its end: it looks at the size that is written there alone."""
    if compressor["id"] == "blosc":
        size = int.from_bytes(chunk[12:16], "little")
        if size != len(chunk):
            message = f"{len(chunk)} bytes instead of {size}"
            raise ValueError(message)


def _codec(told: Mapping[str, Any]) -> Any:
    try:
        from numcodecs import get_codec
    except ImportError as error:
        message = "to read Zarr the package numcodecs is needed."
        raise ConfigError(message, source="aind", hint="pip install 'sessionframes[aind]'") from error
    return get_codec(dict(told))


class _Plain(pickle.Unpickler):
    """Reads arrays of texts and numbers, and refuses all else: a pickle can run anything."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _OF_ARRAYS:
            message = f"it is pickled, and would run {module}.{name}"
            raise pickle.UnpicklingError(message)
        return super().find_class(module, name)


def _unpickled(content: Any) -> Any:
    return _Plain(io.BytesIO(bytes(content))).load()
