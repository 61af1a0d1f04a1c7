"""The command line: `ddswait [OPTIONS] JOB_ID...`."""
