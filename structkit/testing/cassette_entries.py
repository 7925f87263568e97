"""A cassette's file: requests with their replies as readable JSON, rid of keys, written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from structkit.errors import ConfigError, TransportError
from structkit.parsing import read_completion
from structkit.parsing.assembly import DeltaKind
from structkit.parsing.serialized import fault_from_json, fault_to_json
from structkit.transport.http_reply import redact
from structkit.values import JSON, Completion, Delta, JSONValue

RECORD = "STRUCTKIT_RECORD"
"""Set to anything but `0`, it makes every cassette in mode `auto` record."""

HOW = f"record it with {RECORD}=1, or pytest --structkit-record"

DELTA = 20
"""Characters of a delta that is played."""

SHORTEST_KEY = 12
"""Characters below which `OPENAI_API_KEY` is a placeholder, and may stand in any text."""


def entry_of(reply: Completion | TransportError) -> JSON:
    """A reply as the file keeps it."""
    if isinstance(reply, Completion):
        return {"completion": scrubbed(reply.raw)}
    fault = fault_to_json(reply)
    fault.pop("request_id", None)  # the next recording's would be another
    return {"fault": scrubbed(fault)}


def reply_of(entry: JSON) -> Completion | TransportError:
    """What the file keeps, as a reply.

    >>> from structkit.errors import ConnectionFailed
    >>> reply_of(entry_of(ConnectionFailed("no connection", retryable=True)))
    ConnectionFailed('no connection')
    """
    return read_completion(entry["completion"]) if "completion" in entry else fault_from_json(entry["fault"])


def deltas_of(reply: Completion | TransportError) -> Iterator[Delta]:
    """A stream that comes to the reply, whose own deltas the file does not keep.

    >>> body = {"choices": [{"message": {"content": "9.8 is the greater one"}}]}
    >>> [delta.text for delta in deltas_of(read_completion(body))]
    ['9.8 is the greater o', 'ne']
    """
    found = reply if isinstance(reply, Completion) else read_completion(reply.body) if reply.partial else None
    for choice in found.choices if isinstance(found, Completion) else ():
        arguments = [call.arguments for call in choice.tool_calls[:1]]
        texts: list[tuple[DeltaKind, str]] = [("content", choice.content or ""), ("refusal", choice.refusal or "")]
        for kind, text in [*texts, *(("arguments", said) for said in arguments)]:
            yield from (Delta(choice.index, text[at : at + DELTA], kind) for at in range(0, len(text), DELTA))


def scrubbed(value: JSONValue) -> JSONValue:
    """The value without keys: the one in `OPENAI_API_KEY`, and whatever looks like one.

    >>> scrubbed({"messages": [{"content": "my key is sk-abcdef1234567890"}]})
    {'messages': [{'content': 'my key is sk-[redacted]'}]}
    """
    if isinstance(value, str):
        key = os.environ.get("OPENAI_API_KEY", "").strip()
        return redact(value, key if len(key) >= SHORTEST_KEY else "")
    if isinstance(value, list | tuple):
        return [scrubbed(item) for item in value]
    return {scrubbed(str(key)): scrubbed(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def lines(value: JSONValue) -> list[str]:
    """Readable JSON, always written the same way."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def read_entries(path: Path) -> list[JSON]:
    """What a cassette holds.

    Raises:
        ConfigError: There is no such file, or it is no cassette.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no cassette {path}; {HOW}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"the cassette {path} cannot be read: {error}; {HOW}") from error
    if isinstance(entries, list) and all(map(_is_entry, entries)):
        return entries
    raise ConfigError(f"{path} is no cassette: a list of objects with a request and a reply is wanted; {HOW}")


def _is_entry(entry: JSONValue) -> bool:
    reply = entry.get("reply") if isinstance(entry, dict) and isinstance(entry.get("request"), dict) else None
    fault = reply.get("fault") if isinstance(reply, dict) else None
    said = isinstance(fault, dict) and {"kind", "message"} <= fault.keys()
    return said or (isinstance(reply, dict) and "completion" in reply)


def write_entries(path: Path, entries: list[JSON]) -> None:
    """Put a cassette in its place, together with the folders on the way there.

    Raises:
        ConfigError: The disk does not take it; what stood there before is unharmed.
    """
    text = "\n".join([*lines(entries), ""])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ConfigError(f"the cassette {path} cannot be written: {error}") from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # half a surrogate pair becomes JSON's own escape
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"the cassette {path} cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
