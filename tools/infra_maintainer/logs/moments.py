"""When the requests of a log were, from the engine's counts: in the text of its own clock, and as times."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from infra_maintainer.logs.template import TimeStyle

if TYPE_CHECKING:
    from infra_maintainer.logs.engine import LogEngine

# Moments carry seconds. Few distinct texts are read as times: those of the minutes, and the seconds of two of them.
MINUTE_TEXT: dict[TimeStyle, str] = {
    "clf": "CASE WHEN moment[18] = ':' THEN left(moment, 17) || right(moment, 6) ELSE moment END",
    "iso": "left(moment, 16) || regexp_extract(moment, '(Z|[+-][0-9]{2}:?[0-9]{2})$')",
    "epoch": "(TRY_CAST(moment AS BIGINT) // 60)::VARCHAR",
    "epoch_ms": "(TRY_CAST(moment AS BIGINT) // 60)::VARCHAR",
    "haproxy": "left(moment, 17)",
}
TIME_OF_SECOND: dict[TimeStyle, str] = {
    "clf": "try_strptime(moment, '%d/%b/%Y:%H:%M:%S %z')",
    "iso": "TRY_CAST(replace(moment, 'T', ' ') AS TIMESTAMPTZ)",
    "epoch": "to_timestamp(TRY_CAST(moment AS BIGINT))",
    "epoch_ms": "to_timestamp(TRY_CAST(moment AS BIGINT))",
    "haproxy": "try_strptime(moment || ' +0000', '%d/%b/%Y:%H:%M:%S %z')",
}
TIME_OF_MOMENT: dict[TimeStyle, str] = {
    "clf": "try_strptime(moment, '%d/%b/%Y:%H:%M %z')",
    "iso": "TRY_CAST(left(moment, 10) || ' ' || substr(moment, 12, 5) || ':00' || substr(moment, 17) AS TIMESTAMPTZ)",
    "epoch": "to_timestamp(TRY_CAST(moment AS BIGINT) * 60)",
    "epoch_ms": "to_timestamp(TRY_CAST(moment AS BIGINT) * 60)",
    "haproxy": "try_strptime(moment || ' +0000', '%d/%b/%Y:%H:%M %z')",
}


class Bounds(NamedTuple):
    """Epoch seconds of the first and the last line of the log, and of the last request of a user."""

    begin: int
    end: int
    last_request: int


def bounds_of(engine: "LogEngine") -> Bounds | None:
    """None where users asked for nothing, or times carry no seconds; those of two minutes alone are read."""
    style, second = engine.format.time_style, f"epoch({TIME_OF_SECOND[engine.format.time_style]})"
    own = engine.connection.execute(
        f"SELECT min({second}), max({second}) FROM moments WHERE {MINUTE_TEXT[style]} IN (SELECT moment FROM minutes "
        "WHERE minute IN ((SELECT min(minute) FROM minutes), (SELECT max(minute) FROM minutes)))"
    ).fetchone()
    ends = engine.connection.execute(f"SELECT min({second}), max({second}) FROM ends").fetchone()
    if own is None or ends is None or None in own or None in ends:
        return None
    return Bounds(int(min(own[0], ends[0])), int(max(own[1], ends[1])), int(own[1]))


def zoneless_times(engine: "LogEngine") -> bool:
    """Whether times are wall clock without a zone: always in HAProxy's, in ISO where nothing follows the minutes."""
    if engine.format.time_style == "haproxy":
        return True
    return (
        engine.format.time_style == "iso"
        and one_number(engine, "SELECT count(*) FROM minutes WHERE length(moment) > 16") == 0
    )


def in_zone(second: int, zone: str) -> int:
    """The epoch second of a wall clock that was read as UTC; of an hour that comes twice the first."""
    wall = datetime.fromtimestamp(second, UTC).replace(tzinfo=ZoneInfo(zone))
    return int(wall.timestamp())


def one_number(engine: "LogEngine", query: str) -> int:
    """The answer to a question that has one."""
    row = engine.connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
