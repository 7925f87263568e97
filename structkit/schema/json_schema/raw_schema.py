"""A JSON Schema document as an output type: its values are plain JSON, validated by the document."""

from __future__ import annotations

import copy
from itertools import islice
from typing import Any

from structkit.schema.json_schema.backtracking import PatternTimeout
from structkit.schema.json_schema.document import Document
from structkit.schema.naming import snake_case
from structkit.schema.natural import MAX_QUOTED_CHARS, InvalidValue
from structkit.values import JSON, Issue, JSONValue
from structkit.values.text import shorten, shorten_json

MOST_ISSUES = 100
"""Of a value that is checked by a JSON Schema: `allOf` can say the same exponentially often."""


class RawSchema:
    """A JSON Schema document, draft 4 to 2020-12; its values are plain JSON."""

    def __init__(self, schema: JSON) -> None:
        """Check the document.

        Raises:
            SchemaError: It is no JSON Schema.
        """
        from jsonschema import Draft202012Validator
        from jsonschema.validators import validator_for

        from structkit.schema.json_schema.formats import with_our_formats
        from structkit.schema.json_schema.metaschema import check_document
        from structkit.schema.json_schema.patterns import validate_patterns
        from structkit.schema.json_schema.reference_cycles import refuse_circles
        from structkit.schema.json_schema.validation import with_our_rules

        self.schema = schema = copy.deepcopy(schema)
        self.name = snake_case(str(schema.get("title") or "output"))
        validator = validator_for(schema, default=Draft202012Validator)
        check_document(schema, validator)
        validate_patterns(schema)
        document = Document(schema)
        refuse_circles(document)
        ours, formats = with_our_rules(validator, is_dynamic=document.is_dynamic), validator.FORMAT_CHECKER
        self._validator = ours(schema, format_checker=with_our_formats(formats))

    def part(self, schema: JSONValue) -> RawSchema:
        """The same document, for values of a part of it."""
        made = copy.copy(self)
        made._validator = self._validator.evolve(schema=schema)  # noqa: SLF001 (its own class)
        return made

    def dump(self, value: JSONValue) -> JSONValue:
        """It is JSON already."""
        return value

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> JSONValue:  # noqa: ARG002
        """By the document, formats asserted."""
        try:
            issues = tuple(
                Issue(
                    tuple(error.absolute_path),
                    shorten(error.message, 2 * MAX_QUOTED_CHARS),
                    shorten_json(error.instance, MAX_QUOTED_CHARS),
                )
                for error in islice(self._validator.iter_errors(value), MOST_ISSUES)
            )
        except PatternTimeout as error:  # raised, since a rule such as `not` would take "does not match" for valid
            raise InvalidValue((Issue((), str(error), shorten_json(error.text, MAX_QUOTED_CHARS)),)) from None
        except BaseException as error:
            if type(error).__name__ == "PanicException":  # jsonschema's maps are Rust's, and panic at the stack's end
                raise RecursionError from None
            raise
        if issues:
            raise InvalidValue(issues)
        return value
