"""Paths as users give them."""

from __future__ import annotations

import os
from pathlib import Path


def placed(path: str | Path) -> Path:
    """Return a path that a user gave: absolute, from their home where it begins with "~".

    pyarrow takes a leading "~" for the home by itself, and Python does not, so neither is to meet one. Of
    text, "./~" is a directory that is called so; a ``Path`` does not know that from "~".
    """
    # Unlike pathlib's, this one leaves as it is what nobody's home is known for.
    return Path(os.path.expanduser(path)).absolute()  # noqa: PTH111
