"""One file for each thing that the command line can do."""
