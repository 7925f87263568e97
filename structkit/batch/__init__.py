"""Batch labelling: every row of a table exactly once, also when a run is killed."""
