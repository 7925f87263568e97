"""What `label` asks about each row: a type and a prompt, or a decorated function with its own arguments and client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from structkit.cli.default_client import default_model
from structkit.cli.file_input import FileReading
from structkit.cli.file_table import FileRowPrompt
from structkit.cli.load import load_format, load_type
from structkit.cli.request_options import Extras
from structkit.cli.terminal import notice
from structkit.errors import ConfigError

LabelType = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="FILE.py:NAME",
        help="The type: FILE.py:Name, package.module:Name or schema.json.",
        show_default=False,
    ),
]
LabelFunction = Annotated[
    str | None,
    typer.Option(
        "--function",
        metavar="FILE.py:NAME",
        help="The function under @structkit.prompt that has labelled the table, instead of --type.",
        show_default=False,
    ),
]

if TYPE_CHECKING:
    from structkit.functions.function import DecoratedFunction
    from structkit.prompts import JinjaTemplate


class RowRequest(NamedTuple):
    """The settings of a job that determine its requests.

    Args:
        output_type: The type of the values.
        prompt: The template, or the function of a row.
        client: The client of a decorated function.
        model: The model of a decorated function, or of its client.
        call: The arguments of each call that a decorated function has.
    """

    output_type: Any
    prompt: Any
    client: Any = None
    model: str | None = None
    call: Any = {}  # noqa: RUF012 (never changed)

    def job_settings(self, model: str | None, base_url: str | None) -> dict[str, Any]:
        """Return what is asked, and where the requests go with the options `--model` and `--base-url`.

        Raises:
            ConfigError: No endpoint is configured, or a client has its own.
        """
        if self.client is None:
            name = default_model(self.model if model is None else model, base_url, notice)
            return {"output_type": self.output_type, "prompt": self.prompt, "model": name, "base_url": base_url}
        if base_url is not None:
            raise ConfigError("--base-url: the function has a client, which determines where its requests go")
        name = self.model if model is None else model
        return {"output_type": self.output_type, "prompt": self.prompt, "client": self.client, "model": name}


def find_request(
    output_type: str | None,
    template: str | JinjaTemplate | None,
    function: str | None,
    extras: Extras,
    reading: FileReading | None = None,
) -> RowRequest:
    """Return what is asked about each row; *reading* is how its file is read, if the rows are files.

    Raises:
        ConfigError: The options are missing, or say it twice.
    """
    has_both = output_type and (template or reading)
    if bool(function) == bool(output_type or template) or not (function or has_both):
        raise ConfigError("use either --type and --prompt (or --prompt-file), or --function without them")
    if not function:
        values_type = load_format(str(output_type), extras.value)
        return RowRequest(values_type, FileRowPrompt(template, reading) if reading else template)
    _reject_extras(extras)
    decorated = load_function(function)
    declaration = decorated.declaration
    client, call = declaration.client, {**declaration.call}
    model = declaration.model or (client.model if client else None)
    return RowRequest(decorated.response_format, decorated.row_function, client, model, call)


def find_format(output_type: str | None, function: str | None, extras: Extras) -> Any:
    """Return the type of labels: that of `--type`, or of a decorated function.

    Raises:
        ConfigError: Both are named, or none; or it cannot be loaded.
    """
    if (output_type is None) == (function is None):
        raise ConfigError("use either --type, or --function with the decorated function that has labelled the table")
    if output_type is not None:
        return load_format(output_type, extras.value)
    _reject_extras(extras)
    return load_function(str(function)).response_format


def _reject_extras(extras: Extras) -> None:
    if extras is not Extras.closed:
        raise ConfigError("--extras is for the JSON Schema of --type; leave it out with --function")


def load_function(name: str) -> DecoratedFunction[..., Any]:
    """Load a decorated function.

    Raises:
        ConfigError: It is not decorated.
    """
    from structkit.functions.function import DecoratedFunction

    function = load_type(name)
    if not isinstance(function, DecoratedFunction):
        raise ConfigError(f"--function {name!r}: it is not decorated with @structkit.prompt")
    return function
