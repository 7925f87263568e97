"""The options of a command that become arguments of its calls, such as `--set` and `--header`."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any

import typer

from structkit.cli.drop_notices import with_drop_notices
from structkit.cli.terminal import notice
from structkit.client.arguments import validate_chunk
from structkit.client.confidence_argument import validate_confidence
from structkit.client.extras import validate_extras
from structkit.errors import ConfigError
from structkit.parsing import NotJSON, read_json
from structkit.values import Policy
from structkit.values.parameters import EXTRA_OPTIONS, OPTION_NAMES
from structkit.values.text import suggest_name

JSON_LITERALS = {
    "True": "true",
    "False": "false",
    "None": "null",
    **dict.fromkeys(("NaN", "Infinity", "-Infinity"), ""),
}
"""What a value of `--set` looks like in Python or JavaScript, and how JSON writes it; empty if it cannot."""

OWN_OPTIONS = {
    "instructions": "use --instructions",
    "mode": "use --mode",
    "evidence": "use --evidence",
    "chunk": "use --chunk",
    "dialect": "use --dialect",
    "base_url": "use --base-url",
    "api_key": "set OPENAI_API_KEY",
    "extra_body": "--set sends any field: --set NAME=JSON for each",
    "extra_headers": "use --header",
    **dict.fromkeys(
        ("extra_query", "policy", "fallback", "examples", "checks", "hooks", "client", "transport"),
        "only Python has this argument",
    ),
}
"""Arguments of structkit that are no field of an endpoint, and what the command line has instead. `cache` is missing:
gateways have such a field."""

OTHER_NAMES = {
    "timeout": "use --timeout",
    "system": "use --instructions",
    "system_prompt": "use --instructions",
    "prompt": "use --prompt",
    "response_model": "use --type",
    "output_type": "use --type",
    "headers": "use --header",
    "default_headers": "use --header",
    "functions": "use --set tools=[...]",
    "function_call": "use --set tool_choice=...",
    **dict.fromkeys(("max_retries", "retries", "attempts"), "only Python has Policy(retries=..., attempts=...)"),
}
"""What other libraries call an argument. An endpoint may have such a field, so it is sent, with a notice."""

request_option = partial(typer.Option, rich_help_panel="Request", show_default=False)


def complete_dialect(incomplete: str) -> list[str]:
    """Return the names of dialects that begin with a text, for the completion of a shell."""
    from structkit.dialects import DIALECTS

    return [name for name in DIALECTS if name.startswith(incomplete)]


def complete_mode(incomplete: str) -> list[str]:
    """Return the names of modes that begin with a text, for the completion of a shell."""
    from structkit.dialects.dialect import MODES

    return [name for name in MODES if name.startswith(incomplete)]


Set = Annotated[
    list[str] | None,
    request_option(
        "--set",
        metavar="NAME=JSON",
        help="Any parameter of the endpoint, such as `enable_thinking=false` or `reasoning_effort=low`. Repeatable.",
    ),
]
Header = Annotated[
    list[str] | None,
    request_option(
        "--header",
        metavar="'NAME: VALUE'",
        help="A header of every request, such as 'X-Title: reviews'. Repeatable.",
    ),
]
Mode = Annotated[
    str | None,
    request_option(
        help="How the schema is sent: json_schema, tool, json_object, prompt. By default the best that works.",
        autocompletion=complete_mode,
    ),
]


Chunk = Annotated[
    str | None,
    request_option(
        "--chunk",
        metavar="auto|CHARS",
        help="Read a long text in chunks of so many characters, and join their items and fields. `auto` is 8,000.",
    ),
]

Confidence = Annotated[
    str | None,
    request_option(
        "--confidence",
        metavar="logprobs|auto|N",
        help="How sure the model was of each value: by its tokens (`auto`: if the endpoint returns their "
        "probabilities), or by how many of N replies agree (extract).",
    ),
]

Escalate = Annotated[
    str | None,
    request_option(
        "--escalate",
        metavar="MODEL",
        help="A stronger model of the same endpoint for values whose confidence is below --below.",
    ),
]
Below = Annotated[
    float | None,
    request_option("--below", metavar="N", help="The confidence, from 0 to 1, below which --escalate is asked."),
]

ReviewBelow = Annotated[
    float | None,
    request_option(
        "--review-below",
        metavar="N",
        help="Mark rows with a confidence below this, from 0 to 1, in the column `review`: for `review --only low`.",
    ),
]


class Extras(enum.Enum):
    """What the model is asked for where a JSON Schema says nothing."""

    closed = "closed"
    open = "open"


ExtrasOption = Annotated[
    Extras,
    request_option(
        "--extras",
        help="Of a JSON Schema: `open` asks for keys that it does not declare, and for absent beside null.",
        show_default=True,
    ),
]
DialectName = Annotated[
    str | None,
    request_option(
        "--dialect",
        metavar="NAME",
        help="What the vendor accepts. By default known from the address and the model.",
        autocompletion=complete_dialect,
    ),
]
MaxCompletionTokens = Annotated[
    int | None,
    request_option(
        help="The same as --max-tokens, under the name that newer models require.",
    ),
]
Temperature = Annotated[
    float | None,
    request_option(help="How much replies vary: 0 to 2 at most endpoints, 0 to 1 at some."),
]
Seed = Annotated[
    int | None,
    request_option(help="Makes replies repeatable, where the endpoint supports it."),
]
Timeout = Annotated[
    float | None,
    request_option(
        help="Seconds that the endpoint may be silent. By default 600.",
        metavar="SECONDS",
        min=0.001,
    ),
]


class FormDisplay(enum.Enum):
    """When the prompt has the form of the reply beside a schema."""

    auto = "auto"
    always = "always"


ShowForm = Annotated[
    FormDisplay | None,
    request_option(
        "--show-form",
        help="Put the form of the reply, with its descriptions, into the prompt: `always`, or only where the model "
        "does not see the schema (`auto`).",
    ),
]


def read_call_options(
    settings: list[str] | None,
    headers: list[str] | None,
    timeout: float | None,
    defaults: Mapping[str, Any] = MappingProxyType({}),
    show_form: FormDisplay | None = None,
    **options: Any,
) -> Any:
    """Return the arguments of each call.

    Args:
        settings: The texts of `--set`.
        headers: The texts of `--header`.
        timeout: Seconds that the endpoint may be silent.
        defaults: The arguments that a decorated function has; those of the command line replace them.
        show_form: When the prompt has the form of the reply beside a schema.
        **options: Other arguments of a call; those that are None are left out.

    Raises:
        ConfigError: One cannot be read, or has an option or argument of its own.
    """
    from structkit.client.plan import join_options

    call: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    parameters, fields = parse_settings(settings or [])
    if duplicates := call.keys() & parameters.keys():
        raise ConfigError(f"--set {min(duplicates)}: this parameter is set by an option of its own, too; leave one out")
    for name in fields:
        check_field_name(name)
    extras = {"extra_body": fields, "extra_headers": dict(map(parse_header, headers or ()))}
    validate_extras(extras["extra_body"], extras["extra_headers"], None)
    policy = _policy_of_options(defaults.get("policy"), timeout, show_form)
    new_extras = {name: values for name, values in extras.items() if values}
    return with_drop_notices(join_options(defaults, {**call, **parameters, **new_extras, **policy}))


def _policy_of_options(
    policy: Policy | None, timeout: float | None, show_form: FormDisplay | None
) -> dict[str, Policy]:
    """Return the policy with the options of the command line, as an argument of each call; none without such options.

    Raises:
        ConfigError: The timeout is too long.
    """
    options: Any = {"timeout": timeout, "show": show_form and (show_form is FormDisplay.always or "auto")}
    changes = {name: value for name, value in options.items() if value is not None}
    try:
        return {"policy": replace(policy or Policy(), **changes)} if changes else {}
    except ValueError as error:
        raise ConfigError(f"--{error}") from None


def read_chunk(value: str | None) -> Any:
    """Return `chunk=` of the calls; None without the option.

    Raises:
        ConfigError: It is neither `auto` nor a number of characters, or too few.

    >>> read_chunk("auto"), read_chunk("5000"), read_chunk(None)
    ('auto', 5000, None)
    """
    if value is None:
        return None
    chunk = int(value) if value.isdecimal() else value
    validate_chunk(chunk)
    return chunk


def read_confidence(value: str | None) -> Any:
    """Return `confidence=` of the calls; None without the option.

    Raises:
        ConfigError: It is none of its values.

    >>> read_confidence("auto"), read_confidence("3")
    ('auto', 3)
    """
    if value is None:
        return None
    confidence = int(value) if value.isdecimal() else value
    validate_confidence(confidence)
    return confidence


def read_probe_options(settings: list[str] | None, headers: list[str] | None) -> dict[str, Any]:
    """Return the arguments of a client that only probes, or lists models.

    Raises:
        ConfigError: One cannot be read, or is a parameter that a probe sets itself.
    """
    from structkit.client.plan import PROBE_OPTIONS

    call: dict[str, Any] = read_call_options(settings, headers, None)
    call.pop("hooks", None)
    if names := [name for name in call if name not in PROBE_OPTIONS]:
        raise ConfigError(f"--set {names[0]}: a probe does not send this parameter, or sets it itself; leave it out")
    return call


def parse_settings(settings: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the documented parameters, and the other fields of the body.

    Raises:
        ConfigError: A text is not NAME=JSON, or a name occurs twice.

    >>> parse_settings(["reasoning_effort=low", "enable_thinking=false", 'stop=["."]'])
    ({'reasoning_effort': 'low', 'stop': ['.']}, {'enable_thinking': False})
    """
    values = [parse_setting(text) for text in settings]
    names = [name for name, _ in values]
    if duplicates := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"--set {duplicates[0]}: the parameter is set twice")
    parameters = {name: value for name, value in values if name in OPTION_NAMES and name not in EXTRA_OPTIONS}
    return parameters, {name: value for name, value in values if name not in parameters}


def check_field_name(name: str) -> None:
    """Print a notice about a field whose name is probably a mistake.

    Raises:
        ConfigError: It is an argument of structkit, and no field.
    """
    if name in OWN_OPTIONS:
        raise ConfigError(f"--set {name}: no field of a request has this name; {OWN_OPTIONS[name]}")
    if hint := OTHER_NAMES.get(name) or suggest_name(name, OPTION_NAMES):
        notice(f"--set {name}: sent as it is, although the name is not documented; {hint}")


def parse_setting(text: str) -> tuple[str, Any]:
    """Return the name and value of `NAME=JSON`; a value that is not JSON is a text.

    Raises:
        ConfigError: There is no name, or the value looks like JSON and is not.

    >>> parse_setting("seed=7"), parse_setting("user=a=b"), parse_setting("user=tea")
    (('seed', 7), ('user', 'a=b'), ('user', 'tea'))
    """
    name, separator, value = text.partition("=")
    if not name.strip() or not separator:
        raise ConfigError(f"--set {text!r}: expected NAME=JSON, such as --set enable_thinking=false")
    try:
        return name.strip(), read_json(value)
    except NotJSON as error:
        if (literal := value.strip()) in JSON_LITERALS:
            expected = JSON_LITERALS[literal] or "a number that JSON can represent"
            raise ConfigError(f"--set {name.strip()}: {literal} is not JSON; write {expected}") from None
        if literal.startswith(("{", "[", '"')):
            raise ConfigError(f"--set {name.strip()}: {error}; quote JSON for the shell") from None
        return name.strip(), value


def parse_header(text: str) -> tuple[str, str]:
    """Return the name and value of a header.

    Raises:
        ConfigError: It is not `NAME: VALUE`; the value is not in the message.

    >>> parse_header("X-Title: my job")
    ('X-Title', 'my job')
    """
    name, separator, value = text.partition(":")
    if not name.strip() or not separator:
        raise ConfigError("--header: expected 'NAME: VALUE', such as --header 'X-Title: reviews'")
    return name.strip(), value.strip()
