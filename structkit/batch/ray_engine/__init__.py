"""The parts of a job as tasks of a Ray cluster."""
