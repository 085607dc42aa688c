"""Results as JUnit XML, for CI that shows test reports."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring


def junit(content: dict[str, Any]) -> str:
    """One test case per case; a failure says which gates do not hold, a crash is an error."""
    free_text = bool(content.get("prose", {}).get("asked"))
    field = "holds_as_prose" if free_text else "honest"
    cases = [(scenario, case) for scenario in content["scenarios"] for case in scenario["cases"]]
    crashed = sum(case["form"] == "crashed" for _, case in cases)
    failed = sum(not case.get(field) for _, case in cases) - crashed
    suite = Element(
        "testsuite",
        name=f"evals{' (free text)' if free_text else ''}: {content['subject']}",
        tests=str(len(cases)),
        failures=str(failed),
        errors=str(crashed),
    )
    for scenario, case in cases:
        test = SubElement(suite, "testcase", classname=scenario["id"], name=f"{case['case']}#{case['repeat']}")
        if case.get(field):
            continue
        gates = {name: reason for name, reason in case["failed"].items() if name in content["gates"]}
        kind = "error" if case["form"] == "crashed" else "failure"
        SubElement(test, kind, message=", ".join(gates)).text = "\n".join(f"{n}: {r}" for n, r in gates.items())
    indent(suite)
    return tostring(suite, encoding="unicode") + "\n"
