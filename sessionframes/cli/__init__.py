"""The command line, ``sessionframes``: one module a command."""

from sessionframes.cli.main import main

__all__ = ["main"]
