"""`liaison import mail`: messages per second on this machine, the whole command included."""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Figure

ROOT = Path(__file__).parents[1]
TESTDATA = Path(os.environ.get("LIAISON_TESTDATA", ROOT / ".." / "shared" / "testdata"))
COPIES = 8


async def measure() -> list[Figure]:
    """Real messages, several times under new Message-IDs; nothing where there is no test data."""
    ham = sorted((TESTDATA / "mail" / "spamassassin" / "ham").rglob("*"))
    originals = [path.read_bytes() for path in ham if path.is_file()]
    if not originals:
        return []
    with tempfile.TemporaryDirectory(prefix="liaison-bench") as folder:
        source = Path(folder) / "mail"
        source.mkdir()
        for copy in range(COPIES):
            for number, raw in enumerate(originals):
                renamed = raw.replace(b"Message-I", b"X-Copy: %d\nX-Message-I" % copy, 1)
                head = b"Message-ID: <%d.%d@bench.example>\n" % (copy, number)
                (source / f"{copy}-{number}.eml").write_bytes(head + renamed)
        start = time.perf_counter()
        await _import(Path(folder) / "var", source)
        seconds = time.perf_counter() - start
    rate = COPIES * len(originals) / seconds
    return [Figure("import mail", rate, "messages/s", 500, at_least=True)]


async def _import(data: Path, source: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "import", "mail", str(source), "--mailbox", "ann@contoso.example"),
        cwd=ROOT,
        env=os.environ | {"LIAISON_DATA_DIR": str(data)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await process.wait() != 0:
        raise RuntimeError("the import failed")
