"""Looking at a live host stays within its limits, whatever stands where a file was expected."""

import os
import re
import threading
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_maintainer.world.clock import Deadline
from infra_maintainer.world.commands import COMMANDS, ENVIRONMENT, argv_of
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.host import LiveHost
from infra_maintainer.world.process import run_bounded
from infra_maintainer.world.world import LiveWorld

METACHARACTERS = [";", "|", "$(id)", "`id`", "\n", ">", "<", "*", '"', "\\", "\0"]


def host(root: Path, seconds: float = 10) -> LiveHost:
    """A host whose root is a folder."""
    return LiveHost(Deadline(seconds), root)


def why(caught: pytest.ExceptionInfo[WorldError]) -> tuple[str, bool]:
    """The reason, and whether a next step is named."""
    return caught.value.why, bool(caught.value.how)


def test_a_named_pipe_without_a_writer_does_not_block(tmp_path: Path) -> None:
    """A plain open of a FIFO waits forever."""
    os.mkfifo(tmp_path / "pipe")
    begin = time.monotonic()
    with pytest.raises(WorldError) as caught:
        host(tmp_path).read("/pipe")
    assert why(caught) == ("not_supported", True) and time.monotonic() - begin < 2


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev"])
def test_devices_and_folders_are_not_files(device: str) -> None:
    """/dev/zero has no end."""
    with pytest.raises(WorldError) as caught:
        LiveWorld(5).host.read(device)
    assert caught.value.why in ("not_supported", "error")


def test_a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    """Cut content would be read as whole content; a sparse file of a terabyte costs no memory."""
    (tmp_path / "fits").write_bytes(b"x" * 1000)
    assert len(host(tmp_path).read("/fits", limit=1000)) == 1000
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    for path, limit in (("/fits", 999), ("/huge", 4 << 20)):
        with pytest.raises(WorldError, match="longer than") as caught:
            host(tmp_path).read(path, limit=limit)
        assert why(caught) == ("error", True)


def test_absent_and_forbidden_are_different_reasons(tmp_path: Path) -> None:
    """Both without a value; only one says that there is nothing."""
    with pytest.raises(WorldError) as absent:
        host(tmp_path).read("/nowhere")
    assert why(absent) == ("not_supported", True)
    if os.geteuid() == 0:  # root may read everything; the kernel itself refuses this one even to root
        target, forbidden = LiveWorld(5).host, "/proc/self/mem"
    else:
        (tmp_path / "secret").write_text("x")
        (tmp_path / "secret").chmod(0)
        target, forbidden = host(tmp_path), "/secret"
    with pytest.raises(WorldError) as denied:
        target.read(forbidden)
    assert denied.value.why in ("denied", "error")


def test_what_is_not_text_is_still_read(tmp_path: Path) -> None:
    """One bad byte in a log must not hide the log."""
    (tmp_path / "log").write_bytes(b"ok \xff\xfe end")
    assert host(tmp_path).read("/log").endswith("end")


def test_a_relative_path_is_a_mistake_of_ours(tmp_path: Path) -> None:
    """It would depend on where somebody stands."""
    with pytest.raises(ValueError, match="not an absolute path"):
        host(tmp_path).read("etc/passwd")


def test_past_the_deadline_nothing_is_looked_at(tmp_path: Path) -> None:
    """Every way of looking asks the clock first."""
    late = host(tmp_path, seconds=0)
    for look in (lambda: late.read("/x"), lambda: late.list("/"), lambda: late.snapshot("memory")):
        with pytest.raises(WorldError, match="time limit") as caught:
            look()
        assert caught.value.why == "timeout"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_row_of_the_command_table_runs_a_program_and_never_a_shell(name: str) -> None:
    """A fixed program by name, no interpreter, no rights gained, bounded time and size."""
    row = COMMANDS[name]
    words = list(row.argv)
    if words[0] == "env":  # only to set variables for the program after them
        words = [word for word in words[1:] if not re.match(r"[A-Z_]+=", word)]
    program = words[0].rsplit("/", 1)[-1]
    assert program not in {"sh", "bash", "dash", "zsh", "env", "sudo", "su", "doas", "xargs", "python3", "perl", "awk"}
    assert "{" not in program and not program.startswith("-")
    assert 0 < row.timeout_s <= 300 and 0 < row.limit_bytes <= 64 << 20
    placeholders = sum(part.count("{") for part in row.argv)
    assert placeholders >= len(row.arguments)


@pytest.mark.parametrize("name", sorted(each for each, row in COMMANDS.items() if row.arguments))
def test_an_argument_refuses_shell_characters_and_options(name: str) -> None:
    """Each alone, at the end of something harmless, and as an option."""
    count = len(COMMANDS[name].arguments)
    for bad in (*METACHARACTERS, *(f"-1h{each}" for each in METACHARACTERS), "--output=/etc/passwd", ""):
        with pytest.raises(ValueError, match="does not allow"):
            argv_of(name, (bad,) * count)


def test_a_command_outside_the_table_or_with_other_arguments_is_refused() -> None:
    """There is no way round the table."""
    with pytest.raises(KeyError):
        argv_of("rm", ())
    with pytest.raises(ValueError, match="takes 0 arguments"):
        argv_of("failed_units", ("--user",))


@given(st.text(max_size=30))
def test_what_an_argument_pattern_allows_arrives_as_one_whole_argument(text: str) -> None:
    """Any text at all: refused, or in the argv unchanged and unsplit."""
    try:
        _, argv = argv_of("journal_errors", (text,))
    except ValueError:
        return
    assert f"--since={text}" in argv and len(argv) == len(COMMANDS["journal_errors"].argv)


# --- the process runner ---------------------------------------------------------------------------------------


def bounded(argv: list[str], timeout_s: float = 10, limit_bytes: int = 1000, deadline: Deadline | None = None) -> str:
    """What a program printed."""
    return run_bounded(
        argv, timeout_s=timeout_s, limit_bytes=limit_bytes, environment=ENVIRONMENT, deadline=deadline
    ).stdout


def alive(pid_file: Path) -> bool:
    """Whether the process whose number stands in a file still runs."""
    pid = int(pid_file.read_text())
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def family(pid_file: Path) -> list[str]:
    """A program that starts a child, writes down its number, and waits with it."""
    return ["/bin/sh", "-c", f"sleep 300 & echo $! > {pid_file}; wait"]


def test_a_program_that_is_too_slow_is_killed_with_its_children(tmp_path: Path) -> None:
    """A killed parent alone would leave its child at work."""
    begin = time.monotonic()
    with pytest.raises(WorldError, match="did not finish within") as caught:
        bounded(family(tmp_path / "pid"), timeout_s=0.5)
    assert why(caught) == ("timeout", True) and time.monotonic() - begin < 5
    psutil.wait_procs([psutil.Process(int((tmp_path / "pid").read_text()))] if alive(tmp_path / "pid") else [], 5)
    assert not alive(tmp_path / "pid")


def test_a_program_that_prints_without_end_is_stopped_at_the_limit() -> None:
    """Memory is bounded by the row, not by the program."""
    with pytest.raises(WorldError, match="printed more than 1000 bytes") as caught:
        bounded(["/usr/bin/yes"])
    assert why(caught) == ("error", True)


def test_a_cancelled_request_kills_the_program_under_way(tmp_path: Path) -> None:
    """Cancelled before it was asked, and while it works."""
    deadline = Deadline(60)
    threading.Timer(0.3, deadline.cancel).start()
    begin = time.monotonic()
    with pytest.raises(WorldError, match="cancelled"):
        bounded(family(tmp_path / "pid"), timeout_s=30, deadline=deadline)
    assert time.monotonic() - begin < 5


def test_a_program_gets_no_input_no_environment_of_ours_and_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """What we hold (keys in variables, a terminal) is not handed on."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test-not-for-children")
    said = bounded(["/bin/sh", "-c", "env; cat; pwd"])
    assert "sk-test" not in said and "ANTHROPIC" not in said and "LC_ALL=C" in said
    assert said.endswith("/\n")


def test_a_program_that_is_absent_or_forbidden_says_so(tmp_path: Path) -> None:
    """Absent is for the caller to name the package; forbidden is denied."""
    with pytest.raises(FileNotFoundError):
        bounded(["/no/such/program"])
    (tmp_path / "plain").write_text("not a program")
    with pytest.raises(WorldError) as caught:
        bounded([str(tmp_path / "plain")])
    assert why(caught) == ("denied", True)
