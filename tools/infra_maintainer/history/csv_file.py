"""A history in a CSV file of two columns, time and value; a header and lines that are none are counted, not fatal."""

from datetime import datetime, tzinfo
from math import isfinite

from infra_maintainer.history.trace import Trace, from_pairs
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.host import Host

LIMIT_BYTES = 64 << 20
LATEST = 1 << 33  # the year 2242: later stamps are milliseconds, or nonsense


def read_csv(host: Host, path: str, quantity: str, subject: str, zone: tzinfo, *, counter: bool) -> Trace:
    """The history in a file of the host. Times are epoch seconds or ISO 8601; without an offset they are of `zone`.

    Raises WorldError when the file cannot be read or holds no sample.
    """
    return parse_csv(host.read(path, LIMIT_BYTES), path, quantity, subject, zone, counter=counter)


def parse_csv(text: str, path: str, quantity: str, subject: str, zone: tzinfo, *, counter: bool) -> Trace:
    """The history in a text. Raises WorldError(no_data) when it holds no sample."""
    pairs: list[tuple[float, float]] = []
    refused = 0
    for number, line in enumerate(text.splitlines()):
        stamp, comma, value = line.partition(",")
        try:
            if not comma:
                raise ValueError("no comma")
            pair = (_moment(stamp.strip(), zone), float(value.split(",")[0]))
            if not 0 <= pair[0] <= LATEST or not isfinite(pair[1]):
                raise ValueError("not a time or not a number")
            pairs.append(pair)
        except ValueError:
            refused += bool(line.strip()) and number > 0  # the first line may be a header
    if not pairs:
        raise WorldError("no_data", f"{path} holds no line of time,value", "write ISO 8601 times and plain numbers")
    notes = (f"{refused} lines are not time,value and were left out",) if refused else ()
    return from_pairs(quantity, subject, pairs, f"file {path}", counter=counter, notes=notes)


def _moment(stamp: str, zone: tzinfo) -> float:
    try:
        return float(stamp)
    except ValueError:
        moment = datetime.fromisoformat(stamp)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
