"""One limit and one budget for all workers of a job, which lease their shares from a small server."""
