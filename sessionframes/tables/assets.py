"""Assets: where the data of sessions are kept, be it files, folders, or published sets of data."""

from __future__ import annotations

from sessionframes.tables.base import Table
from sessionframes.tables.kinds import Id, Instant, Key, MaybeCount, Text, column, key, parent


class Assets(Table, name="assets"):
    """One row per place, file or set of data that an archive points to, ordered by its id."""

    asset_id: Key = key("Id of the asset.")
    session_id: Id = parent("Id of the session whose data it holds.", null="of no session, or not told which")
    asset_name: Text = column("Name of the file, folder, storage or set of data.", null="not named")
    asset_type: Text = column("What it is, in the words of the source.", null="not told")
    location: Text = column(
        "Where it is: a URL, or a path on the storage that holds it.", null="not told, or only to some"
    )
    size_in_bytes: MaybeCount = column("How large it is.", null="not told")
    checksum: Text = column("Checksum of its bytes, after its method: md5:...", null="not told")
    created_at: Instant = column("When it was made, or when the source came to know it.", null="not told")
