"""Datasets of the demo's Alyx, where their copies are, and what is in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import md5
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sessionframes.demo.alyx.alf import array, sorted_files
from sessionframes.demo.alyx.ids import made_id
from sessionframes.demo.alyx.people import CHANGED
from sessionframes.demo.alyx.sessions import QC, session_folder, session_rows
from sessionframes.demo.alyx.sites import sites

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionframes.demo.alyx.sites import Site
    from sessionframes.demo.world import World

    Row = dict[str, Any]

REVISION: Final = "2023-04-20"
#: Of papers, and of nobody yet: protected and public, or neither.
TAGS: Final = {
    "2021_Q1_IBL_et_al_Behaviour": True,
    "2022_Q4_IBL_et_al_BWM": True,
    "draft_release": False,
}
_FEW = 5
#: Data that nobody loads here: their name, and how large they are.
_LARGE = {"spikes.times.npy": 41_244_020_903, "spikes.clusters.npy": 2_196}
_OF_SESSION = (
    ("alf", "_ibl_trials.table.pqt", 95_861),
    ("alf", "_ibl_wheel.position.npy", 8_108),
    ("raw_video_data", "_iblrig_leftCamera.raw.mp4", 6_024_000),
    ("raw_video_data", "_iblrig_rightCamera.raw.mp4", 5_876_000),
)
_FORMATS = {"pqt": "parquet"}


@dataclass(frozen=True, eq=False)
class Made:
    """What was made.

    Attributes
    ----------
    datasets, records : list of dict
        Rows of datasets, and of their copies.
    files : dict of str to bytes
        By their path at the server of data.
    of_insertion : dict of str to list of str
        The ids of the datasets of each insertion.
    """

    datasets: list[Row] = field(default_factory=list)
    records: list[Row] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    of_insertion: dict[str, list[str]] = field(default_factory=dict)

    def add(
        self, session: Row, nickname: str, collection: str, name: str, data: bytes | int, **told: Any
    ) -> Row:
        """Add a dataset and its copies.

        Parameters
        ----------
        session : dict
            The session that it is of.
        nickname : str
            Of the animal.
        collection, name : str
            Where it is in the folder of the session.
        data : bytes or int
            What is in it or, if nobody is to see that, how large it is.
        **told
            What else the dataset has.
        """
        revision = told.get("revision")
        key = made_id("dataset", session["id"], collection, revision, name)
        row = dataset_row(key, session, collection, name, data, **told)
        path = "/".join(
            part
            for part in (
                nickname,
                session_folder(session),
                collection,
                f"#{revision}#" if revision else "",
                name,
            )
            if part
        )
        self.datasets.append(row)
        number = len(self.datasets)
        lab = session["lab"]
        copies = {"flatiron": True, "aws": number % 4 != 0, **({"local": True} if number % 3 == 0 else {})}
        for kind, exists in copies.items():
            self.records.append(file_record(key, f"{kind}_{lab}", path, exists=exists))
        if isinstance(data, bytes):
            self.files[path_at_server(lab, path, key)] = data
        return row


def path_at_server(lab: str, path: str, dataset: str) -> str:
    """Return where the server of data has a copy: the id of its dataset is put into its name."""
    stem, _, kind = path.rpartition(".")
    return f"{lab}/Subjects/{stem}.{dataset}.{kind}"


def file_record(dataset: str, repository: str, path: str, *, exists: bool) -> Row:
    """Return a copy of a dataset.

    Parameters
    ----------
    dataset : str
        Its id.
    repository : str
        Name of the repository that it is on.
    path : str
        Where there.
    exists : bool
        Whether it has arrived.
    """
    return {
        "id": made_id("file", dataset, repository),
        "dataset": dataset,
        "data_repository": repository,
        "relative_path": path,
        "exists": exists,
        "name": "",
        "json": None,
    }


@lru_cache(maxsize=2)
def made_datasets(world: World) -> Made:
    """Return the datasets of a world."""
    numbers = world.sessions["session_id"].to_pylist()
    sessions = dict(zip(numbers, session_rows(world), strict=True))
    owners = dict(zip(numbers, world.sessions["subject_id"].to_pylist(), strict=True))
    names = {row["subject_id"]: row["subject_name"] for row in world.subjects.to_pylist()}
    made = Made()
    for at, (number, session) in enumerate(sessions.items()):
        for collection, name, size in _OF_SESSION[: 2 if at % 3 == 2 else None]:
            data: bytes | int = array(np.arange(4.0) + at) if name.endswith(".npy") else size
            tags = [list(TAGS)[at % 3]] if at % 2 else []
            made.add(session, names[owners[number]], collection, name, data, tags=tags)
    for site in sites(world):
        _sorting(made, site, sessions[site.session], names[owners[site.session]])
    return made


def tag_rows() -> list[Row]:
    """Return the tags."""
    return [
        {
            "id": made_id("tag", name),
            "name": name,
            "description": "",
            "protected": is_released,
            "public": is_released,
            "hash": None,
            "json": None,
        }
        for name, is_released in TAGS.items()
    ]


def revision_rows() -> list[Row]:
    """Return the revisions."""
    return [
        {
            "id": made_id("revision", REVISION),
            "name": REVISION,
            "description": "",
            "created_datetime": "2023-05-01T00:00:00",
            "json": None,
        }
    ]


def _sorting(made: Made, site: Site, session: Row, nickname: str) -> None:
    """Add what sorters left of a probe: that which counts, and of some what was before."""
    folder = f"alf/{site.name}" + (f"/{site.sorter}" if site.sorter else "")
    # Where a revision counts, what it revised is still there.
    revised = site.at % 6 == 3
    told: Row = {"revision": REVISION} if revised else {}
    tags = (
        ["2022_Q4_IBL_et_al_BWM", *(["draft_release"] if site.at % 4 == 2 else [])]
        if site.at % 2 == 0
        else []
    )
    own = made.of_insertion.setdefault(site.insertion, [])
    files: Mapping[str, bytes | int] = {**sorted_files(site), **_LARGE}
    for number, (name, data) in enumerate(files.items()):
        # Of some the hash was never computed.
        unhashed = {"hash": ""} if site.at % 5 == 2 and number % 4 == 1 else {}
        row = made.add(session, nickname, folder, name, data, tags=tags, **told, **unhashed)
        own.append(row["id"])
    before = {
        folder: revised,
        f"alf/{site.name}/pykilosort": site.sorter == "iblsorter",
    }
    for place, is_there in before.items():
        for name, data in sorted_files(site, _FEW).items() if is_there else ():
            row = made.add(session, nickname, place, name, data, default_dataset=place != folder)
            own.append(row["id"])


def dataset_row(key: str, session: Row, collection: str, name: str, data: bytes | int, **told: Any) -> Row:
    """Return a dataset; see :meth:`Made.add`, `key` is its id."""
    kind = name.rpartition(".")[2]
    # The name of what is in it, without whose it is and in what form.
    parts = name.removeprefix("_ibl_").removeprefix("_iblrig_").split(".")
    size, content = (len(data), data) if isinstance(data, bytes) else (data, key.encode())
    return {
        "id": key,
        "name": name,
        "created_by": "alice",
        "created_datetime": session["end_time"] or CHANGED,
        "dataset_type": ".".join(parts[:2]),
        "data_format": _FORMATS.get(kind, kind),
        "collection": collection,
        "session": session["id"],
        "file_size": size,
        "hash": md5(content, usedforsecurity=False).hexdigest(),
        "version": "2.10.1",
        "auto_datetime": CHANGED,
        "revision": None,
        "default_dataset": True,
        "tags": [],
        "qc": QC[len(name) % 3],
        "json": None,
        "generating_software": "",
        **told,
    }
