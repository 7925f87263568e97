"""The dict that a caller passes as a JSON Schema: what it is, and the schema in it as the compiler reads it."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from structkit.errors import SchemaError
from structkit.schema.explanation import Note
from structkit.schema.json_schema.api_documents import describe_schemas, is_api_document, select_schema
from structkit.schema.json_schema.envelopes import SCHEMA_KEYS, open_envelope
from structkit.schema.json_schema.example_data import KEYS_ADVICE, OBJECT_ADVICE, is_data
from structkit.schema.json_schema.keyword_reader import read_keywords
from structkit.schema.json_schema.pointer_targets import with_targets_in_definitions
from structkit.schema.json_schema.property_maps import is_property_map
from structkit.schema.json_schema.vocabulary import ASSERTIONS, DATA_KEYS, DEFINITIONS, is_keyword, quote_names
from structkit.schema.naming import snake_case
from structkit.values import JSON
from structkit.values.json_pointer import pointer_keys
from structkit.values.text import shorten_json


@dataclass(frozen=True)
class SchemaInput:
    """A JSON Schema as a caller has passed it.

    Attributes:
        document: A copy of it; of an API document, only what its root refers to.
        schema: The schema in it, with every keyword as its draft defines it.
        name: A name for its values.
        notes: What was read otherwise than it was written.
    """

    document: JSON
    schema: JSON
    name: str
    notes: tuple[Note, ...]


def read_schema_input(document: JSON) -> SchemaInput:
    """Read a dict.

    Raises:
        SchemaError: It is not a JSON Schema, nor a dict of a known form with a schema in it.
    """
    document = copy.deepcopy(select_schema(document) if is_api_document(document) else document)
    content = open_envelope(document)
    schema = select_schema(content.schema) if content.keys and is_api_document(content.schema) else content.schema
    validate_root(schema)
    rewritten, notes = read_keywords(with_targets_in_definitions(schema))
    envelope = (_envelope_note(content.keys, content.name),) if content.keys else ()
    unconstrained = () if schema.keys() & ASSERTIONS else (Note((), "rewritten", "no constraint: any JSON value"),)
    return SchemaInput(document, rewritten, _name_of(schema, content.name), (*envelope, *unconstrained, *notes))


def _envelope_note(keys: tuple[str, ...], name: str) -> Note:
    place = "".join(f"[{shorten_json(key)}]" for key in keys)
    return Note(
        (), "rewritten", f"the schema was read from {place}" + (f", its name is {shorten_json(name)}" if name else "")
    )


def _name_of(schema: JSON, name: str) -> str:
    """Return the name from around a schema, its title, or the name of the definition at its root."""
    reference = schema.get("$ref")
    definition = [*pointer_keys(reference)][-1:] if isinstance(reference, str) and reference.startswith("#/") else []
    return name or snake_case(str(schema.get("title") or "".join(definition) or "output"))


def validate_root(schema: JSON) -> None:
    """Validate that a dict is a JSON Schema: it constrains a value, or has nothing but annotations.

    Raises:
        SchemaError: It is something else; the message says what to pass instead.
    """
    unknown = [key for key in schema if not is_keyword(key) or is_data(key, schema[key])]
    if is_property_map(schema) and not _schema_keys(schema):
        names = quote_names([*schema], 5)
        raise SchemaError(f"not a JSON Schema, but a map of properties ({names}): {OBJECT_ADVICE} around them")
    if any(schema.get(word) for word in DEFINITIONS) and not schema.keys() & ASSERTIONS:
        raise SchemaError(f"a JSON Schema with definitions and no root: {describe_schemas(schema, 'schema')}")
    if unknown and schema.keys() & ASSERTIONS <= DATA_KEYS:
        values = " with their values" if any(map(is_keyword, unknown)) else ""
        raise SchemaError(
            f"not a JSON Schema: its keys ({quote_names(unknown, 5)}) have no meaning in one{values}; {_advice(schema)}"
        )


def _schema_keys(schema: JSON) -> list[str]:
    return [key for key in schema if key in SCHEMA_KEYS and isinstance(schema[key], dict)]


def _advice(schema: JSON) -> str:
    if keys := _schema_keys(schema):
        return f"if the schema is under {quote_names(keys)}, pass that"
    return KEYS_ADVICE
