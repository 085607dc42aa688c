"""Addresses, measured as a user would meet them: synthetic, from this one place, on fresh connections.

Open-loop: requests start on a fixed schedule whether or not earlier ones have answered, and the time counts from the
scheduled start. A closed loop would wait politely for a slow server and never see the queue (coordinated omission).
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.evidence.show import many
from infra_maintainer.evidence.statistics import SHARES, percentile
from infra_maintainer.evidence.vocabulary import meaning_of
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.system.endpoint import Endpoint
from infra_maintainer.world.exchange import Ask, Exchange
from infra_maintainer.world.failure import WorldError

MAX_BYTES = 8 << 20
AFTER_A_FAILURE = 5  # requests that are enough to confirm that a dead address is dead
PHASES = ("dns", "connect", "tls", "first_byte", "body")
KINDS = ("connect", "dns", "protocol", "redirects", "reset", "status", "timeout", "tls", "too_large")


class Outcome(NamedTuple):
    """One request: seconds from the first one's start to its own scheduled start, milliseconds from there to its last
    byte, and what came back."""

    due_s: float
    latency_ms: float
    exchange: Exchange

    @property
    def failure(self) -> str | None:
        """The kind of failure; an error status is one."""
        if self.exchange.failure:
            return self.exchange.failure
        return "status" if self.exchange.status is None or self.exchange.status >= 400 else None


def subjects(survey: Survey) -> list[str]:
    """One subject per declared or given address."""
    return [subject_of(endpoint) for endpoint in survey.system.endpoint]


def subject_of(endpoint: Endpoint) -> str:
    """The subject of an address."""
    return f"endpoint:{endpoint.url}"


@source(
    title="addresses as users meet them (synthetic, from here)",
    jobs=("health",),
    quantities=("endpoint.errors", "endpoint.latency"),
    also=(
        *(f"endpoint.latency.{phase}" for phase in PHASES),
        *(f"endpoint.errors.{kind}" for kind in KINDS),
        "endpoint.certificate.days_left",
        "endpoint.certificate.trusted",
        "endpoint.redirects",
        "endpoint.time_limit",
        "endpoint.tls.version",
    ),
    subjects=subjects,
    configure="give an address (infra-maintainer health https://your.site/), or [[endpoint]] in infra.toml",
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Measure every address at the same time; each one's evidence as it is ready."""
    results: dict[str, list[Outcome]] = {}
    refused: dict[str, WorldError] = {}
    workers = [
        threading.Thread(target=_measure, args=(survey, endpoint, results, refused), daemon=True)
        for endpoint in survey.system.endpoint
    ]
    for worker in workers:
        worker.start()
        if survey.world.sequential:
            worker.join()
    for worker, endpoint in zip(workers, survey.system.endpoint, strict=True):
        while worker.is_alive() and survey.world.deadline.remaining() > 0:
            worker.join(0.1)
        outcomes = list(results.get(endpoint.url, []))
        yield from _evidence(survey, endpoint, outcomes)
        if not outcomes and (error := refused.get(endpoint.url)):
            for quantity in ("endpoint.errors", "endpoint.latency"):
                yield survey.missing(
                    quantity,
                    error.why,
                    error.detail,
                    error.how,
                    subject=subject_of(endpoint),
                    source=f"GET {endpoint.url} (synthetic, from {survey.world.host.name})",
                )


def _measure(
    survey: Survey, endpoint: Endpoint, results: dict[str, list[Outcome]], refused: dict[str, WorldError]
) -> None:
    """One request first; when it fails a few more confirm it, else the whole schedule."""
    done = results.setdefault(endpoint.url, [])
    ask = Ask(url=endpoint.url, timeout_s=endpoint.timeout_s, max_bytes=MAX_BYTES, ca_file=endpoint.ca_file)
    try:
        first = Outcome(0.0, 0.0, survey.world.http.exchange(ask))
        first = first._replace(latency_ms=first.exchange.timings.total)
        done.append(first)
        count = endpoint.samples - 1 if first.failure is None else min(AFTER_A_FAILURE, endpoint.samples) - 1
        _schedule(survey, ask, count, endpoint.window_s, done)
    except WorldError as error:
        refused[endpoint.url] = error  # what was measured until now stays


def _schedule(survey: Survey, ask: Ask, count: int, window_s: float, done: list[Outcome]) -> None:
    """Start `count` requests evenly over the window and wait for them."""

    def send(due_s: float) -> None:
        late_ms = 0.0 if survey.world.sequential else max(0.0, time.monotonic() - begin - due_s) * 1000
        try:
            exchange = survey.world.http.exchange(ask)
        except WorldError:
            return
        done.append(Outcome(due_s, late_ms + exchange.timings.total, exchange))

    begin, threads = time.monotonic(), list[threading.Thread]()
    for index in range(count):
        due_s = index * window_s / max(count, 1)
        if survey.world.sequential:
            send(due_s)
            continue
        if (wait_s := begin + due_s - time.monotonic()) > 0:
            survey.world.clock.sleep(wait_s)
        thread = threading.Thread(target=send, args=(due_s,), daemon=True)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(survey.world.deadline.remaining())


def _evidence(survey: Survey, endpoint: Endpoint, outcomes: list[Outcome]) -> Iterator[AnyEvidence]:
    """What the requests to one address say."""
    if not outcomes:
        return
    subject, origin = subject_of(endpoint), f"GET {endpoint.url} (synthetic, from {survey.world.host.name})"
    failures = Counter(each.failure for each in outcomes if each.failure)
    if failures["refused"]:  # our own guard did not let us ask: that is nothing about the address
        why = next(each.exchange.detail for each in outcomes if each.failure == "refused")
        for quantity in ("endpoint.errors", "endpoint.latency"):
            yield survey.missing(
                quantity, "denied", why, "name an address that may be probed", subject=subject, source=origin
            )
        return
    n, window = len(outcomes), max(each.due_s for each in outcomes)
    errors = percent(sum(failures.values()), n)
    details = (each.exchange.nothing_listens or each.exchange.detail for each in outcomes if each.failure)
    said = next((each for each in details if each), None)
    yield survey.measured(
        "endpoint.errors", errors, subject=subject, source=origin, stat="ratio", n=n, window=window, quote=said
    )
    for kind, count in sorted(failures.items()):
        yield survey.measured(
            f"endpoint.errors.{kind}", count, subject=subject, source=origin, stat="count", n=n, window=window
        )
    if failures["timeout"]:
        said_by = "infra.toml" if "timeout_s" in endpoint.model_fields_set else "default of [[endpoint]] timeout_s"
        yield survey.declared("endpoint.time_limit", endpoint.timeout_s, subject=subject, source=said_by)
    answered = sorted(each.latency_ms for each in outcomes if not each.failure)
    if not answered:
        kinds = (meaning_of(f"endpoint.errors.{kind}").partition(": ")[2] for kind in sorted(failures))
        detail = f"none of {many(n, 'request')} was answered: {', '.join(kinds)}"
        yield survey.missing(
            "endpoint.latency", "unreachable", detail, "repair the address first", subject=subject, source=origin
        )
    else:
        yield from _latency(survey, subject, origin, answered, window)
    yield from _phases(survey, subject, origin, outcomes, window)
    yield from _once(survey, subject, origin, outcomes)


def _latency(survey: Survey, subject: str, origin: str, answered: list[float], window: float) -> Iterator[AnyEvidence]:
    for stat in ("p50", "p95", "p99"):
        yield survey.measured(
            "endpoint.latency",
            percentile(answered, SHARES[stat]),
            subject=subject,
            source=origin,
            stat=stat,
            n=len(answered),
            window=window,
        )
    yield survey.measured(
        "endpoint.latency", answered[-1], subject=subject, source=origin, stat="max", n=len(answered), window=window
    )
    yield survey.measured(
        "endpoint.latency",
        sum(answered) / len(answered),
        subject=subject,
        source=origin,
        stat="mean",
        n=len(answered),
        window=window,
    )


def _phases(survey: Survey, subject: str, origin: str, outcomes: list[Outcome], window: float) -> Iterator[AnyEvidence]:
    """Where the time goes, at the median."""
    for phase in PHASES:
        values = sorted(v for o in outcomes if not o.failure and (v := getattr(o.exchange.timings, phase)) is not None)
        if values:
            yield survey.measured(
                f"endpoint.latency.{phase}",
                percentile(values, 0.5),
                subject=subject,
                source=origin,
                stat="p50",
                n=len(values),
                window=window,
            )


def _once(survey: Survey, subject: str, origin: str, outcomes: list[Outcome]) -> Iterator[AnyEvidence]:
    """What is the same for every request: redirects, TLS version, certificate."""
    best = next((o.exchange for o in outcomes if not o.failure), outcomes[0].exchange)
    if best.status is not None:
        yield survey.measured("endpoint.redirects", best.hops, subject=subject, source=origin)
    if best.tls_version:
        yield survey.measured("endpoint.tls.version", best.tls_version, subject=subject, source=origin)
    certificate = best.certificate
    if certificate is None:
        return
    yield survey.measured(
        "endpoint.certificate.trusted", certificate.trusted, subject=subject, source=origin, quote=certificate.problem
    )
    if certificate.not_after_epoch_s is not None:
        left = (certificate.not_after_epoch_s - survey.world.clock.now().timestamp()) / 86400
        yield survey.measured("endpoint.certificate.days_left", left, subject=subject, source=origin)
