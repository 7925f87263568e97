"""What was sent, what came back and how each row ended, on disk before it counts."""
