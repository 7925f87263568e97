"""What routes honour, remembered in the user's cache folder: a small file a route, safe for many processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from structkit.dialects import Route, route_from_json, route_to_json
from structkit.transport.base_url import is_loopback
from structkit.values import JSON

SETTING = "STRUCTKIT_ROUTES"
"""The environment variable that switches the memory off (`off`) or names another folder."""

DAYS = 7 * 24 * 3600.0
"""Seconds for which a remote route is believed to stay as it was."""

MOMENTS = 60.0
"""Seconds for a server on this machine: the next one on its port may be another."""

NAME = re.compile(r"[0-9a-f]{32}\.json")
"""The files' names: the folder may be one of the user's, and hold others."""

VERSION = 1
"""Of the files' form; others are not read."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of one route."""

    base_url: str
    model: str
    route: Route
    providers: tuple[str, ...]
    learnt: float


def folder() -> Path | None:
    """Where routes are remembered; None where the setting says that they are not."""
    given = os.environ.get(SETTING, "")
    if given.lower() in {"off", "0", "no", "false"}:
        return None
    if given:
        return Path(given)
    from platformdirs import user_cache_path

    return user_cache_path("structkit") / "routes"


def recall(base_url: str, model: str) -> Known | None:
    """What is remembered of a route; None where it is nothing, or too old."""
    where = folder()
    return None if where is None or not base_url else _read(where / _name(base_url, model))


def remember(base_url: str, model: str, route: Route, provider: str | None = None) -> None:
    """Keep what was learnt of a route; a cache folder that cannot be written is left alone."""
    where = folder()
    if where is None or not base_url:
        return
    before = recall(base_url, model)
    providers = {*(before.providers if before else ()), *([provider] if provider else ())}
    kept = {"version": VERSION, "base_url": base_url, "model": model, "providers": sorted(providers)}
    with contextlib.suppress(OSError):
        where.mkdir(parents=True, exist_ok=True)
        _replace(where / _name(base_url, model), {**kept, "learnt": time.time(), "route": route_to_json(route)})


def forget(base_url: str, model: str) -> None:
    """Leave nothing remembered of a route."""
    where = folder()
    if where is not None:
        with contextlib.suppress(OSError):
            (where / _name(base_url, model)).unlink()


def forget_all() -> None:
    """Leave nothing remembered of any route, what is too old included."""
    where = folder()
    for path in where.glob("*.json") if where else ():
        if NAME.fullmatch(path.name):
            with contextlib.suppress(OSError):
                path.unlink()


def everything() -> Iterator[Known]:
    """All that is remembered and not too old."""
    where = folder()
    for path in sorted(where.glob("*.json")) if where else ():
        if known := _read(path):
            yield known


def _name(base_url: str, model: str) -> str:
    return hashlib.sha256(f"{base_url}\n{model}".encode()).hexdigest()[:32] + ".json"


def _read(path: Path) -> Known | None:
    try:
        kept: JSON = json.loads(path.read_bytes())
        if kept["version"] != VERSION:
            return None
        route = route_from_json(kept["route"])
        known = Known(kept["base_url"], kept["model"], route, tuple(kept["providers"]), float(kept["learnt"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):  # none, half of one, or foreign
        return None
    age = time.time() - known.learnt
    return known if 0 <= age <= (MOMENTS if is_loopback(known.base_url) else DAYS) else None


def _replace(path: Path, value: JSON) -> None:
    """Write a file in one step: another process sees the old one or the new one, never half of it."""
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
