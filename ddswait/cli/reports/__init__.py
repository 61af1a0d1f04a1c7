"""The report files that a run writes at its end."""
