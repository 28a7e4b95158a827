"""One stack a data folder."""

import fcntl
import os
from pathlib import Path

from stack.errors import StackError


class DataLock:
    """Held as long as the object lives; the system lets go of it when the process dies in whatever way."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        path = data_dir / "lock"
        self._file = path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise StackError(
                f"The portal already runs on {data_dir} (process {holder}): stop that one first, "
                "or set PORTAL_DATA_DIR to another folder."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()
