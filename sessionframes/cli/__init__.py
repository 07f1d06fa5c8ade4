"""The command line: ``sessionframes demo | get | export | describe | sources | login``."""

from sessionframes.cli.main import main

__all__ = ["main"]
