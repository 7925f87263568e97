"""`find_evidence`: where the values of an object are in a text, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import partial
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from structkit.errors import ConfigError
from structkit.evidence.alignment import align
from structkit.evidence.source_texts import SourceTexts
from structkit.schema.cache import response_format
from structkit.values import JSON, JSONValue
from structkit.values.evidence_map import EvidenceMap, TextSource
from structkit.values.page import PromptDocument

PLAIN_TYPES = (type(None), bool, int, float, str, list, tuple, Mapping)
"""Types whose values say nothing of their fields' types."""


def find_evidence(value: Any, text: str | PromptDocument, output_type: Any = None) -> EvidenceMap:
    """Return where in a text each scalar of a value is; nothing is sent.

    Args:
        value: A value of any type, such as a model.
        text: The source: a text, or a `Document`.
        output_type: The value's type, or a JSON Schema. By default that of the value; of plain dicts and lists, no
            types of fields are known, so that only an ISO date is looked for as a date.

    Returns:
        The evidence of each scalar, by its path in the value's natural JSON, such as `("lines", 0, "price")`.

    Raises:
        ConfigError: The value is not one of the type, or has no JSON form.
        SchemaError: The type has no JSON Schema.

    >>> value = {"city": "Zurich", "total": 1299.5, "paid": None, "code": "A-7"}
    >>> evidence = find_evidence(value, "Zürich: CHF 1'299.50")
    >>> evidence["total",].text, evidence["city",].how, evidence.missing
    ("1'299.50", 'folded', (('code',),))
    """
    if not isinstance(text, str | PromptDocument):
        raise ConfigError(f"the source must be a text or a Document, not {type(text).__name__}")
    natural, schema = _natural(value, output_type)
    sources = (TextSource.of(text, ()),)
    by_path = align(natural, SourceTexts(sources), schema)
    return EvidenceMap(partial(dict, by_path), sources, lambda: natural)


def _natural(value: Any, output_type: Any) -> tuple[JSONValue, JSON | None]:
    try:
        if output_type is None and isinstance(value, PLAIN_TYPES) and not isinstance(value, Enum):
            return to_jsonable_python(value), None
        value_type = response_format(type(value) if output_type is None else output_type)
        return value_type.natural(value), value_type.natural_schema
    except (PydanticSerializationError, TypeError, ValueError) as error:
        raise ConfigError(f"the value has no JSON form: {error}") from None
