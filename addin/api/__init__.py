"""The JSON API under `/api/v1`, a file per capability: each handler calls the use-case of the same name.

Each file brings its rows of the table of URLs, which `urls.py` joins.
"""

V1 = "/api/v1"
