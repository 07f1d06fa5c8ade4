"""The real aind-session and we tell the same of the demo world, but where it cannot."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pandas as pd
import pytest

import sessionframes as sf
from sessionframes.demo.aind import AindServer
from tests.real_clients.aind_client import AindClient, addresses_of, environment
from tests.real_clients.aind_front import Front

if TYPE_CHECKING:
    from collections.abc import Callable

# The first test may have to wait until the client is installed.
pytestmark = pytest.mark.timeout(600)

SEEDS = "676909"
REGULAR = ("ecephys_386275_2019-04-19_08-42-16", "ecephys_387048_2018-11-22_04-07-29")
#: What is theirs of each of our columns. What raises there is null here.
FACTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "platform": ("platform", str),
    "subject_id": ("subject_id", str),
    "local_time": ("dt", str),
    "is_uploaded": ("is_uploaded", bool),
    "raw_asset_id": ("raw_data_asset", str),
    "raw_data_dir": ("raw_data_dir", str),
    "sorted_asset_count": ("ecephys.sorted_data_assets", len),
    "docdb_id": ("docdb.get('_id')", str),
}


@pytest.fixture(scope="module")
def asked(aind_python, tmp_path_factory):
    """The client, and our connection to the same servers."""
    home = tmp_path_factory.mktemp("home")
    with ExitStack() as stack:
        server = stack.enter_context(AindServer(0.05, private=()))
        front = stack.enter_context(Front(urlsplit(server.docdb_url).port or 0, home))
        client = AindClient(aind_python, environment(addresses_of(server), front.url, front.authority, home))
        stack.callback(client.close)
        db = sf.connect(
            "aind",
            docdb_url=server.docdb_url,
            codeocean_url=server.codeocean_url,
            codeocean_token=server.token,
            s3_endpoint=server.s3_url,
            s3_anonymous=True,
        )
        yield client, stack.enter_context(db), server


def raised(answer: Any) -> str | None:
    return answer["raised"] if isinstance(answer, dict) and "raised" in answer else None


def known_to_code_ocean(server: AindServer, session_id: str) -> bool:
    return any(asset["name"].startswith(session_id) for asset in server.assets)


def test_the_sessions_of_each_subject_are_the_same(asked):
    client, db, server = asked
    every = db.get_sessions(progress=False)
    compared = 0
    for subject, ours in every.groupby("subject_id"):
        theirs = client(f"get_sessions({subject!r})")
        if raised(theirs):
            # It stumbles over records that tell of no ``external_links``: those of schema 2.
            assert ours["schema_version"].str.startswith("2").any(), (subject, theirs)
            continue
        # It sees only what Code Ocean knows, by names with a platform.
        known = [known_to_code_ocean(server, str(one)) for one in ours.index]
        expected = ours[known][ours[known]["platform"].notna()]
        assert theirs == list(expected.sort_values("local_time").index), subject
        alone = db.get_sessions(subject_id=subject, progress=False)
        pd.testing.assert_frame_equal(alone, ours)
        compared += len(theirs)
    assert compared >= 14


def differences(client: AindClient, sessions: pd.DataFrame) -> set[tuple[str, str]]:
    """Sessions and columns of which they tell something else than we do."""
    found = set()
    for session_id, row in sessions.iterrows():
        for column, (name, as_ours) in FACTS.items():
            answer = client(f"Session({session_id!r}).{name}")
            theirs = None if raised(answer) or answer is None else as_ours(answer)
            ours = None if pd.isna(row[column]) else row[column]
            if theirs != ours:
                found.add((str(session_id), column))
    return found


def test_facts_of_sessions_are_the_same(asked):
    client, db, _ = asked
    sessions = db.get_sessions(progress=False)
    regular = sessions[sessions["subject_id"].str.fullmatch("3[0-9]{5}|676909", na=False)]
    regular = regular[regular["platform"].notna()]
    # Of one whose raw data nobody told Code Ocean of it takes no notice of what was sorted.
    only_docdb = regular.index[~regular["is_uploaded"] | regular["raw_asset_id"].isna()]
    allowed = {(one, "sorted_asset_count") for one in only_docdb}
    assert len(regular) >= 14
    assert differences(client, regular) <= allowed


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"platform": "ecephys"},
        {"platform": "Ecephys"},
        {"date": "2023-12-13"},
        {"date": "20231213"},
        {"date": "2023-12-13_13-43-40"},
        {"date": "2023-12-13 13:43:40"},
        {"date": "20231213_134340"},
        {"start_date": "2023-12-13"},
        {"start_date": "2023-12-13", "end_date": "2023-12-14_10-00-00"},
        {"end_date": "2023-12-12"},
    ],
    ids=str,
)
def test_the_examples_of_their_documents_find_the_same(asked, arguments):
    client, db, _ = asked
    words = "".join(f", {name}={value!r}" for name, value in arguments.items())
    theirs = client(f"get_sessions({SEEDS}{words})")
    ours = db.get_sessions(subject_id=SEEDS, progress=False, **arguments)
    assert theirs == list(ours.sort_values("local_time").index)


def test_sorters_are_the_same(asked):
    client, db, _ = asked
    sorted_assets = db.get_assets(progress=False).query("kind == 'sorted' and state == 'ready'")
    compared = 0
    for asset_id, sorter in sorted_assets["sorter_name"].items():
        theirs = client(f"aind_session.ecephys.get_sorter_name({asset_id!r})")
        if not pd.isna(sorter) and not raised(theirs):
            assert theirs == sorter, asset_id
            compared += 1
    assert compared >= 5


#: Of each property of a session, what it is in plain values.
PLAIN: dict[str, Callable[[Any], Any]] = {
    "id": str,
    "platform": str,
    "subject_id": str,
    "date": str,
    "time": str,
    "dt": lambda dt: dt.isoformat(),
    "docdb": dict,
    "is_uploaded": bool,
    "data_assets": lambda assets: [asset.id for asset in assets],
    "raw_data_asset": lambda asset: asset.id,
    "raw_data_dir": lambda folder: folder.as_posix(),
    "modalities": list,
    "ecephys.sorted_data_assets": lambda assets: [asset.id for asset in assets],
    "ecephys.is_sorted": bool,
    "ecephys.sorter.names": list,
    "ecephys.sorter.kilosort2_5.sorted_data_assets": lambda assets: [asset.id for asset in assets],
    "ecephys.clipped_dir": lambda folder: folder.as_posix(),
    "ecephys.compressed_dir": lambda folder: folder.as_posix(),
}


def ours_of(session: Any, name: str) -> Any:
    """What a property of ours is; None if there is no such thing."""
    value = session
    try:
        for part in name.split("."):
            value = getattr(value, part)
    except AttributeError:
        return None
    return PLAIN[name](value)


def test_sessions_as_objects_are_the_same(asked):
    client, db, _ = asked
    others = set()
    for session_id in [*db.get_sessions(subject_id=SEEDS, progress=False).index, *REGULAR]:
        session = db.session(session_id)
        for name in PLAIN:
            answer = client(f"Session({session_id!r}).{name}")
            # Of a folder with nothing in it we say that there is nothing in it.
            empty = [] if raised(answer) == "NotADirectoryError" else None
            theirs = empty if raised(answer) else answer
            ours = ours_of(session, name)
            if ours != theirs:
                others.add((session_id, name, str(ours)[:150], str(answer)[:150]))
    assert others == set()
