"""What backup programs print, read from their real output, old and new: words decide, never exit codes alone."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_maintainer.drill.formats import barman, borg, pgbackrest, restic
from infra_maintainer.drill.formats.copies import Copy, Listing, ListingError, in_order
from infra_maintainer.drill.formats.dump import parse_contents
from infra_maintainer.drill.formats.folder import parse_find
from infra_maintainer.drill.freshness import freshness
from infra_maintainer.system.load import ConfigError, parse_system

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

RESTIC_SOUND = "load indexes\ncheck all packs\n[0:00] 100.00%  2 / 2 snapshots\n\nno errors were found\n"
RESTIC_NOTHING = "load indexes\ncheck all packs\n[0:00] 0.00%  0 / 0 snapshots\n\nno errors were found\n"
RESTIC_18 = '{"message_type":"summary","num_errors":%d,"broken_packs":null,"suggest_repair_index":false}\n'
BORG_SOUND = (
    "Starting repository check\nFinished full repository check, no problems found.\n"
    "Archive consistency check complete, no problems found.\n"
)
BORG_FLIPPED = (
    "Data integrity error: Segment entry checksum mismatch [segment 0, offset 8]\n"
    "Finished full repository check, errors found.\n"
)
BORG_VERIFIED = "Finished cryptographic data integrity verification, verified 5 chunks with 1 integrity errors.\n"
VERIFY_BAD = (
    "stanza: demo\nstatus: error\n  backup: 20261124-145406F, status: invalid, total files checked: 1281, "
    "total valid files: 1280\n    checksum invalid: 1\n"
)


@pytest.mark.parametrize(
    ("out", "err", "verdict"),
    [
        (RESTIC_SOUND, "", "sound"),
        (RESTIC_NOTHING, "", "unclear"),
        (RESTIC_18 % 0, "", "sound"),
        (RESTIC_18 % 2, "", "damaged"),
        ("", "Fatal: repository contains errors\n", "damaged"),
        ("", "Fatal: wrong password or no key found\n", "unreadable"),
        ("", "Resolving password failed: Fatal: /etc/restic.key does not exist\n", "unreadable"),
        ("", '{"message_type":"exit_error","code":12,"message":"Fatal: wrong password"}\n', "unreadable"),
        ("", "", "unclear"),
    ],
)
def test_a_restic_check_is_judged_by_its_words(out: str, err: str, verdict: str) -> None:
    """A check over 0 snapshots is no pass; formats of 0.14 and 0.18."""
    assert restic.check_verdict(out, err) == verdict


@pytest.mark.parametrize(
    ("err", "verdict"),
    [
        (BORG_SOUND, "sound"),
        (BORG_FLIPPED, "damaged"),
        (BORG_VERIFIED, "damaged"),
        ("passphrase supplied in BORG_PASSPHRASE or via BORG_PASSPHRASE_FD is incorrect.\n", "unreadable"),
        ("Repository /srv/nope does not exist.\n", "unreadable"),
        ("", "unclear"),
    ],
)  # fmt: skip
def test_a_borg_check_is_judged_by_its_words(err: str, verdict: str) -> None:
    """borg writes its verdict to standard error."""
    assert borg.check_verdict("", err) == verdict


@pytest.mark.parametrize(
    ("out", "err", "verdict"),
    [
        (VERIFY_BAD, "", "damaged"),
        (VERIFY_BAD.replace("status: error", "status: ok"), "", "sound"),
        ("stanza: demo\nstatus: ok\n  total files checked: 0\n", "", "unclear"),
        ("", "ERROR: [055]: unable to open file\n", "unreadable"),
        ("", "", "unclear"),
    ],
)
def test_a_pgbackrest_verify_is_judged_by_its_status_line(out: str, err: str, verdict: str) -> None:
    """It ends with 0 also on a damaged repository, and prints nothing at all when it is not verbose."""
    assert pgbackrest.verify_verdict(out, err) == verdict


def test_unfinished_copies_are_known_as_such() -> None:
    """Checkpoints of borg, failed backups of pgBackRest and barman, half-written dumps."""
    info = (
        '[{"name":"demo","status":{"code":0,"message":"ok"},"cipher":"none","archive":[],"backup":[{"label":"F1","error":true,'
        '"timestamp":{"start":1,"stop":1795532053},"info":{"size":10}}]}]'
    )
    assert pgbackrest.parse_info(info, "demo").listing.newest is None
    done = '{"backup_id":"b","status":"DONE","end_time_timestamp":"1795532053","size_bytes":5}'
    rows = f'{{"pg":[{{"backup_id":"a","status":"FAILED"}},{done}]}}'
    assert [copy.id for copy in barman.parse_backups(rows, "pg").copies] == ["b"]
    assert parse_find("1795532053.5 9 a.dump.part\n1795532000.0 8 a.dump\n1795532000.0 8 notes.txt\n").newest == Copy(
        id="a.dump", taken_at=datetime.fromtimestamp(1795532000, UTC), size_bytes=8
    )


@pytest.mark.parametrize(
    "read",
    [
        restic.parse_snapshots,
        restic.parse_restore_size,
        borg.parse_list,
        borg.parse_archive_size,
        partial(pgbackrest.parse_info, stanza="demo"),
        partial(barman.parse_backups, server="pg"),
        parse_contents,
    ],
)
@settings(max_examples=60, deadline=None)
@given(
    text=st.one_of(st.text(max_size=60), st.sampled_from(["[]", "{}", "null", "[{}]", '{"archives":[{}]}', "[1]", "0"]))
)
def test_foreign_text_is_read_or_refused_and_never_anything_else(read: "object", text: str) -> None:
    """A parser of foreign output has two outcomes."""
    assert callable(read)
    try:
        read(text)
    except ListingError:
        pass


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-100, 2000), min_size=0, max_size=12))
def test_observed_loss_is_never_rosier_than_any_gap_or_the_age(hours: list[float]) -> None:
    """Against the plain definition, with copies from the future among them."""
    copies = [Copy(id=str(i), taken_at=NOW - timedelta(hours=h)) for i, h in enumerate(hours)]
    found = freshness(Listing(copies=in_order(copies)), NOW)
    past = sorted(h for h in hours if h > -2 / 60)
    assert found.whole == len(past) and found.future == len(hours) - len(past)
    if not past:
        assert found.age is None and found.observed_rpo is None
        return
    recent = [h for h in past if h <= 30 * 24]
    gaps = [later - earlier for earlier, later in zip(recent, recent[1:], strict=False)]
    assert found.observed_rpo == pytest.approx(max([*gaps, max(0.0, past[0])]) * 3600, abs=1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('place = "repo"', "must be an absolute path or an address"),
        ('place = "/srv/$(reboot)"', "place"),
        ('place = "/srv/r"\nlive = "host=/run password=x"', "must not carry a password"),
        ('place = "/srv/r"\nlive = "postgres://me:secret@db/orders"', "must not carry a password"),
        ('place = "/srv/r"\npassword_file = "key"', "is not an absolute path"),
    ],
)
def test_a_backup_that_no_command_could_take_is_refused_when_it_is_read(line: str, said: str) -> None:
    """With the line, before anything runs; and a password is never echoed."""
    with pytest.raises(ConfigError, match="line") as refused:
        parse_system(f'[[backup]]\nname = "orders"\nkind = "restic"\n{line}\n')
    assert said in str(refused.value)
