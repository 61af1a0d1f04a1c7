"""One way to print what was measured beside its goal."""

from statistics import median


def row(what: str, ratios: list[float], goal: str) -> None:
    """Print the median of ratios from interleaved slices, their spread, and the goal."""
    middle, low, high = median(ratios), min(ratios), max(ratios)
    print(f"{what:<58} {middle:6.3f}  ({low:.3f} to {high:.3f})  goal {goal}", flush=True)
