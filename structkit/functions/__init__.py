"""The decorator: a function whose answer comes from a model."""

from structkit.functions.prompt import prompt

__all__ = ["prompt"]
