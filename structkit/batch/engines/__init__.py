"""How the rows of a job are asked: one engine a file."""
