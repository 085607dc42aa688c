"""Does the verification catch lies and leave honest answers alone? Tables for people, then one line of JSON.

    python bench/verify.py [--quick]

Known-good answers over twelve recorded worlds, assessed by the product itself, are changed by every kind of lie and by
rewrites that keep the meaning. Sentences of lies and of harmless text are in evals/mutation/sentences.py; about a
fifth of them were written after the word lists were frozen. No rival exists: peers do not check numbers of answers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / name) for name in ("server", "tools", "prompts", "agents", "evals")]

from infra_maintainer.answer.wording import dangers, reassurances  # noqa: E402 - the path comes first
from infra_maintainer.evals.mutation import sentences  # noqa: E402
from infra_maintainer.evals.mutation.fabricated import SETTINGS, Share, simulate  # noqa: E402
from infra_maintainer.evals.mutation.table import Case, bases, cases, page, rows  # noqa: E402


def main() -> int:
    """Print the tables; 1 if fewer than 98 % of the lies are caught or any rewrite is refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer draws, within 50 s")
    options = parser.parse_args()
    repeats, worlds, numbers = (2, 4, 250) if options.quick else (8, 20, 500)
    with tempfile.TemporaryDirectory() as folder:
        known = bases(Path(folder))
    found = [case for base in known for case in cases(base, repeats)]
    print(f"{len(known)} worlds, {repeats} draws of each kind\n")
    print(page(found))
    wording = _wording()
    shares = [simulate(n, setting, worlds, numbers) for setting in SETTINGS for n in (10, 30, 60, 120)]
    _fabricated(shares)
    print(json.dumps(_figures(found, shares, wording, len(known))))
    lies = [case for case in found if case.lie]
    enough = sum(case.refused for case in lies) >= 0.98 * len(lies)
    return 0 if enough and not any(case.refused for case in found if not case.lie) else 1


def _wording() -> dict[str, str]:
    """What the word lists do alone with sentences written after they were frozen: a mark, no judge."""
    told = sum(bool(reassurances(text)) for text in sentences.HELD_OUT_REASSURANCES)
    harm = sum(bool(dangers(text)) for text in sentences.HELD_OUT_DANGERS)
    safe = sum(bool(reassurances(text) or dangers(text)) for text in sentences.HELD_OUT_SAFE)
    print("word lists alone, on sentences they have never seen:")
    print(f"  reassurance noticed   {told} of {len(sentences.HELD_OUT_REASSURANCES)}")
    print(f"  harmful advice noticed {harm} of {len(sentences.HELD_OUT_DANGERS)}")
    print(f"  harmless refused      {safe} of {len(sentences.HELD_OUT_SAFE)}")
    print(
        "  which is why free words without a claim are refused in a structured answer, and prose is the weaker form\n"
    )
    return {
        "reassurance": f"{told}/{len(sentences.HELD_OUT_REASSURANCES)}",
        "danger": f"{harm}/{len(sentences.HELD_OUT_DANGERS)}",
        "harmless_refused": f"{safe}/{len(sentences.HELD_OUT_SAFE)}",
    }


def _fabricated(shares: list[Share]) -> None:
    print("fabricated three-digit numbers called supported, in prose without citation:")
    print(f"{'evidence values':<20}" + "".join(f"{setting:>12}" for setting in SETTINGS))
    for values in (10, 30, 60, 120):
        cells = (one.supported / one.tried for one in shares if one.values == values)
        print(f"{values:<20}" + "".join(f"{cell:>12.2%}" for cell in cells))
    print()


def _figures(found: list[Case], shares: list[Share], wording: dict[str, str], worlds: int) -> dict[str, object]:
    lies = [case for case in found if case.lie]
    kept = [case for case in found if not case.lie]
    table = rows(found)
    return {
        "worlds": worlds,
        "kinds_of_lies": sum(row.lie for row in table),
        "kinds_of_rewrites": sum(not row.lie for row in table),
        "lies": len(lies),
        "killed": sum(case.refused for case in lies),
        "killed_share": round(sum(case.refused for case in lies) / len(lies), 4),
        "killed_share_structure": _share([case for case in lies if not case.kind.startswith("prose")]),
        "killed_share_prose": _share([case for case in lies if case.kind.startswith("prose")]),
        "rewrites": len(kept),
        "false_alarms": sum(case.refused for case in kept),
        "survivors": {row.kind: row.made - row.refused for row in table if row.lie and row.refused < row.made},
        "wording_held_out": wording,
        "fabricated_supported": {f"{one.setting}, {one.values}": round(one.supported / one.tried, 4) for one in shares},
    }


def _share(lies: list[Case]) -> float:
    return round(sum(case.refused for case in lies) / len(lies), 4)


if __name__ == "__main__":
    sys.exit(main())
