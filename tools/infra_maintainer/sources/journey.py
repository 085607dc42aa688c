"""Declared user journeys, run step by step: the service is up when these work, not when a host answers."""

from collections.abc import Iterator

from infra_maintainer.evidence.show import many
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.system.service import Journey, Service, Step
from infra_maintainer.world.exchange import Ask, Exchange

RUNS = 3


def subjects(survey: Survey) -> list[str]:
    """One subject per declared journey."""
    return [subject_of(service, journey) for service in survey.system.service for journey in service.journey]


def subject_of(service: Service, journey: Journey) -> str:
    """The subject of a journey."""
    return f"journey:{service.name}/{journey.name}"


@source(
    title="declared user journeys, step by step (synthetic, from here)",
    jobs=("health",),
    quantities=("journey.ok",),
    also=("journey.step.failed",),
    subjects=subjects,
    configure="declare what users do: [[service]] with [[service.journey]] and its steps in infra.toml",
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Each journey a few times; a failed step ends the run and is named."""
    for service in survey.system.service:
        for journey in service.journey:
            yield from _journey(survey, service, journey)


def _journey(survey: Survey, service: Service, journey: Journey) -> Iterator[AnyEvidence]:
    subject, origin = subject_of(service, journey), _origin(survey, journey)
    problems = [_run(survey, journey) for _ in range(RUNS)]
    good = sum(problem is None for problem in problems)
    yield survey.measured("journey.ok", percent(good, RUNS), subject=subject, source=origin, stat="ratio", n=RUNS)
    for problem in dict.fromkeys(problem for problem in problems if problem):
        yield survey.measured("journey.step.failed", problem, subject=subject, source=origin, n=problems.count(problem))


def _origin(survey: Survey, journey: Journey) -> str:
    return f"journey of {many(len(journey.step), 'step')} (synthetic, from {survey.world.host.name})"


def _run(survey: Survey, journey: Journey) -> str | None:
    """None when every step succeeded, else which one failed and how, in our own words."""
    for number, step in enumerate(journey.step, start=1):
        ask = Ask(url=step.url, method=step.method, timeout_s=step.timeout_s, max_bytes=2 << 20)
        problem = problem_with(step, survey.world.http.exchange(ask))
        if problem:
            return f"step {number} of {len(journey.step)} ({step.method} {step.url}): {problem}"
    return None


def problem_with(step: Step, answer: Exchange) -> str | None:
    """Why an answer is not what the step expects; None when it is."""
    if answer.nothing_listens:
        return answer.nothing_listens
    if answer.failure:
        return f"no answer ({answer.failure})"
    if step.expect_status and answer.status not in step.expect_status:
        return f"status {answer.status}, expected {', '.join(map(str, step.expect_status))}"
    if not step.expect_status and (answer.status is None or answer.status >= 400):
        return f"status {answer.status}"
    if step.expect_text is not None and step.expect_text not in answer.body:
        return "the expected text is not on the page"
    if step.reject_text is not None and step.reject_text in answer.body:
        return "the page shows the text that marks an error"
    return None
