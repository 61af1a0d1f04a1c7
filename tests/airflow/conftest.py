"""These tests run in an environment with Airflow, and say so where there is none."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("airflow") else ["test_*.py", "dags/*"]
