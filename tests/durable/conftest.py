"""This test runs in an environment with DBOS, and says so where there is none."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("dbos") else ["test_*.py"]
