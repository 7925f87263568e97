"""Arguments of another type: an error at once, with the name of the argument, wherever a value is constructed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import structkit

TEXT = b"plain text"
WRONG_ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    "max_bytes": lambda value: structkit.File(TEXT, max_bytes=value),
    "max_bytes of an image": lambda value: structkit.File.image(TEXT, max_bytes=value),
    "max_bytes of a download": lambda value: structkit.File.fetch("http://127.0.0.1:9/a.png", max_bytes=value),
    "timeout": lambda value: structkit.File.fetch("http://127.0.0.1:9/a.png", timeout=value),
    "max_bytes of a document": lambda value: structkit.Document.open(TEXT, name="a.txt", max_bytes=value),
    "max_pages": lambda value: structkit.Document.open(TEXT, name="a.txt", max_pages=value),
    "max_seconds": lambda value: structkit.Document.open(TEXT, name="a.txt", max_seconds=value),
    "name": lambda value: structkit.ResponseFormat(int, name=value),
    "the name of a file": lambda value: structkit.File(TEXT, name=value),
    "the cache": structkit.SQLiteStore,
}


@pytest.mark.parametrize("name", WRONG_ARGUMENTS)
@pytest.mark.parametrize("value", [b"x", ["x"], {"a": 1}, timedelta(1), True], ids=repr)
def test_an_argument_of_another_type_is_named(name: str, value: Any) -> None:
    with pytest.raises(structkit.StructkitError, match=f"^({name}|{name.partition(' of ')[0]}) must be"):
        WRONG_ARGUMENTS[name](value)


@pytest.mark.parametrize("value", [5, None, b"x", Path("x")], ids=repr)
def test_a_source_is_a_text(value: Any) -> None:
    with pytest.raises(TypeError, match="the text of a TextSource must be a str, not"):
        structkit.TextSource(value)
