"""Classes as values, as in `type[Shape]`: written by name, and found by name among the subclasses that are loaded.

A name is looked up and never imported. The schema lists no names, so it is the same whatever a process has loaded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from pydantic_core import PydanticCustomError

MAX_LISTED_NAMES = 20
"""The names that an issue lists; of more subclasses, it lists none."""


class ClassNames:
    """The names of a class and its subclasses.

    >>> names = ClassNames(int)
    >>> names.write(int), names.write(bool), names.find("bool")
    ('int', 'bool', <class 'bool'>)
    """

    def __init__(self, base: type) -> None:
        """Store the class.

        Raises:
            TypeError: It is `object`, and so any class is a subclass.
        """
        if base is object:
            raise TypeError("a reply must not choose among all classes; name a base class, as in type[Shape]")
        self._base = base

    @property
    def description(self) -> str:
        """What the model is asked for."""
        return f"The name of the class {self._base.__name__} or of a subclass of it."

    def find(self, name: str) -> type:
        """Return the class of a name, with or without its module.

        Raises:
            PydanticCustomError: No loaded subclass has the name, or several have it.
        """
        classes = [*_with_subclasses(self._base)]
        matches = (
            [cls for cls in classes[:1] if cls.__name__ == name]
            or [cls for cls in classes if full_name(cls) == name]
            or [cls for cls in classes if name in (cls.__name__, cls.__qualname__)]
        )
        if len(matches) == 1:
            return matches[0]
        names = [full_name(cls) for cls in matches] or [cls.__name__ for cls in classes]
        text = ", ".join(names) if len(names) <= MAX_LISTED_NAMES else f"{self._base.__name__} or a subclass of it"
        raise PydanticCustomError("class_name", "Input should be the name of a class: {names}", {"names": text})

    def write(self, cls: type) -> str:
        """Return the name of a class, by which it is found.

        Raises:
            ValueError: It is not found: it is not a loaded subclass, or several have its name.
        """
        name = cls.__name__ if cls is self._base else full_name(cls)
        if not any(each is cls for each in _with_subclasses(self._base)):
            raise ValueError(f"{name} is not a subclass of {self._base.__name__}")
        if self.find(name) is not cls:
            raise ValueError(f"several loaded classes have the name {name}")
        return name


def full_name(cls: type) -> str:
    """Return the name of a class with its module, unless it is built in.

    >>> full_name(deque), full_name(bool)
    ('collections.deque', 'bool')
    """
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _with_subclasses(base: type) -> Iterator[type]:
    """Yield a class and its loaded subclasses, nearest first, each once."""
    visited = {base}
    queue = deque([base])
    while queue:
        cls = queue.popleft()
        yield cls
        subclasses: list[type] = type.__subclasses__(cls)
        queue.extend(each for each in subclasses if each not in visited)
        visited.update(subclasses)
