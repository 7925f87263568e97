"""JSON Schemas inside the requests and tools of APIs and libraries, which put a name and other keys around them."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.errors import SchemaError
from structkit.values import JSON
from structkit.values.text import shorten_json

SCHEMA_KEYS = frozenset(
    {"response_format", "json_schema", "schema", "text", "format"}  # OpenAI and compatible ones; Ollama
    | {"function", "parameters", "parameters_json_schema"}  # tools of OpenAI, LangChain, pydantic-ai
    | {"inputSchema", "outputSchema"}  # MCP
    | {"input_schema", "output_format", "output_config"}  # Anthropic
    | {
        "response_schema",
        "responseSchema",
        "response_json_schema",
        "responseJsonSchema",
        "parametersJsonSchema",
    }  # Google
    | {"toolSpec", "json", "jsonSchema"}  # Bedrock, the AI SDK
    | {"guided_json", "structured_outputs"}  # vLLM
)
"""The keys under which a schema is, or another such dict."""

OTHER_KEYS = frozenset(
    {"name", "title", "description", "type", "strict", "verbosity"}
    | {"annotations", "execution", "icons", "_meta"}
    | {"cache_control", "defer_loading", "allowed_callers", "input_examples", "eager_input_streaming"}
    | {"response_mime_type", "responseMimeType", "behavior", "metadata", "outer_typed_dict_key", "kind", "sequential"}
)
"""The keys beside such a key, in the same APIs."""

ENVELOPE_TYPES = ("json_schema", "json_object", "json", "function", "custom")
"""Values of `type` that name a kind of such a dict."""


@dataclass(frozen=True)
class EnvelopeContent:
    """A schema that was in an envelope.

    Attributes:
        schema: The schema, with the description from around it where it has none.
        name: The name from around it, "" if there is none.
        keys: The keys that led to it, outermost first; empty if there was no envelope.
    """

    schema: JSON
    name: str = ""
    keys: tuple[str, ...] = ()


def open_envelope(document: JSON) -> EnvelopeContent:
    """Return the schema in a dict of a known form; the dict itself if it has none.

    Raises:
        SchemaError: The dict has more than one schema.

    >>> open_envelope({"name": "add", "description": "Adds.", "inputSchema": {"type": "object"}})
    EnvelopeContent(schema={'type': 'object', 'description': 'Adds.'}, name='add', keys=('inputSchema',))
    """
    key = _schema_key(document)
    if key is None:
        return EnvelopeContent(document)
    inner = open_envelope(document[key])
    name, description = document.get("name"), document.get("description")
    has_description = isinstance(description, str) and "description" not in inner.schema
    schema = {**inner.schema, "description": description} if has_description else inner.schema
    return EnvelopeContent(schema, inner.name or (name if isinstance(name, str) else ""), (key, *inner.keys))


def _schema_key(document: JSON) -> str | None:
    """Return the key of the schema in an envelope; None for any other dict."""
    keys = [key for key in document if key in SCHEMA_KEYS and isinstance(document[key], dict)]
    has_type = "type" not in document or document["type"] in ENVELOPE_TYPES
    if not keys or not has_type or not document.keys() - keys <= OTHER_KEYS:
        return None
    if len(keys) > 1:
        choices = " or ".join(f"document[{shorten_json(key)}]" for key in keys)
        raise SchemaError(f"a dict with several JSON Schemas: pass {choices}")
    return keys[0]
