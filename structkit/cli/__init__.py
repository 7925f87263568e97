"""The command line: argument, call, print. The only room that prints, exits or starts an event loop."""

from structkit.cli import probe as probe  # a command in a file of its own
from structkit.cli.app import main

__all__ = ["main"]
