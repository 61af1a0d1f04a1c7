"""The command line: `ddswait [OPTIONS] JOB_ID...`.

`--help`, `--version` and usage errors load neither asyncio nor aiohttp: a gate that is called
wrongly says so at once.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `--help` lists the codes.

    Args:
        argv: the arguments; None takes those of the process.
    """
    from ddswait.cli import options
    from ddswait.errors import ConfigurationError, InputError

    arguments = options.parser().parse_args(argv)
    try:
        if arguments.demo:
            from ddswait.cli import demo

            return demo.run()
        from ddswait.cli import reading

        job_ids = (
            [] if arguments.check else reading.job_ids(arguments.job_ids, sys.stdin, sys.stderr)
        )
        from ddswait import credentials

        given = credentials.Given(
            arguments.endpoint or "",
            arguments.project_id or "",
            arguments.region or "",
            arguments.iam_endpoint or "",
            arguments.ca_file or "",
            arguments.cloud or "",
            arguments.auth,
        )
        target = credentials.locate(os.environ, given)
        sys.stderr.writelines(f"ddswait: warning: {each}\n" for each in target.found.warnings)
    except (ConfigurationError, InputError) as error:
        sys.stderr.write(f"ddswait: error: {error}\n")
        return options.USAGE
    except KeyboardInterrupt:
        return 130
    if arguments.check:
        from ddswait.cli import check

        return check.run(target, arguments)
    from ddswait.cli import run

    return run.run(job_ids, target, arguments)
