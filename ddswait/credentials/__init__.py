"""Who sends the requests: keys, signatures, renewal, and the sources of credentials."""
