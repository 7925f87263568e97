"""The option `--evidence`, whose value may be left out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from typer.core import TyperCommand

from structkit.cli.output_file import validate_output
from structkit.cli.request_options import request_option
from structkit.cli.terminal import write_text
from structkit.errors import ConfigError
from structkit.values import JSON, Result

NAME, CHOICES, PLACES = "--evidence", ("null", "require"), "places"

Evidence = Annotated[
    str | None,
    request_option(
        NAME,
        metavar="[null|require]",
        help="Where each value is in the text. `null`: what is not there becomes null, and items are dropped. "
        "`require`: re-asks it once before.",
    ),
]


Show = Annotated[
    Path | None,
    request_option(
        "--show",
        metavar="FILE.html",
        help="Write a page in which the values are marked in the text, or on the pages, of the file.",
    ),
]


def validate_show(show: Path | None, is_several: bool, *inputs: str | None) -> None:
    """Check, before anything is paid for, that the page can be written.

    Raises:
        ConfigError: It cannot, or there are several files.
    """
    if show is not None and is_several:
        raise ConfigError("--show makes the page of one file: name one")
    validate_output(show, *inputs)


def write_page(result: Result[Any], show: Path, name: str) -> None:
    """Write the page of a result."""
    write_text(result.show(title=Path(name).name).html.rstrip("\n"), show)


class EvidenceCommand(TyperCommand):
    """A command with the option: it has a value only if one of the choices follows it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, with the value that was left out."""
        return super().parse_args(ctx, with_value(args))


def with_value(arguments: list[str]) -> list[str]:
    """Return arguments in which the option has a value.

    >>> with_value(["a.txt", "--evidence", "--type", "a.py:T"]), with_value(["--evidence", "null"])
    (['a.txt', '--evidence=places', '--type', 'a.py:T'], ['--evidence', 'null'])
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    following = [*arguments[1:], ""]
    return [
        f"{NAME}={PLACES}" if each == NAME and position < end and following[position] not in CHOICES else each
        for position, each in enumerate(arguments)
    ]


def evidence_fields(result: Result[Any]) -> JSON:
    """Return the evidence of a result, as a field of the JSON that is printed."""
    return {} if result.evidence is None else {"evidence": result.evidence.to_list()}


def read_evidence(value: str | None) -> Any:
    """Return `evidence=` of the calls: None without the option, and True without a value.

    Raises:
        ConfigError: The value is none of the choices.

    >>> read_evidence("places"), read_evidence("null"), read_evidence(None)
    (True, 'null', None)
    """
    if value not in (None, PLACES, *CHOICES):
        raise ConfigError(f"{NAME} must be {' or '.join(CHOICES)}, or have no value, not {value!r}")
    return True if value == PLACES else value
