"""How the rows of a job are sent: one protocol, one engine a file."""
