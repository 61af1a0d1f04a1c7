"""Everything that touches the event loop or a socket."""
