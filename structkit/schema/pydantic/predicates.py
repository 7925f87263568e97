"""Predicates on a type (`annotated_types.Predicate` and `Not`): their names, and what they require in words."""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from structkit.schema.pydantic.caller_functions import function_name

METHOD_DESCRIPTIONS = {
    "islower": "In lower case.",
    "isupper": "In upper case.",
    "istitle": "In title case.",
    "isdigit": "Digits only.",
    "isdecimal": "Decimal digits only.",
    "isnumeric": "Numerals only.",
    "isalpha": "Letters only.",
    "isalnum": "Letters and digits only.",
    "isascii": "ASCII only.",
    "isspace": "White space only.",
    "isprintable": "Printable characters only.",
    "isidentifier": "A Python identifier.",
}
"""What the methods of `str` require that are used as predicates."""


@dataclass(frozen=True)
class TypePredicate:
    """A function that a value must satisfy, or must not satisfy."""

    function: Callable[[Any], object]
    is_negated: bool = False

    @property
    def name(self) -> str:
        """The function's name, as `explain` lists it."""
        name = function_name(self.function)
        return f"not {name}" if self.is_negated else name

    @property
    def description(self) -> str:
        """What it requires, as a sentence; "" if it has no name, or requires nothing of JSON.

        >>> TypePredicate(str.islower).description, TypePredicate(str.isspace, is_negated=True).description
        ('In lower case.', 'Not: white space only.')
        >>> def is_even(number):
        ...     '''A multiple of two.'''
        >>> TypePredicate(is_even).description, TypePredicate(lambda number: number > 3).description
        ('Must satisfy is_even: A multiple of two.', '')
        """
        text = self._requirement
        return f"Not: {text[0].lower()}{text[1:]}" if self.is_negated and text else text

    @property
    def _requirement(self) -> str:
        name = function_name(self.function)
        if isinstance(self.function, types.MethodDescriptorType) and name in METHOD_DESCRIPTIONS:
            return METHOD_DESCRIPTIONS[name]
        is_for_infinities = getattr(self.function, "__module__", "") == "math"  # which JSON does not have
        if name == "<lambda>" or is_for_infinities:
            return ""
        lines = (self.function.__doc__ or "").strip().splitlines()
        return f"Must satisfy {name}: {lines[0]}" if lines else f"Must satisfy {name}."


FAILURE = re.compile(r"(?:Predicate|Not of) '(?:str\.)?(.*)' failed")


def describe_failure(message: str) -> str:
    """Return what a value must satisfy, of pydantic's message that it does not.

    >>> describe_failure("Predicate 'str.islower' failed"), describe_failure("Not of 'is_even' failed")
    ('Input should be: in lower case', 'Input must not satisfy is_even')
    >>> describe_failure("Predicate '<lambda>' failed")
    'Input should be another value: it breaks a rule of the type'
    """
    match = FAILURE.fullmatch(message)
    name, is_negated = (match[1], message.startswith("Not")) if match else ("", False)
    if name in METHOD_DESCRIPTIONS:
        text = METHOD_DESCRIPTIONS[name].rstrip(".")
        return f"Input should be{' not' if is_negated else ''}: {text[0].lower()}{text[1:]}"
    if name.isidentifier():
        return f"Input must {'not ' if is_negated else ''}satisfy {name}"
    return "Input should be another value: it breaks a rule of the type"


def find_predicate(validator: Any) -> TypePredicate | None:
    """Return the predicate that pydantic has made a validator of; None where the validator is something else."""
    if not str(getattr(validator, "__module__", "")).startswith("pydantic."):
        return None
    names: tuple[str, ...] = getattr(getattr(validator, "__code__", None), "co_freevars", ())
    cells = zip(names, getattr(validator, "__closure__", None) or (), strict=False)
    function: Any = next((cell.cell_contents for name, cell in cells if name == "annotation"), None)
    is_negated = False
    while (kind := type(function).__name__) in {"Predicate", "Not"}:
        is_negated, function = is_negated ^ (kind == "Not"), function.func
    return TypePredicate(function, is_negated) if callable(function) else None
