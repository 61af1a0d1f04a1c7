"""Who we are: keys, signatures, renewal, and where credentials are found."""
