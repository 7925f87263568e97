"""The drafts of JSON Schema: which one a document names, and the validator class for it."""

from __future__ import annotations

import re
from typing import Any

from structkit.values import JSON

DRAFT = re.compile(r"json-schema\.org/(?:draft-0([3467])/|draft/(2019-09|2020-12)/)")
URIS = {
    **{number: f"http://json-schema.org/draft-0{number}/schema#" for number in "3467"},
    **{date: f"https://json-schema.org/draft/{date}/schema" for date in ("2019-09", "2020-12")},
}
"""The address of each draft, as its metaschema writes it."""

NEWEST = "2020-12"

NOT_PORTABLE = frozenset({"$ref", "$dynamicRef", "exclusiveMinimum", "exclusiveMaximum"})
"""Keywords that mean something else in an older draft, or need the rest of their own."""


def draft_of(schema: JSON) -> str | None:
    """Return the draft that `$schema` names, however its address is written; None if it names none.

    >>> draft_of({"$schema": "https://json-schema.org/draft-07/schema"}), draft_of({"$schema": "https://x.y/own"})
    ('7', None)
    """
    match = DRAFT.search(str(schema.get("$schema", "")))
    return match and (match[1] or match[2])


def is_before(draft: str, other: str) -> bool:
    """Return whether a draft is older than another one.

    >>> is_before("7", "2019-09"), is_before("2020-12", "2019-09")
    (True, False)
    """
    order = [*URIS]
    return order.index(draft) < order.index(other)


def validator_class(schema: JSON) -> Any:
    """Return the class of `jsonschema` for the draft that a schema names, by default for the newest one.

    A keyword that only later drafts define counts as they define it: whoever writes it means it.
    """
    from jsonschema.validators import extend, validator_for

    newest: Any = validator_for({"$schema": URIS[NEWEST]})
    validator: Any = validator_for({"$schema": URIS[draft_of(schema) or NEWEST]})
    later = newest.VALIDATORS.keys() - validator.VALIDATORS.keys() - NOT_PORTABLE
    extend_class: Any = extend
    return extend_class(validator, {word: newest.VALIDATORS[word] for word in later})
