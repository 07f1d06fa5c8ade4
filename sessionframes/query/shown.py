"""Values as messages show them: short, whatever they are."""

from __future__ import annotations

from typing import Any

_LONGEST = 60


def shown(value: Any) -> str:
    """Return the ``repr`` of a value, cut to a length that fits into a sentence."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  a number too long to print, or an object with a faulty repr
        return f"a {type(value).__name__} that cannot be shown"
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
