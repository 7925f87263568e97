"""The options of `label` that say how many processes work on a job, and where."""

from __future__ import annotations

import enum
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from structkit.batch.placement import WorkerPlacement

option = functools.partial(typer.Option, rich_help_panel="Run and resume")


class EngineChoice(enum.Enum):
    """Where the processes run."""

    local = "local"
    ray = "ray"


Processes: TypeAlias = Annotated[
    int, option(help="How many processes share the rows; the same command again resumes.", min=1)
]

EngineOption: TypeAlias = Annotated[
    EngineChoice, option("--engine", help="Where the processes run: on this machine, or on a Ray cluster.")
]

Address: TypeAlias = Annotated[
    str | None,
    option(metavar="HOST:PORT", help="The Ray cluster; by default that of this machine.", show_default=False),
]

JournalFolder: TypeAlias = Annotated[
    Path | None,
    option(
        "--journal",
        metavar="DIR",
        help="A folder for the journal, such as a shared one; by default, it is beside the output.",
        show_default=False,
    ),
]


def read_placement(processes: int, engine: EngineChoice, address: str | None) -> WorkerPlacement:
    """Return how many processes work on a job, and where.

    Raises:
        ConfigError: The options do not fit together.
    """
    from structkit.batch.placement import WorkerPlacement

    return WorkerPlacement(processes, engine.value, address)
