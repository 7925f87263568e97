"""Tools for tests: an endpoint on loopback with faults, recorded replies, and a guard against real requests."""

from structkit.testing.batch_faults import BATCH_FAULTS
from structkit.testing.batch_service import BatchService
from structkit.testing.cassette import Tape, cassette
from structkit.testing.faults import FAULTS, fault
from structkit.testing.loopback_endpoint import Endpoint
from structkit.testing.offline import offline
from structkit.testing.sample import sample
from structkit.testing.score_assertion import assert_score
from structkit.testing.scripted_reply import Reply, call, completion, tool_call_completion

__all__ = [
    "BATCH_FAULTS",
    "FAULTS",
    "BatchService",
    "Endpoint",
    "Reply",
    "Tape",
    "assert_score",
    "call",
    "cassette",
    "completion",
    "fault",
    "offline",
    "sample",
    "tool_call_completion",
]
