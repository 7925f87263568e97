"""What a decorated function was declared with: its type, its client and the options of its calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from structkit.client import AsyncClient, Client, DefaultOptions
from structkit.client.arguments import CallOptions, validate_call
from structkit.client.plan import join_options
from structkit.errors import ConfigError
from structkit.schema import ResponseFormat
from structkit.schema.cache import response_format

T = TypeVar("T")
C = TypeVar("C", Client, AsyncClient)


@dataclass(frozen=True)
class Declaration(Generic[T]):
    """The arguments of the decorator.

    Args:
        response_format: The output type, compiled.
        client: Sends the requests; without one, a client is created from the environment at the first call.
        model: The model's name; None for that of the client or the environment.
        call: The arguments of each call.
        default_clients: Clients from the environment by model; shared with all declarations that are derived.
    """

    response_format: ResponseFormat[T]
    client: Client | AsyncClient | None
    model: str | None
    call: DefaultOptions = field(repr=False)
    default_clients: dict[str | None, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, output_type: Any, client: Any, model: str | None, call: DefaultOptions) -> Declaration[Any]:
        """Compile the type and validate the keywords, so that mistakes show at the declaration."""
        validate_call(call)
        _validate_client(client)
        return Declaration(response_format(output_type), client, model, call)

    def updated(self, client: Any, options: CallOptions) -> Declaration[T]:
        """Return the declaration with other options; another client brings its own model.

        Raises:
            TypeError: There is no option of that name.
            ConfigError: An option is invalid.
        """
        validate_call(options)
        _validate_client(client)
        call: Any = {name: value for name, value in options.items() if name != "model"}
        model = options.get("model") or (self.model if client is None else None)
        return replace(self, client=client or self.client, model=model, call=join_options(self.call, call))

    @cached_property
    def arguments(self) -> CallOptions:
        """The arguments of each call; a client from the environment has the model already."""
        arguments = cast("CallOptions", {**self.call})
        if self.client and self.model:
            arguments["model"] = self.model
        return arguments

    def client_for(self, kind: type[C]) -> C:
        """Return the client; all instances share it if the function is a method."""
        client = self.client or self.default_clients.get(self.model)
        client = client or self.default_clients.setdefault(self.model, kind(self.model))
        if not isinstance(client, kind):
            raise ConfigError(f"this function needs client={kind.__name__}(...), not {type(client).__name__}")
        return client


def _validate_client(client: Any) -> None:
    if client is not None and not isinstance(client, Client | AsyncClient):
        raise ConfigError(f"client= must be a structkit.Client or AsyncClient, not {type(client).__name__}")
