"""The command line as a shell meets it: exit codes, one sentence per mistake, clean stdout, broken pipes, Ctrl-C."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import jsonschema
import pytest

from infra_maintainer.assess.model import Report, report_from
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.server.catalogue import written
from tests.requirements_link import requirement
from tests.server.asking import environment
from tests.services import web
from tests.worlds import NOW, measured, missing

ENDPOINT = "endpoint:https://shop.example/"


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The command as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "infra_maintainer.cli", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(folder),
        cwd=folder,
    )


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    child = start(folder, *arguments)
    out, err = child.communicate(timeout=60)
    return child.returncode, out, err


def world_of(folder: Path, evidence: list[Measured | Missing]) -> str:
    """A world of ready-made evidence."""
    folder.mkdir()
    about = {"format": 1, "recorded_at": NOW.isoformat(), "host": "web-1"}
    (folder / "world.json").write_text(json.dumps(about))
    (folder / "evidence.jsonl").write_text("".join(each.model_dump_json() + "\n" for each in evidence))
    return str(folder)


def users_well(used: float) -> list[Measured | Missing]:
    """A fast address without errors, and a disk."""
    return [
        measured("endpoint.errors", 0.0, subject=ENDPOINT, stat="ratio", n=100, window=5.0),
        measured("endpoint.latency", 80.0, subject=ENDPOINT, stat="p50", n=400, window=5.0),
        measured("endpoint.latency", 120.0, subject=ENDPOINT, stat="p95", n=400, window=5.0),
        measured("endpoint.latency", 150.0, subject=ENDPOINT, stat="p99", n=2000, window=5.0),
        measured("disk.space.used", used, subject="filesystem:/"),
    ]


@pytest.mark.parametrize(
    ("evidence", "code", "verdict"),
    [
        (users_well(40.0), 0, "healthy"),
        (users_well(97.0), 1, None),
        ([*users_well(40.0)[:4], missing("disk.space.used", "denied", subject="filesystem:/")], 2, "unknown"),
        ([], 2, "unknown"),
    ],
    ids=["0 healthy", "1 findings", "2 an unknown that matters", "2 nothing known"],
)
@requirement("card.use_scripted_eval")
def test_the_exit_code_says_what_was_found(
    tmp_path: Path, evidence: list[Measured | Missing], code: int, verdict: str | None
) -> None:
    """The same world as JSON and as text ends the same way."""
    world = world_of(tmp_path / "world", evidence)
    got, out, err = run(tmp_path, "health", "--world", world, "--json", "--no-store")
    report = Report.model_validate_json(out)
    assert (got, err) == (code, "")
    assert verdict is None or report.verdict == verdict
    got, out, err = run(tmp_path, "health", "--world", world, "--no-store")
    assert (got, err) == (code, "") and f"Exit {code}." in out and "\x1b" not in out


def test_json_on_stdout_is_exactly_one_report_and_validates_against_the_tool_s_schema(tmp_path: Path) -> None:
    """This machine itself; a third-party validator and the published output schema."""
    code, out, _ = run(tmp_path, "health", "--json")
    definition = written("probe_health")
    assert definition is not None
    report = json.loads(out)
    jsonschema.Draft202012Validator(definition["outputSchema"]).validate(report)
    assert out.count("\n") == 1 and code in (1, 2)
    assert run(tmp_path, "health", "--json", "--log")[2]  # our own log goes to stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["helth"], "invalid choice: 'helth'"),
        (["health", "--jsn"], "unrecognized arguments: --jsn"),
        (["health", "--config", "nowhere.toml"], "nowhere.toml: No such file"),
        (["health", "--config", "bad.toml"], "bad.toml is not TOML"),
        (["health", "--config", "typo.toml"], "did you mean 'endpoint'"),
        (["health", "--config", "policy.toml"], "is not a rule"),
        (["health", "--config", "."], ".: Is a directory; name an existing file with --config"),
        (["health", "--config", "big.toml"], "big.toml is larger than 1 MiB"),
        (["health", "--config", "number.toml"], "number.toml line 2: endpoint.1.url = 5: give text in quotes"),
        (["health", "--config", "table.toml"], "write [[endpoint]] above it"),
        (["health", "--config", "range.toml"], "samples = 100000: give a number at most 5000"),
        (["health", "--config", "choice.toml"], "kind = 'veeam': give one of 'dump', 'restic'"),
        (["health", "--config", "empty.toml"], "empty.toml line 1: endpoint.1.url is missing"),
        (["health", "--config", "minus.toml"], "health.disk.space = -5.0: give a number of at least 0 in %"),
        (["health", "--config", "hidden.toml"], "holds no spaces and no control characters"),
        (["health", "--world", "nowhere"], "not a recorded world"),
        (["health", "ftp://x/"], "'ftp://x/' is not a web address"),
        (["health", "http://x:99999/"], "no port from 1 to 65535"),
        (["capacity", "--spike", "-3"], "a spike of -3 times the peak: give a number above 1"),
        (["capacity", "--horizon", "0"], "a horizon of 0 days: give 1 to 400"),
        (["verify", "nowhere.md"], "nowhere.md: No such file or directory; name the file"),
        (["health", "http://u:secret-Pw9@x/"], "must not carry a user name or password"),
        (["health", "--time-limit", "0"], "1 to 3600"),
        (["health", "--time-limit", "soon"], "invalid float value: 'soon'"),
        (["record", "."], "is not empty"),
        (["record", "typo.toml/world"], "typo.toml/world: Not a directory; name a new folder"),
        (["record"], "required: folder"),
        *(
            ([*command, "--config", "logs.toml"], "logs.toml line 8: access_log.2.format = 'combnied': no known log")
            for command in (["health"], ["doctor"], ["serve"], ["record", "new"])
        ),
        (["health", "--config", "logs.toml"], "did you mean 'combined'? use one of alb, caddy, combined, "),
        (["serve", "--config", "unread.toml"], "format = '$remote_addr $foo': the format has no status"),
        (["record", "new", "--time-limit", "0"], "--time-limit 0: give 1 to 3600 seconds"),
        (["doctor", "--time-limit", "0"], "--time-limit 0: give 1 to 3600 seconds"),
        (["serve", "--http", "8765"], "HOST:PORT"),
    ],
)
def test_a_mistake_of_the_caller_is_one_sentence_and_exit_4(tmp_path: Path, arguments: list[str], said: str) -> None:
    """What is wrong, on stderr, without a trace; stdout stays empty for whoever reads it."""
    (tmp_path / "bad.toml").write_text("[[endpoint\n")
    (tmp_path / "typo.toml").write_text('[[endpont]]\nurl = "https://x.example/"\n')
    (tmp_path / "big.toml").write_text("#" * 2**21)
    (tmp_path / "number.toml").write_text("[[endpoint]]\nurl = 5\n")
    (tmp_path / "table.toml").write_text('[endpoint]\nurl = "https://x.example/"\n')
    (tmp_path / "range.toml").write_text('[[endpoint]]\nurl = "https://x.example/"\nsamples = 100000\n')
    (tmp_path / "choice.toml").write_text('[[backup]]\nname = "a"\nkind = "veeam"\nplace = "/b"\n')
    (tmp_path / "empty.toml").write_text("[[endpoint]]\n")
    log = '[[access_log]]\nname = "%s"\npath = "access.log"\nformat = "%s"\n'
    (tmp_path / "logs.toml").write_text(log % ("good", "combined") + log % ("bad", "combnied"))
    (tmp_path / "unread.toml").write_text(log % ("bad", "$remote_addr $foo"))
    (tmp_path / "minus.toml").write_text('[policy]\n"health.disk.space" = -5\n')
    (tmp_path / "hidden.toml").write_text('[[endpoint]]\nurl = "https://x\\u001b[31m.example/"\n')
    (tmp_path / "policy.toml").write_text('[policy]\n"no.such.rule" = 1\n')
    code, out, err = run(tmp_path, *arguments)
    assert (code, out) == (4, ""), err
    assert said in err and "Traceback" not in err and "secret-Pw9" not in err and "pydantic" not in err
    assert err.count("\n") <= 2  # argparse adds the way to the help


def test_evidence_that_was_edited_is_refused(tmp_path: Path) -> None:
    """A world whose evidence was changed after the fact: no answer is given from it."""
    world = world_of(tmp_path / "world", users_well(40.0))
    file = Path(world) / "evidence.jsonl"
    file.write_text(file.read_text().replace('"value":40.0', '"value":10.0'))
    code, out, err = run(tmp_path, "health", "--world", world, "--no-store")
    assert (code, out) == (4, "") and "changed after it was recorded" in err


BROKEN = """
def add(commands):
    commands.add_parser("broken", help="fails").set_defaults(run=run)

def run(options):
    raise RuntimeError("cannot log in with password=hunter2-Zx9kQ71pLm")
"""
WITH_BROKEN = """
import sys
import infra_maintainer.cli.commands as commands
from infra_maintainer.cli.main import main
commands.__path__.append(sys.argv[1])
sys.exit(main(["broken"]))
"""


def test_our_own_fault_is_named_as_ours_without_its_secrets_and_exits_3(tmp_path: Path) -> None:
    """A command with a bug, put beside the shipped ones."""
    (tmp_path / "broken.py").write_text(BROKEN)
    argv = [sys.executable, "-c", WITH_BROKEN, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, env=environment(tmp_path), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "a fault of ours, not of your system: RuntimeError" in done.stderr and "hunter2" not in done.stderr


def test_a_reader_that_goes_away_is_not_a_crash(tmp_path: Path) -> None:
    """`infra-maintainer policy | head -1`."""
    child = start(tmp_path, "policy")
    assert child.stdout is not None and child.stderr is not None
    child.stdout.close()
    assert child.wait(30) in (0, 3)
    said = child.stderr.read()
    child.stderr.close()
    assert "Traceback" not in said and "BrokenPipe" not in said


def test_ctrl_c_ends_at_once_with_a_word(tmp_path: Path) -> None:
    """In the middle of probing an address that never answers."""
    arrived = threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        arrived.set()
        web.hang(handler)

    with web.web(hang) as url:
        child = start(tmp_path, "health", url, "--no-store")
        assert arrived.wait(20)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=5)
    assert child.returncode == 3 and out == ""
    assert "stopped" in err and "Traceback" not in err


def test_help_names_every_command_and_the_exit_codes(tmp_path: Path) -> None:
    """Found by looking at the folder of commands, as the parser does."""
    code, out, err = run(tmp_path, "--help")
    assert (code, err) == (0, "") and "exit codes: 0 healthy, 1 findings" in out
    folder = Path(__file__).parents[2] / "server" / "infra_maintainer" / "cli" / "commands"
    for command in (path.stem.replace("_", "-") for path in folder.glob("*.py") if path.stem != "__init__"):
        assert re.search(rf"^ {{2,4}}{command}\b", out, re.M), command


def test_on_a_pipe_without_arguments_it_is_the_server(tmp_path: Path) -> None:
    """What a host's config block starts; standard input closed at once is a client that left."""
    code, out, err = run(tmp_path)
    assert (code, out) == (0, "") and "Traceback" not in err


def test_doctor_says_source_by_source_what_it_reaches_and_why_not(tmp_path: Path) -> None:
    """A line per source, the store, and a reason with a step under each gap."""
    code, out, _ = run(tmp_path, "doctor", "--store", str(tmp_path / "s.db"))
    assert code in (0, 2)
    lines = [line for line in out.partition("\n\n")[0].splitlines() if not line.startswith(" ")]
    words = {line.split()[0]: line.split()[1] for line in reversed(lines)}
    assert "ok" in words and words.keys() <= {"ok", "partly", "unset", "none", "out"}
    assert any(line.split()[:2] == ["none", "redis"] for line in lines), "nothing declared is nothing reached"
    assert str(tmp_path / "s.db") in out and os.linesep in out


def on_a_terminal(folder: Path, *arguments: str) -> tuple[str, str]:
    """Stdout on a pipe, and what a terminal on stderr was sent."""
    terminal, stderr = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "infra_maintainer.cli", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environment(folder),
        cwd=folder,
    ) as child:
        os.close(stderr)
        seen = b""
        with contextlib.suppress(OSError):  # how Linux says that the other side of a terminal is closed
            while more := os.read(terminal, 4096):
                seen += more
        os.close(terminal)
        assert child.stdout is not None
        return child.stdout.read().decode(), seen.decode()


@pytest.mark.parametrize("arguments", [("doctor", "--store", "s.db"), ("record", "world")])
def test_who_waits_at_a_terminal_is_told_what_is_at_work(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """One changing line on stderr, gone at the end; nothing of it among the results."""
    out, seen = on_a_terminal(tmp_path, *arguments)
    lines = seen.split("\r\x1b[K")
    assert "CPU time …" in lines and "disk space and inodes …" in lines
    assert lines[-1] == "" and "\x1b" not in out and "…" not in out.partition("\n")[0]


def test_doctor_looks_at_everything_at_the_same_time(tmp_path: Path) -> None:
    """Four sources watch the machine for two seconds each: one after the other would take over eight."""
    begun = time.monotonic()
    code, out, err = run(tmp_path, "doctor", "--store", str(tmp_path / "s.db"))
    assert time.monotonic() - begun < 8
    assert code in (0, 2) and err == ""
    names = [line[13:].split()[0] for line in out.partition("\n\n")[0].splitlines() if not line.startswith(" ")]
    assert names[:-1] == sorted(names[:-1]) and {"cpu", "memory", "disk_latency", "network_devices"} <= set(names)


def test_doctor_and_record_read_the_infra_toml_that_stands_here(tmp_path: Path) -> None:
    """As every job does: its mistakes are told, so it was read."""
    (tmp_path / "infra.toml").write_text("[[endpoint]]\n")
    for command in (["doctor"], ["record", "world"]):
        code, out, err = run(tmp_path, *command)
        assert (code, out) == (4, "") and "infra.toml line 1: endpoint.1.url is missing" in err


def test_assess_is_one_page_and_detail_or_json_give_every_report_whole(tmp_path: Path) -> None:
    """Five verdicts on a page; five reports as lines of JSON; one exit code for all three."""
    world = world_of(tmp_path / "world", users_well(97.0))
    code, page, err = run(tmp_path, "assess", "--world", world, "--no-store")
    assert (code, err) == (1, "") and page.count("Exit 1.") == 1
    verdicts = [line for line in page.partition("\n\n")[0].splitlines() if not line.startswith(" ")]
    names = [line[18:].split()[0] for line in verdicts]
    code, whole, _ = run(tmp_path, "assess", "--world", world, "--no-store", "--detail")
    assert code == 1 and whole.count("Exit ") == 5
    code, out, _ = run(tmp_path, "assess", "--world", world, "--no-store", "--json")
    reports = [report_from(line) for line in out.splitlines()]
    assert code == 1 and [each.job for each in reports] == names
    assert all(finding.says.split(" (")[0] in " ".join(page.split()) for each in reports for finding in each.findings)
