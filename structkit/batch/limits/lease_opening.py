"""The limiter and the budget of a run whose limits are shared with other workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from structkit.batch.engines.limiter import Limiter
from structkit.batch.limits.lease import Lease, LeasedBudget, LeasedLimiter
from structkit.batch.limits.lease_keeper import LeaseKeeper, LimitsConnection, LimitsLink, read_token
from structkit.batch.parts import Part
from structkit.batch.settings import JobSettings
from structkit.costs.budget import Budget
from structkit.errors import ConfigError
from structkit.values import JSON


@contextmanager
def lease_limits(
    settings: JobSettings,
    fingerprint: JSON,
    limiter: Limiter,
    budget: Budget,
    link: LimitsLink | None = None,
    *,
    is_priced: bool,
) -> Iterator[tuple[Limiter, Budget]]:
    """Yield the limiter and the budget of a run, which keep to a lease of the server that the job names.

    Args:
        settings: The job.
        fingerprint: What makes it the same job.
        limiter: That of the run alone.
        budget: That of the run alone.
        link: To the limits, if they are not at the address that the job names.
        is_priced: Whether the cost of a request is known before it is sent.

    Raises:
        ConfigError: The address or the token of the server is wrong, or the job has no price and the server a budget.
        JobError: The server does not answer, or serves another job or has another budget.
    """
    if settings.limits is not None:
        link = open_connection(settings.limits)
    if link is None:
        yield limiter, budget
        return
    if settings.batch_api:
        raise ConfigError("the vendor's Batch API has limits of its own: leave out limits (--limits)")
    part = Part.read(settings.part) if settings.part else Part(1, 1)
    hello: JSON = {
        "job": job_digest(fingerprint),
        "part": f"{part.number}/{part.total}",
        "budget": None if settings.budget is None else str(settings.budget),
    }
    lease = Lease()
    leased_budget = LeasedBudget(lease, budget)
    with LeaseKeeper(link, hello, lease, leased_budget, is_priced=is_priced):
        yield LeasedLimiter(lease, limiter), leased_budget


def open_connection(address: str) -> LimitsConnection:
    """Return a connection to a server; its token is in the address, or in the environment.

    Raises:
        ConfigError: It is not an address.
    """
    token = _token_in(address) or read_token()
    return LimitsConnection(address, token)


def _token_in(address: str) -> str | None:
    with suppress(ValueError):  # it is not an address, as the connection says
        return urlsplit(address).username
    return None


def job_digest(fingerprint: JSON) -> str:
    """Return a digest of what makes a job the same."""
    return hashlib.sha256(json.dumps(fingerprint, sort_keys=True, default=str).encode()).hexdigest()
