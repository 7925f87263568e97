"""Parts for tests, yours and ours: an endpoint on loopback with faults, recorded replies, a guard."""

from structkit.testing.cassette import Tape, cassette
from structkit.testing.endpoint import Endpoint
from structkit.testing.faults import FAULTS, fault
from structkit.testing.offline import offline
from structkit.testing.reply import Reply, called, completion
from structkit.testing.sample import sample

__all__ = ["FAULTS", "Endpoint", "Reply", "Tape", "called", "cassette", "completion", "fault", "offline", "sample"]
