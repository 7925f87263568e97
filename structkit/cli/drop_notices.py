"""A notice for each parameter of a command that is left out because the model rejects it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from structkit.cli.terminal import notice
from structkit.client.hooks import Hooks
from structkit.dialects.parameter_rejections import PREFERENCES
from structkit.values import Attempt


def with_drop_notices(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of calls with a hook that prints a notice once for each parameter that is left out."""
    names = {name for name in call.keys() & PREFERENCES if call[name] is not None}
    if not names:
        return {**call}
    hooks: Hooks = call.get("hooks") or Hooks()

    def on_attempt(attempt: Attempt) -> None:
        for name in sorted(names - attempt.request.parameters.options.keys()):
            names.discard(name)
            notice(f"the model does not accept the parameter {name}, or its value: it was left out")
        if hooks.on_attempt:
            hooks.on_attempt(attempt)

    return {**call, "hooks": replace(hooks, on_attempt=on_attempt)}
