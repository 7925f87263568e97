"""How long a model's text may be to be repaired or continued."""

MAX_REPAIRED_CHARS = 1_000_000
"""A longer text is read as exact JSON only: no model writes as much in one reply, and to repair it takes seconds, in
which an event loop would serve nothing else."""
