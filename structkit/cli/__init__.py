"""The command line: the only module that prints and exits."""

from structkit.cli import evaluate as evaluate  # registers the commands of these modules
from structkit.cli import join as join
from structkit.cli import label as label
from structkit.cli import limits_command as limits_command
from structkit.cli import probe as probe
from structkit.cli import review as review
from structkit.cli.app import app, main

__all__ = ["app", "main"]
