"""The demo world as the files of S3: what was recorded, by folders, and what sorting left behind.

NWB files are slow to write: they are kept for next time in the user's cache directory.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sessionframes.demo.aind import examples, nwb, recordings, sorted_units
from sessionframes.demo.aind.recordings import EPHYS, INTERNAL, ONLY_DOCDB
from sessionframes.demo.aind.records import processing
from sessionframes.demo.opening import world_recipe
from sessionframes.errors import ConfigError
from sessionframes.locks import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sessionframes.demo.aind.nwb import SortedProbe
    from sessionframes.demo.aind.recordings import Recording, Sorting
    from sessionframes.demo.world import World

    Files = dict[str, bytes | Path]

#: So many worlds are kept.
_KEPT = 6
_ASIDE = ".making-"
_FEW = 5
_GOOD = "N E X T F L O W  ~  version 22.10.8\nSpike sorting ...\nFULL PIPELINE time:  161658.77s\n"
_BAD = f"{_GOOD[:40]}\nTraceback (most recent call last):\n  File 'run_capsule.py'\nMemoryError\n"
#: What is in a folder of raw data, besides metadata.
_MODALITIES = ("behavior", "behavior-videos", "ecephys")
_OF_SEED = ("behavior", "behavior_videos", "ecephys_clipped", "ecephys_compressed", "original_metadata")


def make_files(
    world: World, *, examples: bool = True, cache: Path | None = None, progress: bool = False
) -> Files:
    """Return all files.

    Parameters
    ----------
    world : World
        What they tell of: all channels, and all units.
    examples : bool
        Whether to add those of the examples, see :func:`sessionframes.demo.aind.records.make_records`.
    cache : pathlib.Path, optional
        Where NWB files are kept; None takes the user's cache directory.
    progress : bool
        Show progress while they are written, the first time.

    Returns
    -------
    dict
        From ``bucket/key`` to the bytes, or to the file that holds them.

    Raises
    ------
    sessionframes.errors.ConfigError
        The cache directory cannot be written.
    """
    kept = _kept(world, cache, progress=progress)
    made: Files = {}
    for one in recordings.recordings(world):
        raw = f"{one.raw_bucket}/{one.session_id}"
        made |= {f"{raw}/{folder}/data.txt": b"0\n" for folder in _MODALITIES}
        made[f"{raw}/metadata.nd.json"] = json.dumps({"name": one.session_id}).encode()
        for sorting in one.sortings:
            made |= _sorted(one, sorting, kept)
    return {**made, **_of_examples(kept)} if examples else made


def _sorted(one: Recording, sorting: Sorting, kept: Path) -> Files:
    root = f"{sorting.bucket}/{sorting.folder}"
    made: Files = {f"{root}/nextflow/nextflow.log": b"done\n"}
    if sorting.failure is not None:
        return {**made, f"{root}/output": _BAD.encode()}
    if one.at != ONLY_DOCDB:
        # What was copied for the public comes without.
        made[f"{root}/output"] = _GOOD.encode()
    parameters = {"sorter_name": sorting.sorter}
    told = processing(sorting, one.at)
    if told is not None:
        made[f"{root}/processing.json"] = json.dumps(told).encode()
    else:
        # The oldest tell their sorter here alone.
        made[f"{root}/params.json"] = json.dumps({"spikesorting": parameters}).encode()
    return made | _of_probes(root, [probe.sorted_device for probe in one.probes]) | _nwb(root, sorting, kept)


def _of_probes(root: str, devices: list[str]) -> Files:
    names = [f"experiment1_Record Node 104#Neuropix-PXI-100.{one}-AP_recording1" for one in devices]
    made: Files = {}
    for name in names:
        made[f"{root}/curated/{name}/properties/default_qc.npy"] = b"\x93NUMPY"
        made[f"{root}/postprocessed/{name}.zarr/.zgroup"] = b'{"zarr_format": 2}'
    return made


def _nwb(root: str, sorting: Sorting, kept: Path) -> Files:
    name = _nwb_name(sorting)
    whole = kept / sorting.asset_id / name
    if whole.is_file():
        return {f"{root}/nwb/{name}": whole}
    return {
        f"{root}/nwb/{name}/{path.relative_to(whole).as_posix()}": path
        for path in sorted(whole.rglob("*"))
        if path.is_file()
    }


def _nwb_name(sorting: Sorting) -> str:
    session = sorting.name.partition("_sorted_")[0]
    return f"{session}_experiment1_recording1.nwb{'.zarr' if sorting.form == 'zarr' else ''}"


def _kept(world: World, cache: Path | None, *, progress: bool) -> Path:
    """Return the folder of the NWB files of a world, each by the id of its asset; write them if need be."""
    root = cache if cache is not None else _cache()
    folder = root / f"aind-{world.scale:g}-{world.seed}-{_recipe()}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        # Of processes that want the same at once, one writes and the others wait.
        with FileLock(root / "lock"):
            if not folder.is_dir():
                _make(world, folder, progress=progress)
            os.utime(folder)
            _evict(root)
    except OSError as error:
        message = f"{error.filename or root} cannot be written: {error.strerror or error}."
        raise ConfigError(message, source="demo", hint="Choose another cache directory.") from error
    return folder


def _make(world: World, folder: Path, *, progress: bool) -> None:
    # What was being made by somebody who was killed.
    for left in folder.parent.glob(f"{_ASIDE}*"):
        shutil.rmtree(left, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=folder.parent))
    try:
        _write(world, aside, progress=progress)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(world: World, folder: Path, *, progress: bool) -> None:
    from tqdm.auto import tqdm

    everything = recordings.recordings(world)
    good = [(one, sorting) for one in everything for sorting in one.sortings if sorting.failure is None]
    told = tqdm(good, desc="demo", unit=" files", disable=not progress)
    for number, (one, sorting) in enumerate(told):
        probes = sorted_units.sorted_probes(world, one, _FEW if sorting.is_older else None)
        _write_one(folder / sorting.asset_id / _nwb_name(sorting), probes, sorting.form, number)
    for number, (asset_id, *_) in enumerate(examples.SORTED.values(), len(good)):
        path = folder / asset_id / f"{examples.SESSION}_experiment1_recording1.nwb.zarr"
        _write_one(path, list(_probes_of_examples()), "zarr", number)


def _write_one(path: Path, probes: list[SortedProbe], form: str, number: int) -> None:
    path.parent.mkdir(parents=True)
    nwb.write(path, probes, form, number)


def _probes_of_examples() -> Iterator[SortedProbe]:
    """Yield six probes with a few units each."""
    sites = np.arange(384)
    channels = {
        "site": sites.tolist(),
        "x": np.array([43.0, 11, 59, 27])[sites % 4],
        "y": 20.0 * (sites // 2),
    }
    for number, letter in enumerate(examples.LETTERS):
        units = np.arange(_FEW)
        measures: Mapping[str, Any] = {
            "ks_unit_id": units * 3,
            "extremum_channel_index": (units * 50 + number) % 384,
            "snr": units + 1.5,
            "firing_rate": units + 0.5,
            "decoder_label": ["sua", "mua", "noise", "SUA", ""],
            "decoder_probability": np.full(_FEW, 0.8),
            "default_qc": units % 2 == 0,
        }
        yield nwb.SortedProbe(f"Probe{letter}", "VISp", channels, measures)


def _of_examples(kept: Path) -> Files:
    made: Files = {f"{EPHYS}/{examples.SESSION}/{folder}/data.txt": b"0\n" for folder in _OF_SEED}
    made[f"{EPHYS}/{examples.SESSION}/metadata.nd.json"] = b"{}"
    for asset_id, _, sorter in examples.SORTED.values():
        root = f"{INTERNAL}/{asset_id}"
        made[f"{root}/output"] = _GOOD.encode()
        process = {"name": "Spike sorting", "parameters": {"sorter_name": sorter}}
        told = {"processing_pipeline": {"data_processes": [process]}}
        made[f"{root}/processing.json"] = json.dumps(told).encode()
        made |= _of_probes(root, [f"Probe{letter}" for letter in examples.LETTERS])
        for path in sorted((kept / asset_id).rglob("*")):
            if path.is_file():
                made[f"{root}/nwb/{path.relative_to(kept / asset_id).as_posix()}"] = path
    return made


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("sessionframes", appauthor=False) / "demo"


def _recipe() -> str:
    """Return a digest of all that decides what is in the files."""
    digest = hashlib.sha256(world_recipe().encode())
    for name in ("nwb", "recordings", "sorted_units", "examples", "files"):
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    for name in ("pynwb", "hdmf", "hdmf-zarr", "h5py", "zarr"):
        digest.update(f"{name} {version(name)}".encode())
    return digest.hexdigest()[:12]


def _evict(root: Path) -> None:
    """Delete all worlds but those used last."""
    worlds = sorted(root.glob("aind-*"), key=lambda one: one.stat().st_mtime, reverse=True)
    for folder in worlds[_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
