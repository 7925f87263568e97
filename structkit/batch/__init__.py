"""Batch labelling: every row of a table exactly once, even if a run is killed."""
