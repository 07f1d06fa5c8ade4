"""Small sets of records, assets and files for the demo's AIND, and a way to ask its servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from sessionframes.demo.aind import AindServer

RECORDED = json.loads(Path(__file__).with_name("aind_traces.json").read_text("utf-8"))
DATA_BUCKET, OWN_BUCKET = "aind-ephys-data", "codeocean-s3datasetsbucket-1u41qdg42ur9"
SESSION = "ecephys_676909_2023-12-13_13-43-40"
SORTED = ("1e11bdf5-b452-4fd9-bbb1-48383a9b0842", "5b5b4a0e-0000-4000-8000-000000000004")
COLLECTION = "v1/metadata_index/data_assets"


def many_assets(count: int) -> list[dict[str, Any]]:
    """Those of subject 555555, of the recorded kind."""
    return [
        {
            "id": f"f0000000-0000-4000-8000-{number:012d}",
            "created": 1704000000 + number,
            "name": f"ecephys_555555_2024-{number // 28 + 1:02d}-{number % 28 + 1:02d}_10-00-00",
            "mount": f"{number}",
            "last_used": 0,
            "state": "ready",
            "type": "dataset",
            "description": "",
            "tags": ["raw"],
        }
        for number in range(count)
    ]


def recorded_files() -> dict[str, bytes]:
    """As many files and folders as were recorded."""
    raw = f"{DATA_BUCKET}/{SESSION}"
    places = [
        *("behavior/a.pkl", "behavior_videos/a.mp4", "metadata_all/a.json", "ecephys_clipped/settings.xml"),
        *("ecephys_compressed/a.zarr/.zgroup", "session.json"),
    ]
    files = {f"{raw}/{place}": b"x" for place in places}
    for number, asset_id in enumerate(SORTED):
        own = f"{OWN_BUCKET}/{asset_id}"
        files |= {f"{own}/curated/stream{probe}/a.json": b"{}" for probe in range(3)}
        files[f"{own}/postprocessed/a"] = b"x"
        files[f"{own}/processing.json"] = b"p" * (169, 136)[number]
    files[f"{OWN_BUCKET}/{SORTED[1]}/output"] = b"all is ok"
    return files


class Asker:
    """Sends requests to the servers."""

    def __init__(self, server: AindServer) -> None:
        self.server = server
        self.urls = {"docdb": server.docdb_url, "codeocean": server.codeocean_url, "s3": server.s3_url}

    def __call__(
        self, service: str, method: str, path: str, query: dict[str, str] | None = None, **others: Any
    ) -> requests.Response:
        if service == "codeocean":
            others.setdefault("auth", (self.server.token, ""))
        return requests.request(
            method,
            f"{self.urls[service]}/{path.lstrip('/')}",
            params=query,
            timeout=others.pop("timeout", 10),
            **others,
        )

    def find(self, action: str = "/find", *, at: str = COLLECTION, **told: Any) -> Any:
        """Ask DocDB: JSON for what is told, a list for a good answer, status and message for any other."""
        query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}
        answer = self("docdb", "GET", f"{at}{action}", query)
        return answer.json() if answer.ok else (answer.status_code, answer.json()["message"])

    def search(self, **told: Any) -> Any:
        """Ask Code Ocean: the answer's body, or status and message."""
        answer = self("codeocean", "POST", "api/v1/data_assets/search", json=told)
        return answer.json() if answer.ok else (answer.status_code, answer.json()["message"])

    def ids(self, **told: Any) -> list[str]:
        """The ids of the assets that a search finds."""
        return [asset["id"] for asset in self.search(**told)["results"]]
