"""Loads a page in a real Chromium with an empty cache each time, and reads the browser's own navigation timing."""

import os
import shutil
import time
from urllib.parse import urlsplit

from infra_maintainer.world.address_guard import admit
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.http import resolve

_TIMING = """() => {
  const n = performance.getEntriesByType('navigation')[0];
  return {load_ms: n.loadEventEnd, navigation_ms: n.responseEnd, interactive_ms: n.domContentLoadedEventEnd};
}"""
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def load_times(url: str, loads: int, limit_s: float) -> dict[str, list[float]]:
    """Milliseconds of each load: to the load event, to the last byte of the page, to the point where it takes input.

    `interactive_ms` is the end of DOMContentLoaded, when the page's own scripts have run: the nearest that a browser
    tells without tracing. Raise WorldError without a browser, for an address that may not be probed, or a failed load.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as absent:
        how = "pip install 'infra-maintainer[browser]' and apt-get install chromium, or declare beacons"
        raise WorldError("not_supported", "page timings need the package playwright", how) from absent
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise WorldError(
            "not_supported", "no Chromium is installed here", "apt-get install chromium, or declare beacons"
        )
    host = urlsplit(url).hostname or ""
    admit(host, resolve(host, urlsplit(url).port or 80), came_from=None)
    times: dict[str, list[float]] = {"load_ms": [], "navigation_ms": [], "interactive_ms": []}
    end = time.monotonic() + limit_s - 2
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=program, chromium_sandbox=os.geteuid() != 0)
            for _ in range(loads):
                left_ms = (end - time.monotonic()) * 1000
                if left_ms < 500 and times["load_ms"]:
                    break
                page = browser.new_context().new_page()
                page.goto(url, wait_until="load", timeout=max(500, left_ms))
                page.wait_for_function("() => performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
                for name, value in page.evaluate(_TIMING).items():
                    times[name].append(float(value))
                page.context.close()
            browser.close()
    except Error as error:
        raise WorldError("error", f"Chromium: {str(error).splitlines()[0][:300]}", "load the page by hand") from error
    return times
