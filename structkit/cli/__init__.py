"""The command line: argument, call, print. The only room that prints, exits or starts an event loop."""

from structkit.cli import label as label  # commands in files of their own
from structkit.cli import probe as probe
from structkit.cli.app import main

__all__ = ["main"]
