"""What filters and what only says so: nftables, iptables, ufw, and container rules that pass them by."""

import json
import subprocess
from pathlib import Path

import pytest

from infra_maintainer.sources.baseline.firewall import lets_in, parse_iptables, parse_nft, parse_ufw
from tests.needs import needs
from tests.requirements_link import requirement
from tests.security.made_world import MadeWorld, codes, passed, undetermined

UFW_ACTIVE = (
    "Status: active\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), deny (routed)\n\n"
    "To                         Action      From\n--                         ------      ----\n"
    "22/tcp                     ALLOW IN    Anywhere\n443                        ALLOW IN    Anywhere\n"
)
DOCKER_NAT = (
    "-P PREROUTING ACCEPT\n-N DOCKER\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
    "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 6379 -j DNAT --to-destination 172.17.0.2:6379\n"
)
RULESETS = {
    "empty chains": ("table inet f { chain input { type filter hook input priority 0; policy accept;\n}\n}\n", False),
    "no rule at all": ("", False),
    "default drop": (
        "table inet f { chain input { type filter hook input priority 0; policy drop; "
        "ct state established,related accept; iif lo accept; tcp dport { 22, 443 } accept;\n}\n}\n",
        True,
    ),
    "drop in the last rule": (
        "table ip f { chain input { type filter hook input priority 0; policy accept; "
        "tcp dport 443 accept; counter drop;\n}\n}\n",
        True,
    ),
    "accept before the drop": (
        "table ip f { chain input { type filter hook input priority 0; policy drop; counter accept;\n}\n}\n",
        False,
    ),
    "a drop in a chain that only some packets enter": (
        "table ip f { chain bad { drop;\n}\nchain input { type filter hook input priority 0; policy accept; "
        "ip saddr 192.0.2.1 jump bad;\n}\n}\n",
        False,
    ),
    "a drop in a chain that every packet enters": (
        "table ip f { chain every { tcp dport 443 accept; drop;\n}\n"
        "chain input { type filter hook input priority 0; policy accept; jump every;\n}\n}\n",
        True,
    ),
    "ports in a verdict map": (
        "table inet f { chain input { type filter hook input priority 0; policy drop; "
        "tcp dport vmap { 22 : accept, 25 : drop };\n}\n}\n",
        True,
    ),
    "a whole protocol": (
        "table inet f { chain input { type filter hook input priority 0; policy drop; meta l4proto udp accept;\n}\n}\n",
        True,
    ),
    "a chain that no hook reaches": ("table ip f { chain unused { drop;\n}\n}\n", False),
}


def listed_by_nft(rules: str) -> str:
    """Load rules by nft in a network of its own and list them back: real output, not a guess at it."""
    needs("nft", "nftables")
    program = "import subprocess, sys\nsubprocess.run(['nft', '-f', '-'], input=sys.argv[1].encode(), check=True)\n"
    program += (
        "print(subprocess.run(['nft', '-j', 'list', 'ruleset'], capture_output=True, text=True, check=True).stdout)"
    )
    argv = ["unshare", "--user", "--map-root-user", "--net", "/usr/bin/python3", "-c", program, rules]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)
    if done.returncode and "perm" in done.stderr.lower():
        pytest.skip("needs network namespaces: run where unshare --user --net is allowed")
    assert done.returncode == 0, done.stderr
    return done.stdout


@requirement("security.firewall")
@pytest.mark.parametrize("name", RULESETS)
def test_nftables_is_judged_on_what_the_kernel_lists(name: str) -> None:
    """Chains without rules, without a hook, with a default drop, with a way past it."""
    rules, filters = RULESETS[name]
    found = parse_nft(listed_by_nft(rules))
    assert (found.state == "filters") is filters, found
    if name == "ports in a verdict map":
        assert [lets_in(found, "tcp", port) for port in (22, 25)] == [True, False]
    if name == "a whole protocol":
        assert lets_in(found, "udp", 5353) and not lets_in(found, "tcp", 5353)
    if name == "default drop":
        assert lets_in(found, "tcp", 443) and not lets_in(found, "tcp", 6379)


@requirement("security.firewall")
def test_an_inactive_ufw_is_no_firewall(tmp_path: Path) -> None:
    """`inactive` contains `active`: the world where ufw prints it has no filter and says so."""
    assert parse_ufw("Status: inactive\n").state == "open"
    world = MadeWorld(tmp_path / "world")
    world.filter(ufw="Status: inactive\n")
    report = world.report()
    assert "firewall_open" in codes(report) and "firewall_open" not in passed(report)


@requirement("security.firewall")
def test_an_active_ufw_lets_in_what_it_lists_and_nothing_else() -> None:
    """Ports with and without protocol; the default decides the rest."""
    found = parse_ufw(UFW_ACTIVE)
    assert found.state == "filters"
    assert [lets_in(found, "tcp", port) for port in (22, 443, 5432)] == [True, True, False]
    assert not lets_in(found, "udp", 22) and lets_in(found, "udp", 443)


@requirement("security.firewall")
def test_container_forwarding_that_bypasses_ufw_is_found(tmp_path: Path) -> None:
    """ufw denies incoming, Docker's DNAT opens 6379 before ufw is asked: claim and reality in one finding."""
    world = MadeWorld(tmp_path / "world")
    ufw = "-P INPUT DROP\n-A INPUT -j ufw-before-input\n-A ufw-before-input -i lo -j ACCEPT\n"
    world.filter(iptables=ufw, nat=DOCKER_NAT, ufw=UFW_ACTIVE)
    report = world.report()
    assert "firewall_open" in passed(report)
    (finding,) = [each for each in report.findings if each.code == "firewall_bypassed"]
    (evidence,) = [each for each in report.evidence if each.id in finding.evidence]
    assert "tcp/6379" in str(getattr(evidence, "quote", ""))


@requirement("security.firewall")
def test_iptables_headers_with_policy_accept_are_no_firewall() -> None:
    """Chains exist, policies say ACCEPT, nothing is dropped."""
    assert (
        parse_iptables("-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N f2b\n-A INPUT -p tcp -j f2b\n").state
        == "open"
    )
    assert parse_iptables("").state == "unknown"


@requirement("security.firewall")
def test_iptables_drops_by_default_only_where_every_packet_comes_by() -> None:
    """A chain that some packets enter rejects some; one that all enter rejects the rest."""
    some = "-P INPUT ACCEPT\n-N bad\n-A INPUT -s 192.0.2.1/32 -j bad\n-A bad -j DROP\n"
    assert parse_iptables(some).state == "open"
    rest = "-P INPUT ACCEPT\n-N all\n-A INPUT -j all\n-A all -p udp -j ACCEPT\n"
    rest += "-A all -j REJECT --reject-with icmp-port-unreachable\n"
    found = parse_iptables(rest)
    assert found.state == "filters" and lets_in(found, "udp", 53) and not lets_in(found, "tcp", 22)


@requirement("security.firewall")
def test_a_filter_that_may_not_be_read_leaves_listeners_undetermined(tmp_path: Path) -> None:
    """As an ordinary user: the socket is seen, whether it is reachable is not."""
    world = MadeWorld(tmp_path / "world")
    for command in ("nft_ruleset", "iptables_rules", "iptables_nat_rules", "ufw_status"):
        world.run(command, "", code=1, stderr="Operation not permitted (you must be root)")
    listening = {"protocol": "tcp", "address": "0.0.0.0", "port": 53, "program": "named"}
    world.snapshot("listeners", [listening])
    report = world.report()
    assert "firewall_open" in undetermined(report) and "firewall_open" not in passed(report) | codes(report)
    assert [e for e in report.coverage.not_checked if e.quantity == "listener.reachable" and e.why == "denied"]


@requirement("security.firewall")
def test_a_socket_on_loopback_is_not_reachable_and_port_22_is_no_fault(tmp_path: Path) -> None:
    """redis on 127.0.0.1 is silent; ssh on 22 is neither praised nor blamed for its port."""
    world = MadeWorld(tmp_path / "world")
    world.snapshot(
        "listeners",
        [
            {"protocol": "tcp", "address": "127.0.0.1", "port": 6379, "program": "redis-server"},
            {"protocol": "tcp", "address": "0.0.0.0", "port": 22, "program": "sshd"},
        ],
    )
    report = world.report()
    subjects = {each.subject for each in report.evidence if each.quantity == "listener.reachable"}
    assert subjects == {"listener:tcp/0.0.0.0:22"}
    assert not codes(report) & {"theatre_obscurity", "plain_text"}


def test_what_nft_prints_on_this_machine_can_be_read() -> None:
    """Whatever the ruleset here is, the reader has an opinion; as an ordinary user nft refuses in words."""
    needs("nft")
    done = subprocess.run(["nft", "-j", "list", "ruleset"], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        assert parse_nft(done.stdout).state in ("filters", "open")
        assert "nftables" in json.loads(done.stdout)
    else:
        assert "permitted" in done.stderr


@requirement("security.firewall")
def test_a_filter_of_ipv4_alone_does_not_close_ipv6(tmp_path: Path) -> None:
    """A table of family ip drops, nothing filters ip6, a service listens on :: and is reachable; the host is open."""
    drops = {"family": "ip", "table": "f", "name": "input", "type": "filter", "hook": "input", "policy": "drop"}
    ruleset = json.dumps({"nftables": [{"chain": drops}]})
    assert parse_nft(ruleset, 4).state == "filters" and parse_nft(ruleset, 6).state == "open"
    world = MadeWorld(tmp_path / "world")
    world.filter(nft=ruleset)
    world.run("ip6tables_rules", "-P INPUT ACCEPT\n")
    world.snapshot("listeners", [{"protocol": "tcp", "address": "::", "port": 53, "program": "named"}])
    report = world.report()
    assert "firewall_open" in codes(report)
    (reach,) = [each for each in report.evidence if each.quantity == "listener.reachable"]
    assert getattr(reach, "value", None) is True


@requirement("security.firewall")
def test_a_translation_that_nft_lists_is_forwarding() -> None:
    """dnat in a nat table, as the kernel lists it after nft loaded it."""
    rules = (
        "table ip n { chain p { type nat hook prerouting priority -100; tcp dport 8080 dnat to 172.17.0.2:80;\n}\n}\n"
    )
    found = parse_nft(listed_by_nft(rules))
    assert found.forwarded == frozenset({"tcp/8080"})
