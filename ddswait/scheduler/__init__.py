"""Which request to send next, and when. Pure: time is an argument."""
