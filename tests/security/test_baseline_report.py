"""The whole job: as root and as nobody on this machine, over emptied worlds, and with canaries in every place."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.store import Store
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, sources_for
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.security import check_security_baseline
from infra_maintainer.world.recorded import RecordedWorld
from infra_maintainer.world.recording import RecordingWorld
from infra_maintainer.world.secret_places import file_secrets, process_secrets
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.security.made_world import NOW, MadeWorld, judged_by, passed
from tests.security.tls_servers import Authority, server_context, serving, speak_tls
from tests.services.postgres import postgres
from tests.services.program import unprivileged

ROOT = Path(__file__).parents[2]
RANK = {"unknown": 1, "healthy": 0, "at_risk": 2, "degraded": 3, "critical": 4}
CANARY = "Zq7-kanarien-vogel-0815"


def nothing(survey: Survey) -> list[AnyEvidence]:
    """A source that looks at nothing."""
    return []


def run_as(user: int | None) -> tuple[Report, float]:
    """Run the command line, as this user or as another, and give the report with the seconds it took."""
    paths = [str(ROOT / root) for root in ("server", "tools", "prompts", "agents", "evals")]
    paths += [path for path in sys.path if path.endswith("site-packages")]
    python = sys.executable if user is None else "/usr/bin/python3"
    argv = [python, "-m", "infra_maintainer.cli", "security", "--json", "--no-store"]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": ":".join(paths),
        "HOME": "/tmp",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    started = time.monotonic()
    done = subprocess.run(
        argv, capture_output=True, text=True, env=environment, user=user, group=user, cwd="/", timeout=60, check=False
    )
    assert done.returncode in (0, 1, 2), done.stderr
    return Report.model_validate(json.loads(done.stdout)), time.monotonic() - started


@requirement("card.check_security_baseline", "security.least_privilege", "honesty.unknown")
def test_as_root_and_as_nobody_both_answer_in_time_and_the_second_knows_less_but_nothing_false() -> None:
    """Under 20 s each; nobody has more unknowns, and every pass of nobody is a pass of root too."""
    if os.geteuid() != 0:
        pytest.skip("needs root: run the tests as root")
    mine, my_seconds = run_as(None)
    assert my_seconds < 20
    assert mine.coverage.checked > 15
    if subprocess.run(["/usr/bin/python3", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).returncode:
        pytest.skip("needs python3 of 3.11 or newer: apt-get install python3")
    theirs, their_seconds = run_as(65534)
    assert their_seconds < 20
    assert len(theirs.coverage.not_checked) > len(mine.coverage.not_checked)
    truths = {(each.code, each.subject) for each in theirs.passes}
    known = {(each.code, each.subject) for each in [*mine.passes, *mine.findings]}
    assert truths <= known, truths - known
    assert {"denied"} <= {each.why for each in theirs.coverage.not_checked}


@requirement("honesty.coverage", "honesty.unknown")
@pytest.mark.parametrize("name", [each.name for each in sources_for("security")])
def test_emptying_a_source_never_improves_the_verdict(name: str, tmp_path: Path) -> None:
    """A source that looks at nothing adds no pass and no healthier verdict: nothing examined is never a pass."""
    world = MadeWorld(tmp_path / "world")
    world.report()
    survey = Survey(RecordedWorld(world.folder), parse_system(""))
    emptied = tuple(each._replace(collect=nothing) if each.name == name else each for each in sources_for("security"))
    whole = assess(gather(sources_for("security"), survey), Policy(), "security", NOW)
    less = assess(gather(emptied, survey), Policy(), "security", NOW)
    assert passed(less) <= passed(whole)
    assert RANK[less.verdict] >= RANK[whole.verdict] and less.verdict != "healthy"
    assert less.coverage.checked <= whole.coverage.checked


@requirement("honesty.coverage")
def test_a_world_in_which_everything_is_refused_has_no_pass(tmp_path: Path) -> None:
    """Denied everywhere: every question is unknown, none is good."""
    world = MadeWorld(tmp_path / "world")
    error = {"why": "denied", "detail": "no", "how": "run as root"}
    world.answers = {call: {"error": error} for call in world.answers}
    report = world.report()
    assert not report.passes and not report.findings and report.verdict == "unknown"


@requirement("honesty.unknown")
@pytest.mark.parametrize(
    ("snapshot", "nothing"),
    [
        ("secrets_in_processes", {"processes": 0, "unreadable": 0, "found": []}),
        ("secrets_in_processes", {"processes": 9, "unreadable": 9, "found": []}),
        ("secrets_in_units", {"units": 0, "unreadable": [], "found": []}),
        ("privileged_files", {"found": [], "looked": 0, "unreadable": 0}),
        ("privileged_files", {"found": [], "looked": 10, "unreadable": 3}),
        ("writable_places", {"found": [], "looked": 0, "unreadable": []}),
        ("deleted_mappings", {"processes": 1, "unreadable": 50, "found": []}),
    ],
)
def test_a_look_at_nothing_is_no_pass(snapshot: str, nothing: dict[str, object], tmp_path: Path) -> None:
    """Zero objects examined, or a part refused: the item is not among the passes."""
    world = MadeWorld(tmp_path / "world")
    before = passed(world.report())
    world.snapshot(snapshot, nothing)
    after = passed(world.report())
    assert after < before


@pytest.fixture
def with_canary() -> Generator[int]:
    """A process of ours whose environment and command line carry a secret."""
    code = "import sys; print('up', flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", code, f"--db-password={CANARY}"]
    environment = {"SHOP_DB_PASSWORD": CANARY, "PATH": os.environ["PATH"]}
    with subprocess.Popen(argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdin is not None
        assert child.stdout.readline() == "up\n"
        yield child.pid
        child.stdin.close()


@requirement("security.theatre_env_passwords")
def test_no_secret_value_is_in_any_output_store_log_or_recorded_world(
    with_canary: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A running process and an env file with a canary: found in all three places, and its value nowhere."""
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / ".env").write_text(f"API_TOKEN={CANARY}\nexport OTHER='{CANARY}x'\n", encoding="utf-8")
    system = parse_system(f'[security]\nsecret_folders = ["{tmp_path}/srv"]\n')
    store = Store(tmp_path / "store.db")
    report = check_security_baseline(Kit(system, store), LiveWorld(60), [])
    text = report.model_dump_json()
    found = [each for each in report.evidence if each.quantity == "secrets.found"]
    places = " ".join(str(getattr(each, "quote", "")) for each in found)
    assert f"environment of python3 (pid {with_canary})" in places.replace("python3.11", "python3").replace(
        "python ", "python3 "
    )
    assert "command line of" in places and ".env" in places
    recording = RecordingWorld(LiveWorld(60), tmp_path / "recorded")
    gather(sources_for("security"), Survey(recording, system))
    recording.close()
    files = [path for folder in ("recorded", ".") for path in (tmp_path / folder).glob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files)
    half = CANARY[4:]
    assert half not in text and half not in caplog.text and half.encode() not in kept


@requirement("security.theatre_env_passwords")
def test_the_search_tells_place_key_class_and_reuse(with_canary: int, tmp_path: Path) -> None:
    """The same value in a process and in a file has one fingerprint; a file that others may read is marked."""
    (tmp_path / ".env").write_text(f"SHOP_DB_PASSWORD={CANARY}\n", encoding="utf-8")
    (tmp_path / ".env").chmod(0o644)
    in_process = [each for each in process_secrets("")["found"] if f"(pid {with_canary})" in each["where"]]
    (in_file,) = file_secrets(str(tmp_path))["found"]
    assert {each["form"] for each in in_process} == {"environ", "argv"}
    assert {each["fingerprint"] for each in in_process} == {in_file["fingerprint"]}
    assert in_file["open_to_all"] and in_file["length"] == len(CANARY)


@requirement("security.tls13", "security.certificates")
def test_tls_of_declared_ports_is_judged_by_both_bars(tmp_path: Path) -> None:
    """1.3 only passes; 1.2 as well is medium; old only is high; an expired certificate is critical."""
    import ssl

    authority = Authority(tmp_path)
    v10, v12, v13 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    good, expired = authority.leaf("good"), authority.leaf("expired", days=(-100, -4))
    with (
        serving(speak_tls(server_context(good, v13, v13))) as strict,
        serving(speak_tls(server_context(good, v12, v13))) as modern,
        serving(speak_tls(server_context(good, v10, v12))) as old,
        serving(speak_tls(server_context(expired, v13, v13))) as ended,
    ):
        ports = "".join(
            f'[[security.tls_port]]\nhost = "localhost"\nport = {port}\nca_file = "{authority.ca_file}"\n'
            for port in (strict, modern, old, ended)
        )
        report = judged_by(("tls_ports",), parse_system(ports))
    by_port = {
        port: {(each.code, each.severity) for each in report.findings if each.subject == f"tls_port:localhost:{port}"}
        for port in (strict, modern, old, ended)
    }
    assert by_port[strict] == set()
    assert by_port[modern] == {("tls_12_offered", "medium")}
    assert by_port[old] == {("tls_old_version", "high"), ("tls_13_not_offered", "high")}
    assert by_port[ended] == {("certificate_untrusted", "high"), ("certificate_ending", "critical")}
    assert ("tls_13_only", f"tls_port:localhost:{strict}") in {(each.code, each.subject) for each in report.passes}


@requirement("security.tls13")
def test_a_real_postgresql_is_measured_by_starttls_and_without_ssl_it_is_plain_text(tmp_path: Path) -> None:
    """ssl=on with a certificate of ours: 1.2 and 1.3 accepted, trusted; ssl=off: plain text, on loopback no fault."""
    authority = Authority(tmp_path)
    leaf = authority.leaf("pg")
    owner = unprivileged()
    if owner:
        import pwd

        account = pwd.getpwnam(owner)
        os.chown(leaf, account.pw_uid, account.pw_gid)
        for folder in (tmp_path, *tmp_path.parents[:3]):
            if str(folder).startswith("/tmp/"):
                folder.chmod(0o755)
    ssl_on = {"ssl": "on", "ssl_cert_file": str(leaf), "ssl_key_file": str(leaf)}
    with postgres(ssl_on) as safe, postgres() as plain:
        ports = "".join(
            f'[[security.tls_port]]\nhost = "localhost"\nport = {each.port}\nstarttls = "postgres"\n'
            f'ca_file = "{authority.ca_file}"\n'
            for each in (safe, plain)
        )
        report = judged_by(("tls_ports",), parse_system(ports))
    values = {(each.subject, each.quantity): getattr(each, "value", None) for each in report.evidence}
    subject = f"tls_port:localhost:{safe.port}"
    versions = [values[subject, f"tls.version.{version}"] for version in ("1_0", "1_1", "1_2", "1_3")]
    assert versions == [False, False, True, True] and values[subject, "tls.certificate.trusted"] is True
    about = f"tls_port:localhost:{plain.port}"
    assert values[about, "tls.offered"] is False and values[about, "listener.reachable"] is False
    assert not [each for each in report.findings if each.subject == about]
    assert [each.code for each in report.passes if each.subject == about] == ["plain_text"]
