"""What a run prints while it waits and at its end."""
