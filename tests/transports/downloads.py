"""What the tests of downloads share."""

from __future__ import annotations

import random

from sessionframes.transports.files import FileRequest

BODY = random.Random(1).randbytes(700_000)
OTHER = random.Random(2).randbytes(700_000)


def fetch(transport, url, path, **known):
    return transport.download(FileRequest(url, path.name, **known), path, progress=False)


def files_in(directory):
    return sorted(path.name for path in directory.iterdir())
