"""Where the stand-ins find Microsoft's schemas when they are started by hand."""

import os
import sys
from pathlib import Path


def find_testdata(given: Path | None) -> Path:
    """The folder named, else LIAISON_TESTDATA, else beside the repository; ends where there is none."""
    beside = Path(__file__).parents[3] / "shared" / "testdata"
    folder = given or Path(os.environ.get("LIAISON_TESTDATA", beside))
    if not (folder / "graph").is_dir():
        sys.exit(
            f"error: no test data at {folder} · the schemas are in it · set LIAISON_TESTDATA or --testdata"
        )
    return folder
