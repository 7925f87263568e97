"""What to write instead of an argument that a `Job` does not have."""

from __future__ import annotations

from structkit.batch.settings import JobSettings
from structkit.client.argument_names import CONNECTION_ARGUMENTS, OTHER_NAMES
from structkit.client.arguments import CallOptions
from structkit.values.text import suggest_name

JOB_NAMES = {
    **dict.fromkeys(("response_model", "response_format", "type"), "use output_type=..."),
    **dict.fromkeys(("messages", "text"), "use prompt=..."),
    **dict.fromkeys(("input", "rows", "data"), "use source=..."),
    **dict.fromkeys(("max_workers", "workers", "max_concurrency"), "use concurrency=..."),
    **dict.fromkeys(("cache", "prices"), "pass client=structkit.Client(...), which has this argument"),
}
"""What an argument is called here."""


def hint_setting(name: str) -> str:
    """Return what to write instead; empty if that is not known.

    >>> hint_setting("temprature")
    "did you mean call={'temperature': ...}?"
    >>> hint_setting("system")
    'put it into call={...}: instructions=...'
    >>> hint_setting("http_client")
    'pass client=structkit.Client(...): structkit.Client(model, client=openai.OpenAI(http_client=...))'
    """
    options = CallOptions.__optional_keys__
    if name in options:
        return f"put it into call={{{name!r}: ...}}, or of a decorated function into f.with_options({name}=...)"
    if name in JOB_NAMES:
        return JOB_NAMES[name]
    if name in CONNECTION_ARGUMENTS:
        return f"pass client=structkit.Client(...): {OTHER_NAMES[name]}"
    if name in OTHER_NAMES:
        return f"put it into call={{...}}: {OTHER_NAMES[name]}"
    if hint := suggest_name(name, JobSettings.__dataclass_fields__):
        return hint
    option = suggest_name(name, sorted(options)).removeprefix("did you mean ").removesuffix("?")
    return f"did you mean call={{{option}: ...}}?" if option else ""
