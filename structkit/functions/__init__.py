"""`structkit.prompt`: a function whose value comes from a model."""

from structkit.functions.prompt import prompt

__all__ = ["prompt"]
