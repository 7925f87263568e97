"""What a decorated function's values are looked for in: its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from structkit.extraction.grounding import ArgumentEvidence, EvidenceChoice
from structkit.prompts import template_names


def argument_evidence(
    choice: EvidenceChoice, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> ArgumentEvidence:
    """Return what `evidence=` is for a call of a function, with the defaults of arguments that the call leaves out."""
    bound = inspect.signature(function).bind(*arguments, **keywords)
    bound.apply_defaults()
    inner = function.func if isinstance(function, partial) else function
    template = getattr(inner, "template", None)
    names = bound.arguments if template is None else template_names(template, bound.arguments)
    used_arguments = {name: value for name, value in bound.arguments.items() if name in names}
    return ArgumentEvidence(choice, used_arguments, is_template=template is not None)
