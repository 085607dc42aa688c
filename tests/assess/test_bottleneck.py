"""The application or its database: what is said of each, and what the two numbers must share before they compare."""

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured
from tests.worlds import NOW, measured

DAY_S, ROUTE = 86400.0, "route:shop:GET /search"


def slow_route() -> list[Measured]:
    """Users waited 10,000 s within a day, most of it behind the balancer in one route."""
    return [
        measured("traffic.time", 10_000, subject="traffic:shop", stat="sum", n=9000, window=DAY_S),
        measured("traffic.time.share", 60, subject=ROUTE, stat="ratio"),
        measured("traffic.time.upstream", 99, subject=ROUTE, stat="ratio"),
        measured("traffic.latency", 900, subject=ROUTE, stat="p50", n=4000),
        measured("traffic.latency", 2900, subject=ROUTE, stat="p95", n=4000),
        measured("traffic.latency", 5000, subject=ROUTE, stat="p99", n=4000),
    ]


def statements(spent_s: float, since_s: float) -> list[Measured]:
    """A database whose statements took so long since their reset; one of them took nearly all of it."""
    return [
        measured("db.query.time", spent_s, subject="database:shop", stat="sum"),
        measured("db.queries.since", since_s, subject="database:shop"),
        measured("db.query.share", 90, subject="query:shop:17", stat="ratio"),
    ]


def bottleneck(*more: Measured) -> Finding:
    """The one bottleneck that is found."""
    report = assess([*slow_route(), *more], Policy(), "health", NOW, users_first=True)
    (found,) = [each for each in report.findings if each.code == "bottleneck"]
    return found


def test_without_a_database_the_application_is_not_told_apart_from_one() -> None:
    """A log cannot see behind the application."""
    says = bottleneck().says
    assert (
        "cause 1: the application: 99 % of the route's wait is in its upstreams; a database that it waits for" in says
    )


def test_statements_of_ninety_days_do_not_explain_the_wait_of_one() -> None:
    """9,000 s in ninety days are 100 s of that day, one per cent of 10,000 s; unscaled they were 90 %."""
    says = bottleneck(*statements(9_000, 90 * DAY_S)).says
    assert "cause 1: the application" in says and "cause 2" not in says
    assert "all statements of database shop took 2.5 h in 90 d, beside the 2.78 h that users waited in 24 h" in says


def test_statements_of_the_same_day_do_explain_it() -> None:
    """The benign twin: the same sum within the day is the first cause."""
    says = bottleneck(*statements(9_000, DAY_S)).says
    assert "cause 1: query 17 (shop) takes 90 % of all statement time" in says


def test_upstreams_that_share_the_load_are_not_called_most_of_it() -> None:
    """A third each is no majority; two thirds are."""
    thirds = [measured("upstream.time.share", 33, subject=f"upstream:shop:{n}:80", stat="ratio") for n in "abc"]
    assert "upstream" not in bottleneck(*thirds).says.replace("its upstreams", "")
    most = measured("upstream.time.share", 66, subject="upstream:shop:a:80", stat="ratio")
    assert "upstream a:80 (shop) has 66 % of the time of all" in bottleneck(most).says


def test_a_burn_rate_says_over_which_windows() -> None:
    """Two rates of one log with different limits read as a contradiction without them."""
    rates = [measured(f"traffic.burn.{name}", 0.5, subject="traffic:shop", stat="ratio") for name in ("fast", "medium")]
    says = [each.says for each in assess([*rates], Policy(), "health", NOW, users_first=True).passes]
    assert ["the lower rate over 60 min and the last 5 min" in each for each in says] == [True, False]
    assert ["the lower rate over 6 h and the last 30 min" in each for each in says] == [False, True]
