"""Parts for tests, yours and ours: an endpoint on loopback that says what you tell it to."""

from structkit.testing.endpoint import Endpoint, Reply, completion
from structkit.testing.sample import sample

__all__ = ["Endpoint", "Reply", "completion", "sample"]
