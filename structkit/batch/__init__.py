"""Batch labelling: every row of a source once, whatever happens on the way."""
