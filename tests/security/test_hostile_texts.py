"""Text that an attacker chooses: parsers answer or say that they cannot, and what is shown shows no tricks."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_maintainer.evidence.redact import quote
from infra_maintainer.sources.baseline.accounts import extra_roots, root_equal_members, weak_passwords
from infra_maintainer.sources.baseline.apt import automatic_updates, parse_installed, parse_release, parse_simulation
from infra_maintainer.sources.baseline.block_stack import layers, open_key_files, parse_mount
from infra_maintainer.sources.baseline.changelog import missing_fixes
from infra_maintainer.sources.baseline.dnf import parse_advisories
from infra_maintainer.sources.baseline.firewall import parse_iptables, parse_nft, parse_ufw
from infra_maintainer.sources.baseline.host_access import weak_rules
from infra_maintainer.sources.baseline.second_factor import judge_login, pam_stack, parse_effective
from infra_maintainer.sources.baseline.sudoers import read_sudoers
from infra_maintainer.world.certificate_der import parse_certificate

PIECES = [
    "expat (1.0-1) x-security; urgency=high\n",
    " -- A <a@b>  Mon, 31 Feb 2025 99:00:00 +0000\n",
    "CVE-2025-1\n",
    "Inst a [1] (2 Deb",
    "-A INPUT -j ",
    "-P INPUT ",
    "Status: active\n",
    "Default: deny (incoming)\n",
    "22/tcp ALLOW IN\n",
    "auth required pam_",
    "@include x\n",
    "ALL=(ALL) NOPASSWD:",
    "root:x:0:0\n",
    "a:$1$",
    "host all all ",
    "trust\n",
    "{",
    "}",
    "[",
    "]",
    '"',
    ":",
    "\\\n",
    "\x00",
    "\x1b[31m",
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=30).map("".join)

READERS: list[Callable[[str], object]] = [
    parse_simulation,
    parse_installed,
    parse_release,
    automatic_updates,
    parse_ufw,
    weak_rules,
    open_key_files,
    extra_roots,
    root_equal_members,
    weak_passwords,
]


@given(TEXTS)
def test_no_text_breaks_a_reader(text: str) -> None:
    """Readers of plain text never raise; readers of JSON and DER raise ValueError and nothing else."""
    missing_fixes(text, text[:20])
    for reader in READERS:
        reader(text)
    parse_iptables(text, text)
    read_sudoers({"/etc/sudoers": text}.get, {"/etc": ["x"]}.get)
    judge_login(parse_effective(text), pam_stack("sshd", {"sshd": text, "x": text}.get), "root")
    for read in (parse_nft, layers, parse_mount, parse_advisories):
        try:
            read(text)
        except ValueError:
            continue
    with pytest.raises(ValueError):
        parse_certificate(text.encode("utf-8", "replace"))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_certificate_reader(data: bytes) -> None:
    """A server chooses them; the answer is a certificate or a ValueError."""
    try:
        parse_certificate(data)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b"),
        ("\x1b]0;title\x07ok", "title"),
        ("a\u202eb\u2066c", "\u202e"),
        ("zero\u200bwidth\ufeff", "\u200b"),
        ("tag\U000e0041\U000e0042", "\U000e0041"),
        ("variation\ufe0f", "\ufe0f"),
        ("private\ue000", "\ue000"),
        ("line\nbreak\r\n", "\n"),
        ("c1\x9b31m", "\x9b"),
    ],
)
def test_outside_text_is_shown_without_what_a_reader_cannot_see(shown: str, hidden: str) -> None:
    """Terminal sequences, direction marks, tags, private and zero-width characters are gone."""
    assert hidden not in quote(shown)


@given(TEXTS)
def test_a_quote_is_one_short_visible_line(text: str) -> None:
    """At most 240 characters, printable, on one line."""
    shown = quote(text)
    assert len(shown) <= 240 and "\n" not in shown and (shown.isprintable() or not shown)
