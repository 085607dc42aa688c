"""The SQL that reads one block of lines: the rows that fit the format, and the lines that do not."""

import re
from collections import defaultdict

from infra_maintainer.logs.hits import ACCEPTED, hits_select
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.template import Field, FieldName

# No line of a clean block holds \x01, which stands for "no delimiter"; no field is three times \x02, for "no null".
_OPTIONS = (
    "quote='', escape='', header=false, auto_detect=false, strict_mode=true, nullstr='\x02\x02\x02', "
    "buffer_size=8388608"
)


class BlockSource:
    """Queries over the file at `path`.

    `fast` gives the columns of `hits` and, where several upstreams were tried, the line without its ignored texts;
    `lists` turns those lines, as the column `line` of the table `several`, into rows too; `others` gives the lines that
    none of both accepts.
    """

    def __init__(self, log_format: Format, path: str) -> None:
        line = f"read_csv('{path}', delim='\x01', columns={{'line': 'VARCHAR'}}, {_OPTIONS})"
        if isinstance(log_format, JsonLines):
            members = _members(log_format, line)
            select = hits_select(log_format, _json_columns(log_format), lists=True)
            self.fast = f"SELECT {select}, NULL::VARCHAR AS line FROM {members} WHERE j IS NOT NULL"
            self.lists: str | None = None
            self.others = f"SELECT line FROM (SELECT line, {select} FROM {members}) WHERE NOT {ACCEPTED}"
            return
        width = len(log_format.segments())
        names = [f"s{number}" for number in range(1, width + 1)]
        quick, words = _by_words(hits_select(log_format, log_format.columns(lists=False), lists=False))
        several = log_format.has_lists(words)
        exact = hits_select(log_format, log_format.columns(lists=True), lists=True)
        # Text that no field is cut from (the referrer) stays in the reader: a column less to carry for every row.
        used = [
            name if any(isinstance(part, Field) and part.name != "ignored" for part in segment) else "''"
            for name, segment in zip(names, log_format.segments(), strict=True)
        ]
        whole = f"CASE WHEN {several} THEN concat_ws('\"', {', '.join(used)}) END"
        split = "".join(f", string_split(s{number}, ' ') AS w{number}" for number in sorted(words))
        self.fast = f"SELECT {quick}, {whole} AS line FROM (SELECT *{split} FROM {_rows(path, names)})"
        self.lists = (
            f"SELECT {exact}, NULL::VARCHAR AS line FROM {_cells('several', names)}" if several != "false" else None
        )
        self.others = (
            f"SELECT line FROM (SELECT line, width, {exact} FROM {_cells(line, names)}) "
            f"WHERE width <> {width} OR NOT {ACCEPTED}"
        )


_WORD = re.compile(r"split_part\(s(\d+), ' ', (\d+)\)")


def _by_words(select: str) -> tuple[str, set[int]]:
    """The same select list with segments of several words split once instead of once per word, and their numbers."""
    wanted: dict[int, set[str]] = defaultdict(set)
    for segment, word in _WORD.findall(select):
        wanted[int(segment)].add(word)
    words = {segment for segment, found in wanted.items() if len(found) > 1}
    return _WORD.sub(lambda m: f"w{m[1]}[{m[2]}]" if int(m[1]) in words else m[0], select), words


def _members(log_format: JsonLines, line: str) -> str:
    listed = ", ".join("'" + path.replace("'", "''") + "'" for _, path in log_format.paths)
    return f"(SELECT line, CASE WHEN json_valid(line) THEN json_extract_string(line, [{listed}]) END AS j FROM {line})"


def _json_columns(log_format: JsonLines) -> dict[FieldName, str]:
    return {
        field: f"j[{number}]" if field == "status" else f"coalesce(j[{number}], '')"
        for number, (field, _) in enumerate(log_format.paths, start=1)
    }


def _rows(path: str, names: list[str]) -> str:
    """Rows by the reader's own split on the double quote, twice as fast as a split in SQL.

    With quoting off a newline always ends a row: a delimiter of blanks with quoting on looks natural, and one
    unbalanced quote then swallows the lines after it in silence.
    """
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return f"read_csv('{path}', delim='\"', columns={{{columns}}}, ignore_errors=true, {_OPTIONS})"


def _cells(lines: str, names: list[str]) -> str:
    cells = ", ".join(f"s[{number}] AS {name}" for number, name in enumerate(names, start=1))
    return f"(SELECT line, len(s) AS width, {cells} FROM (SELECT line, string_split(line, '\"') AS s FROM {lines}))"
