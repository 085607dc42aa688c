"""Timings of pages: from the browsers of real users where they report them, else from a Chromium here, labelled so."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from infra_maintainer.evidence.statistics import SHARES, percentile
from infra_maintainer.page.browser import load_times
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.page import Page
from infra_maintainer.world.failure import WorldError

FIELDS = {"page.load": "load_ms", "page.navigation": "navigation_ms", "page.interactive": "interactive_ms"}
LIMIT_BYTES = 64 << 20
LONGEST_MS = 600_000.0


def subjects(survey: Survey) -> list[str]:
    """One subject per declared page."""
    return [f"page:{each.name}" for each in survey.system.page]


@source(
    title="page timings (real users' browsers, else a Chromium here)",
    jobs=("health",),
    quantities=tuple(FIELDS),
    also=("page.beacons.refused",),
    subjects=subjects,
    configure="declare [[page]] with beacons (timings that browsers send), or with url and the [browser] extra",
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Real users first: a synthetic load never stands in for them in silence."""
    for page in survey.system.page:
        subject = f"page:{page.name}"
        try:
            values, origin, refused = _real(survey, page) if page.beacons else _synthetic(survey, page)
        except WorldError as error:
            for quantity in FIELDS:
                yield survey.missing(quantity, error.why, error.detail, error.how, subject=subject, source="page")
            continue
        if refused is not None:
            yield survey.measured("page.beacons.refused", refused, subject=subject, stat="count", source=origin)
        for quantity, name in FIELDS.items():
            found = sorted(values[name])
            if not found:
                how = f"let the page's script send {name}"
                yield survey.missing(quantity, "no_data", f"no {name} came", how, subject=subject, source=origin)
                continue
            for stat in ("p50", "p95", "p99"):
                yield survey.measured(
                    quantity, percentile(found, SHARES[stat]), subject=subject, stat=stat, n=len(found), source=origin
                )


def _real(survey: Survey, page: Page) -> tuple[dict[str, list[float]], str, int | None]:
    values: dict[str, list[float]] = {name: [] for name in FIELDS.values()}
    refused = 0
    for line in survey.world.host.read(str(page.beacons), limit=LIMIT_BYTES).splitlines():
        try:
            beacon: Any = json.loads(line)
            times = {name: float(beacon[name]) for name in values if name in beacon}
        except (ValueError, TypeError):
            refused += 1
            continue
        # Anybody can send a beacon: what no page can take is not believed.
        if not times or any(not 0 <= each <= LONGEST_MS for each in times.values()):
            refused += 1
            continue
        for name, each in times.items():
            values[name].append(each)
    return values, f"beacons of real users, {page.beacons}", refused


def _synthetic(survey: Survey, page: Page) -> tuple[dict[str, list[float]], str, int | None]:
    left = survey.world.deadline.remaining()
    answer = survey.world.engine(
        "browser", [page.url, page.loads], partial(load_times, str(page.url), page.loads, left)
    )
    values = {name: [float(each) for each in answer[name]] for name in FIELDS.values()}
    return values, f"Chromium loading {page.url} (synthetic, from {survey.world.host.name})", None
