"""Files as another user sees them, who may not poll into a folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_NOBODY = 65534


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Run the block as a user who may not search `folder`; root may search every one."""
    before, user = folder.stat().st_mode, os.geteuid()
    folder.chmod(0)
    try:
        if user == 0:
            os.seteuid(_NOBODY)
        yield
    except PermissionError as error:
        pytest.fail(f"it is not seen to: {error}")
    finally:
        os.seteuid(user)
        folder.chmod(before)
