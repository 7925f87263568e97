"""A JSON Schema document as an output type: its values are plain JSON, validated by the document."""

from __future__ import annotations

import copy
from itertools import islice
from typing import Any

from structkit.schema.json_schema.backtracking import PatternTimeout
from structkit.schema.json_schema.document import SchemaDocument
from structkit.schema.naming import snake_case
from structkit.schema.natural import MAX_QUOTED_CHARS, InvalidValue
from structkit.values import JSON, Issue, JSONValue
from structkit.values.text import shorten, shorten_json

MAX_ISSUES = 100
"""Issues that are reported of one value: nested `allOf` can report the same one exponentially often."""


class RawSchema:
    """A JSON Schema document, draft 4 to 2020-12; its values are plain JSON."""

    def __init__(self, schema: JSON) -> None:
        """Validate the document.

        Raises:
            SchemaError: It is not a JSON Schema.
        """
        from jsonschema import Draft202012Validator
        from jsonschema.validators import validator_for

        from structkit.schema.json_schema.formats import with_all_formats
        from structkit.schema.json_schema.keyword_rules import with_exact_rules
        from structkit.schema.json_schema.metaschema import validate_document
        from structkit.schema.json_schema.patterns import validate_patterns
        from structkit.schema.json_schema.reference_cycles import validate_cycles

        self.schema = schema = copy.deepcopy(schema)
        self.name = snake_case(str(schema.get("title") or "output"))
        validator = validator_for(schema, default=Draft202012Validator)
        validate_document(schema, validator)
        validate_patterns(schema)
        document = SchemaDocument(schema)
        validate_cycles(document)
        # jsonschema-rs is 20 times as fast, but a schema can hang it (a union of 2^30 branches, a slow pattern), and a
        # deep value ends the process; it would be safe only as a first test of schemas without these.
        exact = with_exact_rules(validator, is_dynamic=document.is_dynamic)
        self._validator = exact(schema, format_checker=with_all_formats(validator.FORMAT_CHECKER))

    def part(self, schema: JSONValue) -> RawSchema:
        """Return the same document, for values of a part of it."""
        schema_part = copy.copy(self)
        schema_part._validator = self._validator.evolve(schema=schema)  # noqa: SLF001 (its own class)
        return schema_part

    def dump(self, value: JSONValue) -> JSONValue:
        """Return the value: it is JSON already."""
        return value

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> JSONValue:  # noqa: ARG002
        """Validate a value by the document, formats included.

        Raises:
            InvalidValue: With at most `MAX_ISSUES` issues.
        """
        try:
            issues = tuple(
                Issue(
                    tuple(error.absolute_path),
                    shorten(error.message, 2 * MAX_QUOTED_CHARS),
                    shorten_json(error.instance, MAX_QUOTED_CHARS),
                )
                for error in islice(self._validator.iter_errors(value), MAX_ISSUES)
            )
        except PatternTimeout as error:  # raised, since a rule such as `not` would take "does not match" for valid
            raise InvalidValue((Issue((), str(error), shorten_json(error.text, MAX_QUOTED_CHARS)),)) from None
        except BaseException as error:
            # jsonschema's maps are written in Rust, and panic where the stack is full.
            if type(error).__name__ == "PanicException":
                raise RecursionError from None
            raise
        if issues:
            raise InvalidValue(issues)
        return value
