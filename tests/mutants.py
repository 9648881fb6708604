"""`make mutants`: turns lines of the product one by one and looks whether a test notices.

A sample, always the same one: every mutant whose name falls into one of EVERY parts. What survived is
told at the end, and in docs/contributing.md with the figure.
"""

import json
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from zlib import crc32

ROOT = Path(__file__).parents[1]
MUTMUT = Path(sys.executable).with_name("mutmut")
EVERY = 40
SECONDS = 3600
OUTCOMES = {0: "survived", 33: "no test runs it"}
"""Exit codes of a mutant's tests that mean nobody noticed; all others, and a time-out, mean somebody did."""


def outcomes() -> dict[str, int | None]:
    """Each mutant with the exit code of its tests, None while they have not run."""
    found: dict[str, int | None] = {}
    for path in sorted((ROOT / "mutants").rglob("*.meta")):
        found |= json.loads(path.read_text())["exit_code_by_key"]
    return found


def main() -> int:
    """Make the mutants, run the sample, print a line for each that nobody noticed."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=EVERY, help="one of how many (1 = all)")
    parser.add_argument("names", nargs="*", help="mutants by name instead of the sample")
    given = parser.parse_args()
    names = given.names
    if not names:
        run("no.such.mutant")  # makes them all, runs none
        names = [name for name in outcomes() if crc32(name.encode()) % given.every == 0]
    run(*names)
    after = outcomes()
    done = {name: after[name] for name in names if after.get(name) is not None}
    noticed = [name for name, code in done.items() if code not in OUTCOMES]
    for name, code in done.items():
        if code in OUTCOMES:
            print(f"{OUTCOMES[code]}: {name}")
    print(f"{len(noticed)} of {len(done)} noticed; {len(names) - len(done)} not reached")
    return 0


def run(*names: str) -> None:
    """Run mutmut on these mutants, as far as the time goes."""
    with (ROOT / "mutants.log").open("ab") as log:
        try:
            command = [str(MUTMUT), "run", *names]
            subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            print(f"stopped after {SECONDS} s")


if __name__ == "__main__":
    sys.exit(main())
