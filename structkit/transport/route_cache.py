"""What routes accept, cached in the user's cache folder: a small file for each route, safe for concurrent processes."""

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
from structkit.disk import read_regular_file, try_lock
from structkit.transport.base_url import is_loopback
from structkit.values import JSON

VARIABLE = "STRUCTKIT_ROUTES"
"""The environment variable that turns the cache off (`off`) or names another folder."""

REMOTE_TTL_S = 7 * 24 * 3600.0
"""Seconds for which the route to a remote endpoint is cached."""

LOCAL_TTL_S = 60.0
"""The same for a server on this machine: another model may soon be served on its port."""

FILE_NAME = re.compile(r"[0-9a-f]{32}\.json")
"""Only files with such a name are deleted: the folder may contain files of the user's."""

MAX_FILE_BYTES = 1 << 20
"""A larger file is not a route."""

LOCK_ATTEMPTS = 100
LOCK_WAIT_S = 0.005
"""How often, and after how many seconds each, a locked cache is tried again."""

VERSION = 3
"""The version of the file format; files of another version are ignored."""


@dataclass(frozen=True, slots=True)
class CachedRoute:
    """One route in the cache.

    Attributes:
        base_url: The endpoint.
        model: The model there.
        route: What the model accepts.
        providers: The providers that replies of this route named.
        stored_at: Seconds since 1970.
    """

    base_url: str
    model: str
    route: Route
    providers: tuple[str, ...]
    stored_at: float


def cache_folder() -> Path | None:
    """Return the folder of the cache; None if it is turned off, or the home folder is unknown."""
    setting = os.environ.get(VARIABLE, "")
    if setting.lower() in {"off", "0", "no", "false"}:
        return None
    if setting:
        folder = Path(setting)
    else:
        from platformdirs import user_cache_path

        folder = user_cache_path("structkit") / "routes"
    try:
        return folder.expanduser()
    except RuntimeError:  # a user of a container without a home
        return None


@contextlib.contextmanager
def locked_cache(base_url: str) -> Iterator[None]:
    """Keep others from changing the cache between reading and writing it, where the system can lock a folder.

    Nobody holds it for longer than a file takes to write; a lock that is not free soon is not waited for.
    """
    folder = cache_folder() if base_url else None
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                handle = os.open(folder, os.O_RDONLY)
                stack.callback(os.close, handle)
                for _ in range(LOCK_ATTEMPTS):
                    if try_lock(handle):
                        break
                    time.sleep(LOCK_WAIT_S)
        yield


def load_route(base_url: str, model: str) -> CachedRoute | None:
    """Return the cached route; None if there is none, or if it has expired."""
    folder = cache_folder()
    cached = None if folder is None or not base_url else _read(folder / _file_name(base_url, model))
    return cached if cached and (cached.base_url, cached.model) == (base_url, model) else None


def store_route(base_url: str, model: str, route: Route, provider: str | None = None) -> None:
    """Cache a route; nothing happens if the cache folder cannot be written."""
    folder = cache_folder()
    if folder is None or not base_url:
        return
    cached = load_route(base_url, model)
    providers = {*(cached.providers if cached else ()), *([provider] if provider else ())}
    entry = {"version": VERSION, "base_url": base_url, "model": model, "providers": sorted(providers)}
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        entry |= {"stored_at": time.time(), "route": route_to_json(route)}
        _replace(folder / _file_name(base_url, model), entry)


def delete_route(base_url: str, model: str) -> None:
    """Remove a route from the cache."""
    folder = cache_folder()
    if folder is not None:
        with contextlib.suppress(OSError):
            (folder / _file_name(base_url, model)).unlink()


def clear_routes() -> None:
    """Remove all routes from the cache, expired ones included."""
    folder = cache_folder()
    for path in folder.glob("*.json") if folder else ():
        if FILE_NAME.fullmatch(path.name):
            with contextlib.suppress(OSError):
                path.unlink()


def list_routes() -> Iterator[CachedRoute]:
    """Yield the cached routes that have not expired."""
    folder = cache_folder()
    for path in sorted(folder.glob("*.json")) if folder else ():
        if cached := _read(path):
            yield cached


def _file_name(base_url: str, model: str) -> str:
    return hashlib.sha256(f"{base_url}\n{model}".encode()).hexdigest()[:32] + ".json"


def _read(path: Path) -> CachedRoute | None:
    try:
        entry: JSON = json.loads(read_regular_file(path, MAX_FILE_BYTES))
        if entry["version"] != VERSION:
            return None
        route, providers = route_from_json(entry["route"]), tuple(entry["providers"])
        cached = CachedRoute(entry["base_url"], entry["model"], route, providers, float(entry["stored_at"]))
        if not all(isinstance(name, str) for name in (cached.base_url, cached.model, *providers)):
            return None
        ttl = LOCAL_TTL_S if is_loopback(cached.base_url) else REMOTE_TTL_S
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None  # missing, damaged or foreign
    return cached if 0 <= time.time() - cached.stored_at <= ttl else None


def _replace(path: Path, value: JSON) -> None:
    """Write a file atomically, so that a concurrent process reads the old or the new one, never half of it."""
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
