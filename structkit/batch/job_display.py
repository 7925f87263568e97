"""A job as people look at it: its settings that are not the defaults, without secrets."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from structkit.client.client_display import MAX_OPTION_CHARS, display_options
from structkit.values.display import format_fields, short_repr


def display_settings(settings: Any) -> str:
    """Return the settings of a job, a dataclass, as a text without the queries of addresses, which may be secret."""
    values = {each.name: getattr(settings, each.name) for each in fields(settings) if each.repr}
    defaults = {each.name: each.default for each in fields(settings)}
    chosen = {name: value for name, value in values.items() if defaults[name] is MISSING or value != defaults[name]}
    call = ", ".join(f"{name!r}: {text}" for name, text in display_options(chosen.pop("call", {})).items())
    options = {"call": f"{{{call}}}"} if call else {}
    return format_fields(
        type(settings).__name__, **{name: _display(value) for name, value in chosen.items()}, **options
    )


def _display(value: Any) -> str:
    if isinstance(value, str) and "://" in value and "?" in value:
        value = f"{value.partition('?')[0]}?..."
    return short_repr(value, MAX_OPTION_CHARS)
