"""Which texts of a prompt are sources: what the caller wants to be read, not what is asked about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from structkit.values import ContentPart, JSONPath, Message, Prompt
from structkit.values.evidence_map import TextSource
from structkit.values.page import PromptDocument
from structkit.values.source_cell import is_blank, to_text

SOURCE_ROLES = frozenset({"user", "tool"})
"""Whose messages are sources: neither instructions nor what the model wrote."""

PLAIN_TYPES = (bool, int, float, Decimal, date, time)
"""Arguments that a prompt may have in any notation, or not at all, such as a number of words."""

MIN_SHARE = 0.1
"""The part of a prompt that arguments have to be at least."""

Part = tuple[JSONPath, Any]
"""A part of a prompt, and where the caller passed it."""


def prompt_sources(prompt: Prompt) -> tuple[TextSource, ...]:
    """Return the texts of a prompt that values are looked for in: those of the user's messages and of tools.

    >>> prompt_sources("Kiel, 3 May")
    (TextSource(text='Kiel, 3 May', path=()),)
    >>> prompt_sources([Message("system", "Be brief."), Message("user", "Kiel"), {"role": "user", "content": "3 May"}])
    (TextSource(text='Kiel', path=(1,)), TextSource(text='3 May', path=(2,)))
    """
    parts = ((path, part, _text_of(part)) for path, part in _parts(prompt))
    return tuple(
        TextSource.of(part if isinstance(part, PromptDocument) else text, path)
        for path, part, text in parts
        if text is not None and not is_blank(text)
    )


def has_unread_parts(prompt: Prompt) -> bool:
    """Return whether a prompt has a part whose text is not known, such as an image."""
    return any(
        part.has_unread_pages if isinstance(part, PromptDocument) else _text_of(part) is None
        for _, part in _parts(prompt)
    )


def documents_of(prompt: Prompt) -> Iterator[PromptDocument]:
    """Yield the documents of a prompt."""
    yield from (part for _, part in _parts(prompt) if isinstance(part, PromptDocument))


def template_sources(arguments: Mapping[str, Any]) -> tuple[TextSource, ...]:
    """Return the texts that a template has of its arguments.

    >>> template_sources({"letter": "Kiel", "note": None})
    (TextSource(text='Kiel', path=('letter',)),)
    """
    texts = ((name, _source_of(value)) for name, value in arguments.items() if not _is_file(value))
    return tuple(source for name, value in texts if not is_blank((source := TextSource.of(value, (name,))).text))


def argument_sources(arguments: Mapping[str, Any], prompt: Prompt) -> tuple[TextSource, ...]:
    """Return the texts of the arguments from which a function has made a prompt.

    The texts of the prompt are returned instead if the function has read another text, such as that of a file: then an
    argument is not in the prompt as it is, or all of them are less than a tenth of it.

    >>> argument_sources({"text": "Kiel, 3 May"}, "Read this letter: Kiel, 3 May")
    (TextSource(text='Kiel, 3 May', path=('text',)),)
    >>> argument_sources({"path": "letter.txt"}, "Read this letter: Kiel, 3 May")
    (TextSource(text='Read this letter: Kiel, 3 May', path=()),)
    """
    prompt_texts = prompt_sources(prompt)
    sources: list[TextSource] = []
    for path, value in _scalars(arguments, ()):
        argument = TextSource.of(_source_of(value), path)
        if any(argument.text.strip() in source.text for source in prompt_texts):
            sources.append(argument)
        elif not isinstance(value, PLAIN_TYPES):
            return prompt_texts
    share = _count_characters(sources) / max(_count_characters(prompt_texts), 1)
    return tuple(sources) if share >= MIN_SHARE else prompt_texts


def _source_of(value: Any) -> PromptDocument | str:
    return value if isinstance(value, PromptDocument) else to_text(value)


def _is_file(value: Any) -> bool:
    """Return whether an argument is a file, of whose text nothing is known."""
    return not isinstance(value, PromptDocument) and isinstance(value, ContentPart)


def _count_characters(sources: Iterable[TextSource]) -> int:
    return sum(len(source.text) for source in sources)


def _text_of(part: Any) -> str | None:
    """Return the text of a part of a prompt; None if it has none, or none that is known."""
    if isinstance(part, str | PromptDocument):
        return part if isinstance(part, str) else part.text
    is_text = isinstance(part, Mapping) and part.get("type") == "text"
    return str(part.get("text") or "") if is_text else None


def _parts(prompt: Any) -> Iterator[Part]:
    """Yield the texts and other parts of a prompt, without instructions and without what the model wrote."""
    items = enumerate(prompt) if isinstance(prompt, list | tuple) else [(None, prompt)]
    for number, item in items:
        path: JSONPath = () if number is None else (number,)
        message = _message(item)
        if message is None:
            yield path, item
        elif message.role in SOURCE_ROLES:
            content = message.content
            inner = [(path, content)] if isinstance(content, str) else enumerate(content or ())
            yield from ((at if isinstance(at, tuple) else (*path, at), part) for at, part in inner)


def _message(item: Any) -> Message | None:
    if isinstance(item, Message):
        return item
    return Message.from_dict(item) if isinstance(item, Mapping) and "role" in item else None


def _scalars(value: Any, path: JSONPath) -> Iterator[Part]:
    """Yield the texts and other scalars within arguments; not what is blank."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _scalars(item, (*path, str(key)))
    elif isinstance(value, list | tuple | set | frozenset):
        for number, item in enumerate(value):
            yield from _scalars(item, (*path, number))
    elif not (_is_file(value) or is_blank(value)):
        yield path, value
