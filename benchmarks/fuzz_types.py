"""Random types and values through the codec: `load(dump(value))` must be the value, of the same type at every level.

Run it:  python benchmarks/fuzz_types.py [--seconds N] [--seed N]
"""

import argparse
import dataclasses
import json
import random
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError
from random_types import RandomType, random_type

from structkit import ResponseFormat
from structkit.errors import SchemaError, StructkitError

VALUES_PER_TYPE = 5


@dataclasses.dataclass(frozen=True)
class Counterexample:
    """A type or value that is not right, with what went wrong: "crash", "refused type", "refused value", "wrong"."""

    kind: str
    seed: str
    text: str
    value: Any
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: seed {self.seed!r}\n  type:  {self.text}\n  value: {self.value!r}\n  {self.detail}"


def is_equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal with their types, at every level: 1, 1.0 and True differ."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict | set | frozenset):
        return _are_equal_members(one, other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_equal, one, other))
    if isinstance(one, BaseModel):
        return is_equal(one.__dict__, other.__dict__) and is_equal(one.__pydantic_extra__, other.__pydantic_extra__)
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return all(is_equal(getattr(one, name), getattr(other, name)) for name in names)
    return bool(one == other)


def _are_equal_members(one: Any, other: Any) -> bool:
    """Return whether two sets, or two maps, have equal members."""
    have_equal_keys = {(type(key), key) for key in one} == {(type(key), key) for key in other}
    return have_equal_keys and (not isinstance(one, dict) or all(is_equal(one[key], other[key]) for key in one))


def is_value_of(adapter: TypeAdapter[Any], value: Any) -> bool:
    """Return whether pydantic accepts a value and leaves it as it is."""
    try:
        return is_equal(adapter.validate_python(value), value)
    except Exception:  # noqa: BLE001 (a validator of another branch may raise anything)
        return False


def is_foreign(adapter: TypeAdapter[Any], value: Any) -> bool:
    """Return whether pydantic itself does not write a value: its `int` lets in the value (1, 2) of an enum."""
    try:
        adapter.dump_python(value, warnings="error")
    except Exception:  # noqa: BLE001 (a serializer may raise anything)
        return True
    return False


def describable_adapter(output_type: Any) -> TypeAdapter[Any] | None:
    """Return pydantic's adapter of a type; None where pydantic refuses the type, or has no JSON Schema for it."""
    try:
        adapter = TypeAdapter(output_type)
        adapter.json_schema()
    except Exception:  # noqa: BLE001 (pydantic raises many kinds)
        return None
    return adapter


def counterexamples(each: RandomType, seed: str, counts: Counter[str]) -> Iterator[Counterexample]:
    """Yield what is wrong with a type and a few of its values."""
    if not (adapter := describable_adapter(each.type)):
        counts["types that pydantic refuses"] += 1
        return
    counts["types"] += 1
    try:
        response_format = ResponseFormat(each.type)
        json.dumps(response_format.payload)
        notes = str(response_format.explain())
    except StructkitError as error:
        if describable_adapter(each.type):  # pydantic adapts an alias of a recursive model only once
            yield Counterexample("refused type", seed, each.text, None, str(error))
    except Exception:  # noqa: BLE001 (whatever it raises is a counterexample)
        yield Counterexample("crash", seed, each.text, None, traceback.format_exc(limit=-3))
    else:
        for value in _some_values(each, adapter, seed, counts):
            fault = _fault(response_format, value, notes)
            if fault and not (fault[0] == "refused value" and is_foreign(adapter, value)):
                yield Counterexample(fault[0], seed, each.text, value, fault[1])


def _some_values(each: RandomType, adapter: TypeAdapter[Any], seed: str, counts: Counter[str]) -> Iterator[Any]:
    """Yield values of a type that pydantic takes for such."""
    rng = Random(seed)
    for _ in range(VALUES_PER_TYPE):
        try:
            value = each.make(rng)
        except Exception:  # noqa: BLE001 (a structure rejects the value, as `ipaddress` does a pair with an IndexError)
            counts["values that pydantic refuses"] += 1
            continue
        is_value = is_value_of(adapter, value)
        counts["values" if is_value else "values that pydantic refuses"] += 1
        if is_value:
            yield value


def _fault(response_format: ResponseFormat[Any], value: Any, notes: str) -> tuple[str, str] | None:
    """Return the kind and the details of what is wrong with a value; None where it is read back."""
    try:
        wire = response_format.dump(value)
        text = json.dumps(wire, allow_nan=False)
    except SchemaError as error:
        return None if _is_explained(str(error), notes) else ("refused value", str(error))
    except Exception:  # noqa: BLE001 (whatever it raises is a counterexample)
        return "crash", traceback.format_exc(limit=-3)
    errors = [error.message for error in Draft202012Validator(response_format.schema).iter_errors(json.loads(text))]
    if errors:
        return "does not conform", f"{text}: {errors[0]}"
    try:
        result = response_format.parse(text)
    except Exception as error:  # noqa: BLE001 (whatever it raises is a counterexample)
        return "not read back", f"{text}: {type(error).__name__}: {error}"
    return None if is_equal(result, value) else ("wrong", f"{text}: read back as {result!r}")


def _is_explained(message: str, notes: str) -> bool:
    """Return whether `explain`, or the message itself, says why such values have no wire form."""
    return ("infinit" in message and "infinit" in notes) or "declare re.Pattern[bytes]" in message


def fuzz_types(seconds: float, seed: str) -> list[Counterexample]:
    """Try random types for some seconds, and print each counterexample and a count of what was tried."""
    print(f"random types: seed {seed!r}")
    counts = Counter[str]()
    examples: list[Counterexample] = []
    deadline = time.monotonic() + seconds
    number = 0
    while time.monotonic() < deadline:
        each_seed = f"{seed}/{number}"
        examples += try_seed(each_seed, counts)
        number += 1
    counts.update(example.kind for example in examples)
    print("\n".join(f"{count:8,} {name}" for name, count in counts.items()))
    return examples


def try_seed(seed: str, counts: Counter[str]) -> list[Counterexample]:
    """Print and return the counterexamples of one seed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydantic warns of names that shadow attributes
        try:
            each = random_type(Random(seed))
        except (PydanticUserError, TypeError, ValueError, AttributeError, NameError):
            counts["types that pydantic refuses"] += 1
            return []
        examples = [*counterexamples(each, seed, counts)]
    for example in examples:
        print(example)
    return examples


def main() -> None:
    """Print the counterexamples; the exit code is 1 where there are any."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", default=str(random.randrange(10**9)), help="of the whole run")
    parser.add_argument("--one", help="try only the type of this seed, as a counterexample names it")
    options = parser.parse_args()
    examples = try_seed(options.one, Counter()) if options.one else fuzz_types(options.seconds, options.seed)
    raise SystemExit(bool(examples))


if __name__ == "__main__":
    main()
