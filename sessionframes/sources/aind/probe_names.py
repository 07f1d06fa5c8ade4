"""Names of probes, which every program writes in its own way, as one."""

from __future__ import annotations

import re

__all__ = ["normal_name", "probe_name", "probe_of_assembly"]

#: "Probe camera" has a letter too, but not alone.
_PROBE = re.compile(r"probe[ _-]*(?:([a-z])(?![a-z])|([0-9]+))", re.IGNORECASE)

_ASSEMBLY = re.compile(r"assembly[ _-]*(?:([a-z])(?![a-z])|([0-9]+))", re.IGNORECASE)


def probe_name(device: str) -> str:
    """Return the name of a probe within its session, as it is in all tables.

    Parameters
    ----------
    device : str
        As it is written somewhere; what has no letter or number of a probe is returned as it is.

    Examples
    --------
    >>> probe_name("Probe A"), probe_name("PROBEA"), probe_name("Neuropix-PXI-100.ProbeA-AP")
    ('probeA', 'probeA', 'probeA')
    >>> probe_name("46100")
    '46100'
    """
    return normal_name(device) or device


def normal_name(device: str) -> str | None:
    """Return the same, or None where there is no letter or number of a probe."""
    return _lettered(_PROBE.search(device))


def probe_of_assembly(assembly: str) -> str | None:
    """Return the name of the probe that an assembly holds by its letter, or its number; None without one.

    Examples
    --------
    >>> probe_of_assembly("Ephys_assemblyA")
    'probeA'
    """
    return _lettered(_ASSEMBLY.search(assembly))


def _lettered(found: re.Match[str] | None) -> str | None:
    return None if found is None else f"probe{(found[1] or found[2]).upper()}"
