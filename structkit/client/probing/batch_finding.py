"""Whether an endpoint has a Batch API: one call that lists batches and sends nothing."""

from __future__ import annotations

from structkit.client.endpoint_settings import EndpointSettings, report_environment_errors
from structkit.client.probing.probe_reply import error_note
from structkit.client.probing.probe_report import Finding
from structkit.errors import TransportError
from structkit.transport.batch_endpoint import BatchEndpoint, is_missing_api
from structkit.values import Parameters, Policy

NAME = "batches"


async def find_batch_api(endpoint: EndpointSettings, parameters: Parameters) -> Finding:
    """Return whether jobs over an endpoint may use `batch_api=True`.

    Args:
        endpoint: The endpoint.
        parameters: The headers and the query that every call needs.

    Raises:
        ConfigError: A header in the environment cannot be sent.
    """
    with report_environment_errors():
        api = BatchEndpoint(endpoint.address, endpoint.api_key, parameters, Policy(retries=0))
    try:
        await api.find_batches()
    except TransportError as error:
        is_missing = is_missing_api(error)
        return Finding("parameter", NAME, "refused" if is_missing else "unknown", error_note(error))
    finally:
        await api.close()
    return Finding("parameter", NAME, "served", "a Batch API, for jobs with --batch-api")
