"""Opens the `batch_api` engine of a job: where its batches go, and the route that all its conversations start with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from structkit.batch.conversations import RowConversations
from structkit.batch.engines.batch_api.batch_engine import BatchAPIEngine
from structkit.batch.engines.batch_log import ROUTES
from structkit.batch.engines.engine import RunContext
from structkit.client.endpoint_settings import report_environment_errors
from structkit.client.routes import pin_routes
from structkit.dialects import Route, route_from_json, route_to_json
from structkit.dialects.batch_rules import BatchRules
from structkit.errors import ConfigError
from structkit.journal.journal import Journal
from structkit.transport.batch_endpoint import BatchEndpoint


def open_batch_engine(context: RunContext, conversations: RowConversations, rules: BatchRules) -> BatchAPIEngine:
    """Return the engine of a run.

    Raises:
        ConfigError: The job has no endpoint of its own, or a header in the environment cannot be sent.
    """
    endpoint, settings = conversations.endpoint, conversations.settings
    if endpoint is None:
        raise ConfigError("batch_api=True (--batch-api) needs an endpoint, not a client or transport of your own")
    pin_conversations(conversations, context.journal)
    with report_environment_errors():
        api = BatchEndpoint(endpoint.address, endpoint.api_key, conversations.plan.access_parameters, context.policy)
    text = json.dumps(conversations.fingerprint(), sort_keys=True)
    fingerprint = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return BatchAPIEngine(context, api, rules, fingerprint, waits=settings.wait)


def pin_conversations(conversations: RowConversations, journal: Journal) -> None:
    """Let every conversation of the job, in all its runs, start with the same route.

    A conversation is started again in each pass, and receives the replies to its earlier requests: these must be the
    requests that it would make now. What the replies show about the route is stored for other jobs.
    """
    plan = conversations.plan
    stored: Any = journal.marks.get(ROUTES) or {}
    models = (plan.model, *(conversations.call.get("fallback") or ()))
    routes = {model: _read_route(stored, model) or plan.routes.of(model).route for model in models}
    journal.mark(ROUTES, {**stored, **{model: route_to_json(route) for model, route in routes.items()}})
    conversations.plan = replace(plan, routes=pin_routes(routes))


def _read_route(stored: Any, model: str) -> Route | None:
    """Return the stored route of a model; None if there is none that this version of structkit can read."""
    try:
        return route_from_json(stored[model])
    except (KeyError, TypeError, ValueError):
        return None
