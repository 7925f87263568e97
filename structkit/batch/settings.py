"""The settings of a job, as plain frozen data: what every other module of `batch` knows of a `Job`."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, cast

from structkit.batch.job_display import display_settings
from structkit.batch.parts import Part
from structkit.client import AsyncClient, Client
from structkit.client.arguments import DefaultOptions
from structkit.costs.price import Price, read_prices
from structkit.costs.price_list import OwnPrices
from structkit.errors import ConfigError
from structkit.tables.formats.formulas import GuardFormulas
from structkit.tables.object_store import is_url
from structkit.tables.store_address import StoreAddress
from structkit.transport import AsyncTransport
from structkit.values import Prompt

OnChange: TypeAlias = Literal["stop", "reparse", "new", "mix"]
"""What to do if the job no longer matches its journal."""

OnAmbiguous: TypeAlias = Literal["resend", "hold"]
"""What to do with a row whose last request may have been answered and paid for, although the reply was lost."""

EvidenceChoice: TypeAlias = bool | Literal["null", "require"]
"""Whether the values of a row are looked for in its cells, and what happens to those that are not there."""

EngineName: TypeAlias = Literal["local", "ray"]
"""Where the processes of a job run: on this machine, or on a Ray cluster."""

Blank: TypeAlias = Literal["skip", "ask", "fail"]
"""What to do with a row in whose cells the prompt has nothing to read."""

MaxFailed: TypeAlias = int | str | None
"""How many rows may fail before the run counts as failed: a number, or a percentage as text. With None, a run fails
only if no row is done."""

JobPriceList: TypeAlias = "Mapping[str, Price | Mapping[str, Any]] | str | Path"
"""Prices by model, or a TOML or JSON file with them."""

DIGEST_CHARS = 8
"""Hex digits in the name of a journal's folder that tell apart outputs of one name."""

RowPrompt: TypeAlias = Callable[[Mapping[str, Any]], "Prompt | Awaitable[Prompt]"]
"""A function that returns the prompt for the cells of one row."""

MAX_AUTO_CONCURRENCY = 128
"""Requests in flight up to which `concurrency="auto"` rises."""

MAX_REPLY_TOKENS = 4_096
"""Tokens that a reply is assumed to have at most if the job sets no limit."""


class LabelOptions(TypedDict, total=False):
    """The settings of a `Job` that a decorated function does not set itself: the keywords of `label` and `job`."""

    client: Client | AsyncClient | None
    model: str | None
    base_url: str | None
    api_key: str | None
    transport: AsyncTransport | None
    key: str | None
    table: str | None
    delimiter: str | None
    encoding: str | None
    concurrency: int | Literal["auto"]
    budget: Decimal | str | None
    price: Price | None
    prices: JobPriceList | None
    limit: int | None
    sample: int | None
    part: tuple[int, int] | str | None
    limits: str | None
    grace: float
    blank: Blank
    on_ambiguous: OnAmbiguous
    on_change: OnChange
    retry_failed: bool
    max_failed: MaxFailed
    overwrite: bool
    columns: tuple[str, ...]
    value_column: str
    items: str | None
    guard_formulas: GuardFormulas
    progress: bool
    evidence: EvidenceChoice | None
    batch_api: bool
    wait: bool
    review_below: float | None
    journal: Path | str | None


@dataclass(frozen=True, repr=False)
class JobSettings:
    """The settings of a job; `Job` documents each of them."""

    source: Any
    output: Path | str | StoreAddress | None
    _: KW_ONLY
    output_type: Any
    prompt: str | RowPrompt
    client: Client | AsyncClient | None = field(default=None, repr=False)
    model: str | None = None
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    transport: AsyncTransport | None = None
    key: str | None = None
    table: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    concurrency: int | Literal["auto"] = "auto"
    budget: Decimal | str | None = None
    price: Price | None = None
    prices: JobPriceList | None = None
    limit: int | None = None
    sample: int | None = None
    part: tuple[int, int] | str | None = None
    limits: str | None = field(default=None, repr=False)
    grace: float = 60.0
    blank: Blank = "skip"
    on_ambiguous: OnAmbiguous = "resend"
    on_change: OnChange = "stop"
    retry_failed: bool = False
    max_failed: MaxFailed = None
    overwrite: bool = False
    columns: tuple[str, ...] = ("status", "error", "message", "attempts")
    value_column: str = "value"
    items: str | None = None
    guard_formulas: GuardFormulas = "all"
    progress: bool = True
    evidence: EvidenceChoice | None = None
    batch_api: bool = False
    wait: bool = True
    review_below: float | None = None
    journal: Path | str | None = None
    call: DefaultOptions = field(default_factory=DefaultOptions)

    def __post_init__(self) -> None:
        """Expand `~` in the output, read the part, and take the price of the client."""
        if self.output is not None:
            object.__setattr__(self, "output", _read_output(self.output))
        if self.journal is not None:
            object.__setattr__(self, "journal", _expand(self.journal, "journal must be the path of a folder"))
            if self.output is None:
                raise ConfigError("journal (--journal) needs an output: rows in memory have no journal on disk")
        if self.part is not None:
            object.__setattr__(self, "part", Part.read(self.part))
            if self.output is None:
                raise ConfigError("a part of a job needs an output: one table is made of the files of all parts")
        if self.batch_api and self.output is None:
            raise ConfigError("batch_api needs an output: batches are collected by the journal beside it")
        self._set_prices()

    def __repr__(self) -> str:
        """The settings that are not the defaults, without secrets."""
        return display_settings(self)

    def _set_prices(self) -> None:
        if self.prices is not None:
            object.__setattr__(self, "prices", _read_prices(self.prices))
        if self.price is None and (prices := self.prices_by_model):
            model = self.model or (self.client.model if self.client else os.environ.get("STRUCTKIT_MODEL", ""))
            object.__setattr__(self, "price", prices.get(model))

    @property
    def prices_by_model(self) -> Mapping[str, Price] | None:
        """The prices by model, of the job or of its client; None if there are none."""
        if isinstance(self.prices, Mapping):
            return cast("Mapping[str, Price]", self.prices)  # as `_set_prices` has read them
        prices = self.client.prices if isinstance(self.client, Client | AsyncClient) else None
        return prices.prices if isinstance(prices, OwnPrices) else None  # others depend on time and size

    @property
    def table_path(self) -> Path:
        """The local file of the whole table; of an output in a store, the one that is uploaded.

        Raises:
            ConfigError: There is none: the rows stay in memory.
        """
        if self.output is None:
            raise ConfigError("output=None keeps the rows in memory; give it a file that can be resumed or exported")
        if isinstance(self.output, StoreAddress):
            return self.journal_folder / self.output.name
        return Path(self.output)

    @property
    def output_path(self) -> Path:
        """The local file to write; of a part, that of the part. Raises as `table_path` does."""
        return self.table_path if self.part is None else Part.read(self.part).output(self.table_path)

    @property
    def journal_folder(self) -> Path:
        """Where the journals are: beside the output, or in a folder that is named after it and its address."""
        if self.journal is None and not isinstance(self.output, StoreAddress):
            return self.table_path.parent
        target = self.output if isinstance(self.output, StoreAddress) else self.table_path.resolve()
        digest = sha256(str(target).encode("utf-8", "surrogateescape")).hexdigest()[:DIGEST_CHARS]
        return Path(self.journal or "") / f"{target.name}.{digest}"

    @property
    def folder(self) -> Path:
        """The folder of the journal: `OUTPUT.job`."""
        return self.journal_folder / f"{self.output_path.name}.job"

    @property
    def max_concurrency(self) -> int:
        """The most requests that may be in flight at once."""
        return MAX_AUTO_CONCURRENCY if self.concurrency == "auto" else self.concurrency


def _read_output(output: Any) -> Path | StoreAddress:
    """Return the address of an output in a store, or its file.

    Raises:
        ConfigError: It is neither, or no table can be there.
    """
    if isinstance(output, StoreAddress):
        return output
    if isinstance(output, str) and is_url(output):
        return StoreAddress(output)
    return _expand(output, "output must be the path of a file")


def _read_prices(prices: Any) -> Mapping[str, Price]:
    """Return prices by model.

    Raises:
        ConfigError: They are of another type.
        JobError: The file cannot be read, or a price is invalid.
    """
    if not isinstance(prices, Mapping | str | Path):
        raise ConfigError(f"prices of a job must be a mapping or a file, not {type(prices).__name__}")
    return read_prices(prices)


def _expand(path: Any, message: str) -> Path:
    """Return a path with `~` expanded.

    Raises:
        ConfigError: It is no path, or a path that no file can have.
    """
    if not isinstance(path, str | PathLike) or "\0" in str(path):
        raise ConfigError(f"{message}, not {path!r}")
    if is_url(str(path)):
        raise ConfigError(f"{message} on this machine, not an address")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigError(f"{message}; {str(path)!r} begins with ~ and the name of no user") from None
