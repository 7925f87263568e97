"""Several processes of one machine that work on the parts of a job."""
