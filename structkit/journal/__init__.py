"""The requests, replies and final state of every row, on disk before they count."""
