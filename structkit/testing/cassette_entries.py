"""A cassette's file: requests and their replies as readable JSON without API keys, written atomically."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from structkit.errors import ConfigError, TransportError
from structkit.parsing import read_completion
from structkit.parsing.assembly import DeltaKind
from structkit.parsing.completion import read_choices
from structkit.parsing.serialized import (
    completion_from_json,
    completion_to_json,
    fault_from_json,
    fault_to_json,
    is_read_from_body,
)
from structkit.transport.http_reply import redact
from structkit.transport.secrets import environment_secrets
from structkit.values import JSON, Choice, Completion, Delta, JSONValue, Usage
from structkit.values.credentials import hide_credentials, hide_query

VARIABLE = "STRUCTKIT_RECORD"
"""An environment variable: any value but `0` makes every cassette in mode `auto` record."""

REMEDY = f"record it with {VARIABLE}=1, or pytest --structkit-record"

DELTA_CHARS = 20
"""Characters of a replayed delta."""

MIN_KEY_CHARS = 12
"""A shorter `OPENAI_API_KEY` is a placeholder, which may occur in any text."""


def request_to_entry(identity: JSON) -> JSON:
    """Return what identifies a request as it is stored in the file.

    >>> request_to_entry({"litellm": {"api_key": "k-1"}, "seed": 7, "extra_query": {"api-version": "2", "sig": "s-1"}})
    {'litellm': {'api_key': '[redacted]'}, 'seed': 7, 'extra_query': {'api-version': '2', 'sig': '[redacted]'}}
    """
    fields = hide_credentials(identity)
    if isinstance(query := fields.get("extra_query"), Mapping):
        fields["extra_query"] = hide_query(query)
    return cast("JSON", without_keys(fields))


def reply_to_entry(reply: Completion | TransportError) -> JSON:
    """Return a reply as it is stored in the file."""
    if isinstance(reply, Completion):
        if is_read_from_body(reply, with_usage=True):
            return {"completion": without_keys(reply.raw)}
        # The transport is the caller's, and its body is not that of a completion.
        return {"parsed": without_keys(completion_to_json(reply)), "usage": asdict(reply.usage)}
    fault = fault_to_json(reply)
    fault.pop("request_id", None)  # differs in every recording
    return {"fault": without_keys(fault)}


def entry_to_reply(entry: JSON) -> Completion | TransportError:
    """Return the reply that `reply_to_entry` has stored.

    >>> from structkit.errors import ConnectionFailed
    >>> entry_to_reply(reply_to_entry(ConnectionFailed("no connection", retryable=True)))
    ConnectionFailed('no connection')
    """
    if "fault" in entry:
        return fault_from_json(entry["fault"])
    if "completion" in entry:
        return read_completion(entry["completion"])
    return replace(completion_from_json(entry["parsed"]), usage=Usage(**entry["usage"]))


def reply_deltas(reply: Completion | TransportError) -> Iterator[Delta]:
    """Yield deltas that add up to the reply; those of the recorded stream are not stored.

    >>> body = {"choices": [{"message": {"content": "9.8 is the greater one"}}]}
    >>> [delta.text for delta in reply_deltas(read_completion(body))]
    ['9.8 is the greater o', 'ne']
    """
    if isinstance(reply, Completion):
        choices = reply.choices
    else:
        choices = read_choices(cast("JSON", reply.body)) if reply.partial else ()
    for choice in choices:
        for kind, text, tool in _texts(choice):
            yield from (
                Delta(choice.index, text[at : at + DELTA_CHARS], kind, tool) for at in range(0, len(text), DELTA_CHARS)
            )


def _texts(choice: Choice) -> Iterator[tuple[DeltaKind, str, str]]:
    yield "content", choice.content or "", ""
    yield "refusal", choice.refusal or "", ""
    for call in choice.tool_calls[:1]:
        yield "arguments", call.arguments, call.name


def without_keys(value: JSONValue) -> JSONValue:
    """Return the value without the secrets in the environment, and without anything that looks like a key.

    These are `OPENAI_API_KEY`, the values of `OPENAI_CUSTOM_HEADERS`, and the passwords of proxies.

    >>> without_keys({"messages": [{"content": "my key is sk-abcdef1234567890"}]})
    {'messages': [{'content': 'my key is sk-[redacted]'}]}
    """
    if isinstance(value, str):
        key = os.environ.get("OPENAI_API_KEY", "").strip()
        secrets = (key, *environment_secrets())
        return redact(value, tuple(each for each in secrets if len(each) >= MIN_KEY_CHARS))
    if isinstance(value, list | tuple):
        return [without_keys(item) for item in value]
    return (
        {without_keys(str(key)): without_keys(item) for key, item in value.items()}
        if isinstance(value, Mapping)
        else value
    )


def json_lines(value: JSONValue) -> list[str]:
    """Return the lines of readable JSON; equal values have equal lines."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def read_entries(path: Path) -> list[JSON]:
    """Return the entries of a cassette.

    Raises:
        ConfigError: The file does not exist, or is not a cassette.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no cassette {path}; {REMEDY}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"the cassette {path} cannot be read: {error}; {REMEDY}") from error
    if isinstance(entries, list) and all(map(_is_entry, entries)):
        return [{**entry, "request": request_to_entry(entry["request"])} for entry in entries]
    raise ConfigError(f"{path} is not a cassette, a list of objects with a request and a reply; {REMEDY}")


def _is_entry(entry: JSONValue) -> bool:
    reply = entry.get("reply") if isinstance(entry, dict) and isinstance(entry.get("request"), dict) else None
    fault = reply.get("fault") if isinstance(reply, dict) else None
    is_fault = isinstance(fault, dict) and {"kind", "message"} <= fault.keys()
    return is_fault or (isinstance(reply, dict) and ("completion" in reply or {"parsed", "usage"} <= reply.keys()))


def write_entries(path: Path, entries: list[JSON]) -> None:
    """Write a cassette atomically, and create its folders.

    Raises:
        ConfigError: It cannot be written; a file that was there before is unchanged.
    """
    text = "\n".join([*json_lines(entries), ""])
    path = Path(os.path.realpath(path))  # of a link, the file that it names is written
    if path.exists() and not path.is_file():
        raise ConfigError(f"the cassette {path} cannot be written: it is not a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ConfigError(f"the cassette {path} cannot be written: {error}") from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # half a surrogate pair becomes a JSON escape
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"the cassette {path} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
