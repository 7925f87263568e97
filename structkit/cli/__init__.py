"""The command line: argument, call, print. The only room that prints, exits or starts an event loop."""

from structkit.cli.app import main

__all__ = ["main"]
