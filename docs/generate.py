"""Write the documentation and tool definitions that come from the code: run `python docs/generate.py` after a change.

With --check nothing is written; the names of files that are out of date are printed, and the exit code is 1.
"""

import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
DEFINITIONS = ROOT / "server" / "infra_maintainer" / "server" / "definitions"
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / root) for root in ("server", "tools", "prompts", "agents", "evals")]

from infra_maintainer.assess.policy import baseline  # noqa: E402  # after the path is set
from infra_maintainer.assess.registry import checks_for, jobs  # noqa: E402
from infra_maintainer.evidence.vocabulary import vocabulary  # noqa: E402
from infra_maintainer.report.text import exit_code, render_text  # noqa: E402
from infra_maintainer.server.catalogue import Catalogue, definition_files  # noqa: E402
from infra_maintainer.sources.registry import all_sources  # noqa: E402
from infra_maintainer.system.system import System  # noqa: E402
from infra_maintainer.tools.all_jobs import run_one  # noqa: E402
from infra_maintainer.tools.kit import Kit  # noqa: E402

HEAD = "<!-- written by docs/generate.py: change the code, then run it -->\n"


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    return {
        DOCS / "sources.md": _page("Sources", "What is looked at, and by which file.", _sources()),
        DOCS / "checks.md": _page("Checks", "What is judged, by which file, and the rules that decide.", _checks()),
        DOCS / "policy.md": _page("Policy", "Every rule with its value and reason. Limits are strict.", _policy()),
        DOCS / "quantities.md": _page("Quantities", "The closed vocabulary of evidence.", _quantities()),
        DOCS / "tools.md": _page("Tools", "What an MCP host sees.", _tools()),
        ROOT / "README.md": _readme(),
        **{DEFINITIONS / name: text for name, text in definition_files(Kit(System(), None)).items()},
    }


def _page(title: str, says: str, lines: Iterator[str]) -> str:
    return "\n".join([HEAD, f"# {title}", "", says, "", *lines]).rstrip() + "\n"


def _sources() -> Iterator[str]:
    yield "| source | looks at | for | always says | may say |"
    yield "|---|---|---|---|---|"
    for each in all_sources():
        says = f"{_names(each.quantities)} | {_names(each.also)}"
        yield f"| `{each.name}` | {each.title} | {', '.join(each.jobs)} | {says} |"


def _checks() -> Iterator[str]:
    yield "| job | check | asks | reads | rules |"
    yield "|---|---|---|---|---|"
    for job in jobs():
        for each in checks_for(job):
            yield f"| {job} | `{each.name}` | {each.title} | {_names(each.quantities)} | {_names(each.policies)} |"


def _policy() -> Iterator[str]:
    yield "| rule | value | severity | reason |"
    yield "|---|---|---|---|"
    for rule in (baseline()[name] for name in sorted(baseline())):
        yield f"| `{rule.id}` | {rule.told} | {rule.severity} | {rule.reason} |"


def _quantities() -> Iterator[str]:
    yield "| quantity | unit | meaning |"
    yield "|---|---|---|"
    for each in (vocabulary()[name] for name in sorted(vocabulary())):
        yield f"| `{each.name}` | {each.unit} | {each.says} |"


def _tools() -> Iterator[str]:
    catalogue = Catalogue(Kit(System(), None))
    for tool in filter(None, map(catalogue.tool, catalogue.names)):
        hints = tool.annotations
        yield f"## {tool.name}\n\n{tool.description}\n"
        yield f"Reads only: {'yes' if hints and hints.read_only_hint else 'no'}.\n"
        yield "| argument | meaning | default |\n|---|---|---|"
        for name, schema in tool.parameters.get("properties", {}).items():
            default = "required" if name in tool.parameters.get("required", []) else f"`{schema.get('default')}`"
            yield f"| `{name}` | {schema.get('description', '')} | {default} |"
        yield ""


def _readme() -> str:
    """The README with its captured run and its table of tools as they are now."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    run = "\n".join(["$ infra-maintainer health", *_captured_run()])
    text = _between(text, "<!-- example -->\n```\n", "\n```", run)
    return _between(text, "<!-- tools -->\n", "\n\n", "\n".join(_tool_table()))


def _between(text: str, begin: str, end: str, new: str) -> str:
    head, _, rest = text.partition(begin)
    return head + begin + new + end + rest.partition(end)[2]


def _captured_run() -> Iterator[str]:
    """The run of a recorded shop, shortened where a line says so: its worst finding, an unknown, some passes."""
    shop = ROOT / "tests" / "worlds_recorded" / "shop"
    kit = Kit.from_paths(shop / "infra.toml", shop / "world", None)
    report = run_one("health", kit, kit.world(60))
    lines = render_text(report, width=100).splitlines()
    blocks = {"FINDING": 1, "UNKNOWN": 1, "ok": 3}
    yield from lines[:2]
    for label, most in blocks.items():
        starts = [number for number, line in enumerate(lines) if line.startswith(label)]
        yield ""
        for start in starts[:most]:
            yield lines[start]
            yield from takewhile(lambda line: line.startswith("   "), lines[start + 1 :])
        if len(starts) > most:
            yield f"{'':<18}… and {len(starts) - most} more"
    yield ""
    yield f"{lines[-1]} Exit {exit_code(report)}."


def _tool_table() -> Iterator[str]:
    yield "| tool | does | changes |"
    yield "|---|---|---|"
    catalogue = Catalogue(Kit(System(), None))
    for tool in filter(None, map(catalogue.tool, catalogue.names)):
        hints = tool.annotations
        changes = "nothing" if hints and hints.read_only_hint else "asks first, then only a scratch place of its own"
        yield f"| `{tool.name}` | {(tool.description or '').split('. ')[0]}. | {changes} |"


def _names(names: tuple[str, ...]) -> str:
    return " ".join(f"`{name}`" for name in names)


def main(arguments: list[str]) -> int:
    """Write or check the pages."""
    fresh = pages()
    stale = [path for path, text in fresh.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(path.relative_to(ROOT))
        if "--check" not in arguments:
            path.write_text(fresh[path], encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
