"""Reads a folder of CSV files named by entity set, row by row, with the line each row begins on."""

import codecs
import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from connectors.embedded.crm.customizing import read_definitions, read_table
from connectors.embedded.crm.faults import Faults
from connectors.embedded.crm.schema import Schema, TableSchema
from connectors.embedded.folders import NotOpenedError, open_below, shown
from insights.errors import Invalid, NotFound

METADATA = "metadata.json"
MOST_SKIPPED = 20
LARGEST_CELL = 64 * 1024 * 1024
ROWS_PER_REPORT = 200
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Cells:
    """A row as text by column, "" for an empty cell."""

    file: str
    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file and the table whose rows it holds."""

    path: Path
    table: TableSchema

    @property
    def name(self) -> str:
        """The name it is reported under."""
        return shown(self.path.name)


def read_metadata(folder: Path, faults: Faults) -> list[dict[str, Any]]:
    """Custom tables of `metadata.json`, none if there is no such file."""
    try:
        with open_below(folder, (METADATA,)) as file:
            definitions = read_definitions(json.loads(file.read().decode("utf-8-sig")))
        for definition in definitions:
            read_table(definition)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        faults.add(METADATA, 1, "", _unreadable(error))
    except UnicodeDecodeError:
        faults.add(METADATA, 1, "", "the file is not UTF-8")
    except (json.JSONDecodeError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        faults.add(METADATA, line, "", "the file is not JSON")
    except Invalid as problem:
        faults.add(METADATA, 1, "", f"{problem.english.what}: {problem.english.do}")
    else:
        return definitions
    return []


def list_skipped(folder: Path) -> list[str]:
    """What of a folder is no part of an import, a line each with the reason; none without folder."""
    try:
        others = sorted(path for path in folder.iterdir() if not _is_csv(path) and path.name != METADATA)
        lines = [f"skipped {shown(path.name)}: {_why_skipped(path)}" for path in others[:MOST_SKIPPED]]
    except OSError:
        return []  # the import itself tells what is wrong with the folder
    more = len(others) - len(lines)
    return [*lines, f"skipped {more} others"] if more else lines


def find_files(folder: Path, schema: Schema, faults: Faults) -> list[CsvFile]:
    """The CSV files of a folder; raises NotFound where there is no folder or nothing in it."""
    try:
        found = sorted(path for path in folder.iterdir() if _is_csv(path))
    except OSError:
        found = []
    if not found:
        raise NotFound("nothing_to_import", folder=folder)
    files: list[CsvFile] = []
    for path in found:
        table = schema.by_entity_set(path.stem.strip().casefold())
        if table:
            files.append(CsvFile(path, table))
        else:
            nearest = schema.suggestion(path.stem.casefold())
            faults.add(shown(path.name), 1, "", f"no table has this name{_did_you_mean(nearest, '.csv')}")
    return files


def read_file(file: CsvFile, faults: Faults, report: Callable[[int], None]) -> Iterator[Cells]:
    """The rows of a file; what can't be read becomes a fault. `report` is told the bytes read so far."""
    csv.field_size_limit(LARGEST_CELL)
    try:
        with (
            open_below(file.path.parent, (file.path.name,)) as raw,
            TextIOWrapper(raw, "utf-8-sig", newline="") as text,
        ):
            if raw.peek(2).startswith(UTF16):
                faults.add(file.name, 1, "", "the file is UTF-16: save it as UTF-8")
                return
            for number, cells in enumerate(_rows(file, text, faults)):
                if number % ROWS_PER_REPORT == 0:
                    report(raw.tell())
                yield cells
            report(raw.tell())
    except UnicodeDecodeError:
        faults.add(file.name, _first_bad_line(file.path), "", "the line is not UTF-8: save the file as UTF-8")
    except OSError as error:
        faults.add(file.name, 1, "", _unreadable(error))


def check_column(table: TableSchema, name: str) -> str:
    """Why a table has no column of that name, "" if it has."""
    if table.column(name):
        return ""
    return f"{table.entity_set} has no such column{_did_you_mean(table.suggestion(name))}"


def _rows(file: CsvFile, text: TextIOWrapper, faults: Faults) -> Iterator[Cells]:
    reader = csv.reader(text, strict=True)
    try:
        header = next(reader, None)
        columns = _columns(file, header, faults)
        before = reader.line_num
        nameless = {at for at, column in enumerate(columns or ()) if not column}
        for row in reader:
            line, before = before + 1, reader.line_num
            if columns is None or not any(cell.strip() for cell in row):
                continue
            cells = _fitted(row, columns)
            if cells is None:
                place = len(row) if len(row) < len(columns) else len(columns)
                name = columns[place] if place < len(columns) else ""
                reason = f"the row has {len(row)} cells, the header {len(columns)}"
                faults.add(file.name, line, name or f"cell {place + 1}", reason)
                continue
            for at in sorted(at for at in nameless if cells[at].strip()):
                nameless.remove(at)  # told once
                reason = f"the heading is empty, but line {line} has a value under it: name the column"
                faults.add(file.name, 1, f"heading {at + 1}", reason)
            named = zip(columns, cells, strict=True)
            yield Cells(file.name, line, {column: cell for column, cell in named if column})
    except csv.Error as error:
        faults.add(file.name, max(reader.line_num, 1), "", f"this is not CSV ({error})")


def _fitted(row: list[str], columns: list[str]) -> list[str] | None:
    """A cell for each column, None where cells lack or are too many; empty ones at the end do not count."""
    if any(cell.strip() for cell in row[len(columns) :]) or any(columns[len(row) :]):
        return None
    return [*row[: len(columns)], *[""] * (len(columns) - len(row))]


def _columns(file: CsvFile, header: list[str] | None, faults: Faults) -> list[str] | None:
    """The header's column names, "" for an empty heading; None if rows under it make no sense."""
    columns = [cell.strip().lower() for cell in header or ()]
    if not any(columns):
        faults.add(file.name, 1, "", "the first line must name the columns")
        return None
    if len(columns) == 1 and ";" in columns[0]:
        faults.add(file.name, 1, "", "cells are separated by semicolons: use commas")
        return None
    for column in sorted({column for column in columns if column and columns.count(column) > 1}):
        faults.add(file.name, 1, column, "the column is there more than once")
    for column in dict.fromkeys(filter(None, columns)):
        if reason := check_column(file.table, column):
            faults.add(file.name, 1, column, reason)
    if file.table.primary_id not in columns and not file.table.key:
        faults.add(file.name, 1, file.table.primary_id, "this required column is missing")
        return None
    return columns


def _is_csv(path: Path) -> bool:
    return path.suffix.casefold() == ".csv"


def _why_skipped(path: Path) -> str:
    if path.is_dir():
        return "it is a folder, and folders in the folder are not read"
    return f"its name does not end in .csv, nor is it {METADATA}"


def _unreadable(error: OSError) -> str:
    return error.reason if isinstance(error, NotOpenedError) else "the file can't be read"


def _first_bad_line(path: Path) -> int:
    with open_below(path.parent, (path.name,)) as raw:
        for number, line in enumerate(raw, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _did_you_mean(nearest: str, ending: str = "") -> str:
    return f", did you mean {nearest}{ending}?" if nearest else ""
