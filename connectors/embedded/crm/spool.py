"""A temporary file of drafts between two steps of an import, one line of JSON each."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

from connectors.embedded.crm.drafts import Draft

MEMORY = 32 * 1024 * 1024


class Spool:
    """Drafts in the order they came; close it after use."""

    def __init__(self, drafts: Iterable[Draft]) -> None:
        self.count = 0
        with ExitStack() as stack:
            self._file: IO[str] = stack.enter_context(
                SpooledTemporaryFile(MEMORY, "w+", encoding="utf-8", newline="\n")
            )
            for draft in drafts:
                self._file.write(json.dumps(draft.as_json()) + "\n")
                self.count += 1
            stack.pop_all()

    def __iter__(self) -> Iterator[Draft]:
        self._file.seek(0)
        for line in self._file:
            yield Draft(*json.loads(line))

    def close(self) -> None:
        """Remove the file."""
        self._file.close()
