"""Second factor of ssh logins: the server's own effective settings per user and address, and PAM behind them."""

import os
import subprocess
from pathlib import Path

import pytest

from infra_maintainer.sources.baseline.second_factor import judge_login, pam_stack, parse_effective
from infra_maintainer.world.ssh_server import effective_sshd
from tests.needs import needs
from tests.requirements_link import requirement
from tests.security.made_world import SSHD, MadeWorld, codes, passed

CONFIG = """UsePAM yes
PermitRootLogin yes
PubkeyAuthentication yes
PasswordAuthentication yes
KbdInteractiveAuthentication yes
Match User deploy
    PasswordAuthentication no
    AuthenticationMethods publickey
Match Address 10.0.0.0/8
    AuthenticationMethods publickey,keyboard-interactive
Match User backup Address 10.0.0.0/8
    PasswordAuthentication no
"""
LOGINS = [
    ("deploy", "203.0.113.9", "no", ("publickey",)),
    ("root", "10.1.2.3", "yes", ()),
    ("root", "203.0.113.9", "no", ("publickey", "password", "keyboard-interactive")),
    # The first Match that sets a keyword wins: deploy keeps its single method inside too.
    ("deploy", "10.1.2.3", "no", ("publickey",)),
]
NO_PAM = {"sshd": "@include common-auth\n", "common-auth": "auth required pam_unix.so\n"}


def settings_of(config: str, user: str, address: str, folder: Path) -> dict[str, str]:
    """What this machine's sshd would do under `config`."""
    needs("/usr/sbin/sshd")
    path = folder / "sshd_config"
    path.write_text(config, encoding="utf-8")
    folder.chmod(0o755)
    path.chmod(0o644)
    for parent in folder.parents[:3]:
        if parent.owner() == folder.owner() and str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    return parse_effective(effective_sshd(f"user={user},host={address},addr={address}", str(path)))


@requirement("security.mfa")
@pytest.mark.parametrize(("user", "address", "expected", "singles"), LOGINS)
def test_match_blocks_give_each_user_and_address_its_own_truth(
    user: str, address: str, expected: str, singles: tuple[str, ...], tmp_path: Path
) -> None:
    """The real sshd answers; every way in that has one factor is named."""
    login = judge_login(settings_of(CONFIG, user, address, tmp_path), pam_stack("sshd", NO_PAM.get), user)
    assert (login.second_factor, login.single_paths) == (expected, singles)


@requirement("security.mfa")
def test_the_effective_settings_equal_those_of_sshd_itself(tmp_path: Path) -> None:
    """Byte for byte what `sshd -T -C` prints when it is called by hand with a key of its own."""
    connection = "user=deploy,host=203.0.113.9,addr=203.0.113.9"
    settings = settings_of(CONFIG, "deploy", "203.0.113.9", tmp_path)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    as_user: list[str] = []
    if os.geteuid() == 0:  # as root sshd also wants /run/sshd, which exists only while it runs
        os.chown(tmp_path / "key", 65534, 65534)
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    argv = [
        *as_user,
        "/usr/sbin/sshd",
        "-T",
        "-f",
        str(tmp_path / "sshd_config"),
        "-C",
        connection,
        "-h",
        str(tmp_path / "key"),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = parse_effective(done.stdout)
    theirs.pop("hostkey", None)
    settings.pop("hostkey", None)
    assert settings == theirs and settings["authenticationmethods"] == "publickey"


@requirement("security.mfa")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("auth required pam_google_authenticator.so", "yes"),
        ("auth required pam_google_authenticator.so nullok", "weak"),
        ("auth optional pam_duo.so", "weak"),
        ("auth sufficient pam_u2f.so", "weak"),
        ("auth [success=1 default=ignore] pam_oath.so", "weak"),
        ("-auth required pam_u2f.so cue", "yes"),
        ("account required pam_google_authenticator.so", "no"),
        ("# auth required pam_google_authenticator.so", "no"),
        ("auth required pam_radius_auth.so", "unknown"),
    ],
)
def test_a_factor_that_can_be_skipped_is_theatre(line: str, expected: str) -> None:
    """Password and keyboard-interactive behind PAM: strong, weak, absent or decided elsewhere."""
    settings = parse_effective(
        "usepam yes\npubkeyauthentication no\npasswordauthentication no\nkbdinteractiveauthentication yes\n"
    )
    files = {"sshd": "@include common-auth\n", "common-auth": f"{line}\nauth required pam_unix.so\n"}
    assert judge_login(settings, pam_stack("sshd", files.get), "deploy").second_factor == expected


@requirement("security.mfa")
def test_a_security_key_that_verifies_its_holder_is_two_factors() -> None:
    """publickey alone with verify-required asks for the key and its PIN."""
    text = "usepam no\npubkeyauthentication yes\npubkeyauthoptions verify-required\npasswordauthentication no\n"
    assert judge_login(parse_effective(text), pam_stack("sshd", NO_PAM.get), "deploy").second_factor == "yes"


def test_an_include_loop_in_pam_ends() -> None:
    """A file that includes itself is followed five deep and then reported as unread."""
    stack = pam_stack("sshd", {"sshd": "@include sshd\n"}.get)
    assert stack.unread == ("sshd",)


@requirement("security.mfa")
def test_declared_logins_are_judged_one_by_one(tmp_path: Path) -> None:
    """The strict login passes and the exception is named, with the claim that a nullok factor makes."""
    world = MadeWorld(tmp_path / "world")
    world.snapshot("sshd_effective", SSHD, "user=ops,host=203.0.113.9,addr=203.0.113.9")
    world.snapshot(
        "sshd_effective",
        SSHD.replace("publickey,keyboard-interactive", "publickey"),
        "user=ci,host=10.0.0.7,addr=10.0.0.7",
    )
    config = '[[security.ssh_login]]\nuser = "ops"\n[[security.ssh_login]]\nuser = "ci"\naddresses = ["10.0.0.7"]\n'
    report = world.report(config)
    found = [each for each in report.findings if each.code == "second_factor_missing"]
    assert [each.subject for each in found] == ["login:ci@10.0.0.7"]
    assert "second_factor_missing" in passed(report)


@requirement("security.theatre_obscurity")
def test_a_moved_ssh_port_with_password_login_is_theatre_and_alone_it_is_nothing(tmp_path: Path) -> None:
    """Port 2222: a finding beside password login, silence beside keys with a factor."""
    world = MadeWorld(tmp_path / "world")
    world.snapshot("listeners", [{"protocol": "tcp", "address": "0.0.0.0", "port": 2222, "program": "sshd"}])
    open_door = (
        "port 2222\nusepam no\npubkeyauthentication yes\npasswordauthentication yes\nauthenticationmethods any\n"
    )
    for address in ("203.0.113.9", "10.0.0.1"):
        world.snapshot("sshd_effective", open_door, f"user=root,host={address},addr={address}")
    assert {"theatre_obscurity", "ssh_password"} <= codes(world.report())
    for address in ("203.0.113.9", "10.0.0.1"):
        world.snapshot(
            "sshd_effective", SSHD.replace("port 22", "port 2222"), f"user=root,host={address},addr={address}"
        )
    assert not codes(world.report()) & {"theatre_obscurity", "ssh_password"}


@requirement("security.mfa")
def test_people_without_a_second_factor_are_named_from_the_credential_report(tmp_path: Path) -> None:
    """Root and whoever has a password; a machine user without one is no person."""
    report_csv = (
        "user,arn,password_enabled,mfa_active\n<root_account>,a,not_supported,true\n"
        "anna,b,true,true\nben,c,true,false\nci-bot,d,false,false\ndora,e,true,\n"
    )
    world = MadeWorld(tmp_path / "world")
    world.read("/srv/credentials.csv", report_csv)
    report = world.report('[security]\ncredential_report = "/srv/credentials.csv"\n')
    found = [each.subject for each in report.findings if each.code == "person_without_second_factor"]
    assert found == ["person:ben"]
    held = {each.subject for each in report.passes if each.code == "person_without_second_factor"}
    assert held == {"person:root", "person:anna"}
    assert "person:dora" in {each.subject for each in report.unknowns}  # an empty field is no "false"
    world.read("/srv/credentials.csv", "nothing,useful\n")
    report = world.report('[security]\ncredential_report = "/srv/credentials.csv"\n')
    assert "person_without_second_factor" not in passed(report) | codes(report)
