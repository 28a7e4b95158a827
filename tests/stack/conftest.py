import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may walk through, as that of an installed portal, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="portal-stack-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else or mount")
