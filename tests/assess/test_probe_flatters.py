"""A probe is set against the users of the path that it asks for, not against everybody."""

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured
from tests.worlds import NOW, measured


def tail(subject: str, p95_ms: float, n: int = 500) -> Measured:
    """A P95 of a probe, a route or all traffic."""
    quantity = "endpoint.latency" if subject.startswith("endpoint:") else "traffic.latency"
    return measured(quantity, p95_ms, subject=subject, stat="p95", n=n)


def flattered(*evidence: Measured) -> list[Finding]:
    """What is found over a probe that is fast and traffic that, as a whole, is not."""
    report = assess([tail("traffic:shop", 3000), *evidence], Policy(), "health", NOW)
    return [each for each in report.findings if each.code == "probe_flatters"]


@pytest.mark.parametrize(
    "address", ["https://shop.example/", "https://shop.example", "https://shop.example/?from=probe"]
)
def test_a_probe_that_meets_what_users_of_its_path_meet_does_not_flatter(address: str) -> None:
    """Users of / had 1 ms; that the report of the shop takes 3 s is no fault of a probe of /."""
    fast = tail(f"endpoint:{address}", 23.2)
    assert flattered(fast, tail("route:shop:GET /", 1), tail("route:shop:GET /report", 3000)) == []


def test_a_probe_that_is_faster_than_its_own_path_flatters() -> None:
    """The benign twin: the same path, and users wait there, ids folded as routes have them."""
    fast = tail("endpoint:https://shop.example/item/17", 23.2)
    (found,) = flattered(fast, tail("route:shop:GET /item/:id", 4000), tail("route:shop:GET /", 1))
    assert "the synthetic P95 of 23.2 ms" in found.says and "GET /item/:id (shop) has P95 4 s (n=500)" in found.says


def test_without_its_path_in_the_log_a_probe_is_set_against_all_and_says_so() -> None:
    """And of three requests of that path nothing is said."""
    fast = tail("endpoint:https://shop.example/", 23.2)
    (found,) = flattered(fast, tail("route:shop:POST /", 1), tail("route:other:GET /", 1))
    assert "all traffic of shop has P95 3 s" in found.says
    assert flattered(fast, tail("route:shop:GET /", 9000, n=3)) == []
