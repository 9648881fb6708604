"""`liaison backup` and `liaison restore`: one file with everything needed to start again elsewhere.

    archive.py      the file: a ZIP whose last 64 bytes are the SHA-256 of all before them
    writer.py       how it is written
    manifest.py     what the file says about itself, and which names may stand in it
    snapshots.py    all SQLite databases at one instant, while the server writes
    schemas.py      the same for PostgreSQL, and back
    backup.py       puts a file together
    restore.py      checks one from end to end, then lets it become a data directory at once

The environment is not in it (docs/deploy.md).
"""
