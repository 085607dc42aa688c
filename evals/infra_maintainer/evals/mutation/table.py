"""Run every lie and every rewrite over every world; count what is caught, by which check, and list what survives."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.answer.model import Answer
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verification import Verification
from infra_maintainer.answer.verify import from_data, verify
from infra_maintainer.evals.mutation import prose, rewrites, structure
from infra_maintainer.evals.mutation.gold import QUESTION, gold, telling
from infra_maintainer.evals.mutation.worlds import SPECS, assess
from infra_maintainer.tools.verify import run_for


class Case(NamedTuple):
    """One changed answer and what the verification said; for a lie `expected` holds the checks that should notice."""

    kind: str
    world: str
    lie: bool
    refused: bool
    expected: bool
    what: str


class Base(NamedTuple):
    """One world with its known-good answers: a structure, and texts in two wordings."""

    world: str
    run: Run
    answer: Answer
    texts: tuple[str, ...]


def bases(folder: Path, worlds: int | None = None) -> list[Base]:
    """The known-good answers; each is verified. Raises ValueError if one does not hold."""
    found: list[Base] = []
    for spec in SPECS[:worlds]:
        kit, report = assess(spec, folder)
        run = run_for(kit, [report], QUESTION)
        answer = gold(run)
        texts = (telling(run, 1), telling(run, 2))
        for each in (answer, *texts):
            must_hold(each, run, spec.name)
        found.append(Base(spec.name, run, answer, texts))
    return found


def must_hold(answer: Answer | str, run: Run, world: str) -> None:
    """Raise ValueError if a known-good answer does not hold: then every lie about it would count as caught."""
    checked = verify(answer, run)
    if not checked.holds:
        raise ValueError(f"the known-good answer of {world} does not hold: {checked.bad_numbers()} {checked.faults}")


def cases(base: Base, repeats: int) -> Iterator[Case]:
    """Every lie and rewrite of one base, `repeats` times with other draws."""
    data = base.answer.model_dump(mode="json")
    for repeat in range(repeats):
        for kind in structure.KINDS:
            changed = structure.apply(kind, data, base.run, random.Random(f"{base.world}{kind.name}{repeat}"))
            if changed is not None:
                checked = verify(from_data(changed), base.run)
                yield _lie(kind.name, base, checked, frozenset({kind.check}), _difference(data, changed))
        for name in rewrites.STRUCTURE:
            changed = rewrites.structure(name, data, random.Random(f"{base.world}{name}{repeat}"))
            checked = verify(from_data(changed), base.run)
            yield Case(name, base.world, False, not checked.holds, True, _why(checked))
        text = base.texts[repeat % len(base.texts)]
        for lie in prose.KINDS:
            told = lie.change(text, base.run, random.Random(f"{base.world}{lie.name}{repeat}"))
            if told is not None and told != text:
                yield _lie(lie.name, base, verify(told, base.run), lie.checks, _changed_line(text, told))
        for name, rewrite in rewrites.PROSE.items():
            told = rewrite(text, base.run, random.Random(f"{base.world}{name}{repeat}"))
            checked = verify(told, base.run)
            yield Case(name, base.world, False, not checked.holds, True, _why(checked))


def _lie(kind: str, base: Base, checked: Verification, expected: frozenset[str], what: str) -> Case:
    return Case(kind, base.world, True, not checked.holds, bool(checked.failed_checks() & expected), what)


def _why(checked: Verification) -> str:
    bad = [f"{number.text}: {number.says}" for number in checked.bad_numbers()]
    return "; ".join([*bad, *(fault.says for fault in checked.faults)])


def _difference(before: structure.Data, after: structure.Data) -> str:
    return "; ".join(f"{key}: {str(after[key])[:160]}" for key in after if after[key] != before.get(key))


def _changed_line(before: str, after: str) -> str:
    lines = set(before.splitlines())
    return " / ".join(line for line in after.splitlines() if line not in lines)[:200] or "a line was cut"


class Row(NamedTuple):
    """One kind over all worlds."""

    kind: str
    lie: bool
    made: int
    refused: int
    expected: int


def rows(found: list[Case]) -> list[Row]:
    """Counts by kind, in the order the kinds were met."""
    kinds = dict.fromkeys((case.kind, case.lie) for case in found)
    return [
        Row(
            kind,
            lie,
            sum(case.kind == kind for case in found),
            sum(case.kind == kind and case.refused for case in found),
            sum(case.kind == kind and case.refused and case.expected for case in found),
        )
        for kind, lie in kinds
    ]


def page(found: list[Case]) -> str:
    """The table for people: every kind, then what survived by name."""
    table = rows(found)
    lines = [f"{'lie':<36}{'made':>6}{'caught':>8}{'by its check':>14}"]
    lines += [f"{row.kind:<36}{row.made:>6}{row.refused:>8}{row.expected:>14}" for row in table if row.lie]
    lines += ["", f"{'rewrite that keeps the meaning':<36}{'made':>6}{'refused':>8}"]
    lines += [f"{row.kind:<36}{row.made:>6}{row.refused:>8}" for row in table if not row.lie]
    lies = [case for case in found if case.lie]
    kept = [case for case in found if not case.lie]
    caught, wrong = sum(case.refused for case in lies), sum(case.refused for case in kept)
    lines += ["", f"caught {caught} of {len(lies)} lies ({100 * caught / len(lies):.1f} %), "]
    lines[-1] += f"wrongly refused {wrong} of {len(kept)} rewrites"
    survivors = [case for case in lies if not case.refused]
    lines += ["", "survived:" if survivors else "no lie survived"]
    lines += [f"  {case.kind} in {case.world}: {case.what}" for case in survivors]
    lines += [f"  WRONGLY REFUSED {case.kind} in {case.world}: {case.what}" for case in kept if case.refused]
    return "\n".join(lines) + "\n"
