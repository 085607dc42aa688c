"""Free text of other writers, number by number: weaker than the structure, and said so.

A number is supported if evidence of the run has it in that unit, at the precision shown, and nothing beside it says
that it is something else. It is never derived by search: almost any number can be reached that way.
"""

import re

from infra_maintainer.answer import formula
from infra_maintainer.answer.claims import TELLING_STATS, nearest
from infra_maintainer.answer.context import Around, Reader
from infra_maintainer.answer.equality import agrees, equal
from infra_maintainer.answer.ledger import POINTER, Field, Ledger, PointerError
from infra_maintainer.answer.numbers import Number, read
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.subjects import names
from infra_maintainer.answer.units import convert
from infra_maintainer.answer.verbatim import repeated, retold
from infra_maintainer.answer.verification import NumberResult, Status
from infra_maintainer.answer.vocabulary import vocabulary

_CITATION = re.compile(POINTER)
_QUOTED = re.compile(r"[\"“]([^\"“”\n]{3,300})[\"”]")
# A sample count between a number and its citation: "2,802 ms (n = 100) [ev_...]".
_SAMPLES = re.compile(r"\(?\bn\s?=\s?[\d,]+[^()\[\]]*\)?")
# Nothing but punctuation between a number and a citation binds the two.
_BOUND = re.compile(rf"[\s*_`~.,;:—–-]*[\[(]\s*{POINTER}")
# "4.5x (computed: ev_a / ev_b)": ids, the ten constants, brackets and four operators, at least one of them.
_TERM = rf"[\s(]*(?:{POINTER}|\d+)[\s)]*?"
_COMPUTED = re.compile(
    rf"[*_`~]*\s*[(\[]\s*(?:computed:|=)?({_TERM}(?:\s?[-+*/]{_TERM}){{1,12}})\s*[)\]](?!\s*[-+*/]\s*[\w(])"
)
_LIMIT_WORD = re.compile(
    r"\b(?:against|threshold|target|limit|slo|sla|budget|baseline|policy|floor|ceiling|objective|allowed|above|over|under|below"
    r"|exceeds?|at least|at most|more than|less than|minimum|maximum|required|rule)\b",
    re.IGNORECASE,
)
# "(limit 2)", "(floor 100 %)" between a value and its citation.
_PEOPLE = re.compile(r"\s+(?:users?|customers?|people|visitors?)\b", re.IGNORECASE)
_ASIDE = re.compile(r"\((?:limit|floor|threshold|baseline|policy|ceiling)\b[^()\[\]]*\)", re.IGNORECASE)
_NAMED_LIMIT = re.compile(
    r"\(\s*(?:(?:against|the|policy|policy's|a)\s+)*(?:limit|floor|threshold|baseline|ceiling)s?\b"
    r"(?:\s+(?:of|is|P\d+|at|for|the|most|least))*[\s:=]*$",
    re.IGNORECASE,
)
# "the API budget of 200 ms", "the error budget is missed: 12 % against 0.1 %": beside an exact limit of the policy.
_BESIDE_LIMIT = re.compile(
    r"\b(?:budget|limit|target|threshold|floor|ceiling)s?\s+(?:of|is|at)\s+[*_]*$"
    r"|\b(?:budget|limit|target|threshold)\b[^.;\n]*\bagainst\s+(?:the\s+|a\s+)?[*_]*$",
    re.IGNORECASE,
)
_TOLD_LIMIT = re.compile(r"\b(?:limit|floor)\s+(?:P\d+\s+)?$", re.IGNORECASE)
_TARGET_WORD = re.compile(
    r"\b(?:target|declared|objective|goal|planned|plan|promised|budget|slo|sla|rto|rpo|limit|agreed|should|stated|owner"
    r"|expected|quota|allowed)\b",
    re.IGNORECASE,
)
_USER_WORD = re.compile(
    r"\b(?:you|your|yours|question|asked|claim(?:ed|s)?|dashboard|says?|said|told|stated|reported|quoted|wants?"
    r"|leadership|finance|proposed|requested)\b",
    re.IGNORECASE,
)
_ASSUMED_WORD = re.compile(r"\b(?:assum\w+|hypothetical\w*|for example|suppose)\b", re.IGNORECASE)
# By chance alone an invented number meets one of n values in about n / 2,500 cases; beyond this it has to be cited.
_MOST_MEANT = 40
# More is a dump, and each is compared with all the evidence.
MOST_NUMBERS = 500
_COUNT = frozenset({"1", None})


def scan(text: str, run: Run) -> tuple[NumberResult, ...]:
    """Every number in `text` with what stands behind it, in order. Raises ValueError for more than MOST_NUMBERS."""
    subjects = {field.subject for field in run.ledger.fields() if field.subject}
    numbers = read(text, tuple({name for subject in subjects for name in names(subject)}))
    if len(numbers) > MOST_NUMBERS:
        raise ValueError(f"the answer holds {len(numbers)} numbers; at most {MOST_NUMBERS} are checked")
    # Constants of a formula in brackets belong to the formula.
    formulas = [found.span(1) for number in numbers if (found := _COMPUTED.match(text, number.end))]
    numbers = [one for one in numbers if not any(start <= one.start < end for start, end in formulas)]
    reader = Reader(text, run.ledger, numbers)
    asked = read(run.question)
    copied = repeated(text, run.told)
    places = [(number, reader.around(number)) for number in numbers]
    results: list[NumberResult] = []
    for number, around in places:
        if any(span.holds(number.start, number.end) for span in copied):
            results.append(_result(number, "supported", ("reports",), "a sentence of the reports"))
            continue
        neighbours = [other for other, place in places if place.start == around.start]
        results.append(_judged(number, (around, reader.cited(number)), text, run, asked, neighbours))
    return tuple(results)


def _judged(
    number: Number, read_as: tuple[Around, Around], text: str, run: Run, asked: list[Number], neighbours: list[Number]
) -> NumberResult:
    """`read_as`: what the whole sentence says of the number, and what is said since the citation before it."""
    around, since = read_as
    if result := _computed(number, text, run.ledger):
        return result
    limit = next((one for one in run.limits if _is(number, one.value, one.unit)), None)
    if _NAMED_LIMIT.search(text[around.start : number.start]):
        told = _told_limits(number, neighbours, run)
        if any(_is(number, one.value, one.unit or "1") for one in told):
            return _result(number, "policy", (limit.id if limit else "reports",))
        if told:
            return _result(number, "contradicted", ("reports",), f"the reports say limit {told[0].text.strip()}")
    if limit and _BESIDE_LIMIT.search(text[around.start : number.start]):
        return _result(number, "policy", (limit.id,))
    cited = _cited(number, text, around, run.ledger)
    if cited and (result := _by_citation(number, since, cited)):
        return result
    if not cited and (result := _by_later_citation(number, since, text, around, run.ledger)):
        return result
    if result := _quoted(number, text, run):
        return result
    if _is_count(number) and 1 < number.value == len({field.pointer.partition("#")[0] for field in cited}):
        return _result(number, "supported", tuple(field.pointer for field in cited[:3]), "the count of what is cited")
    figures = [field for field in cited if not isinstance(field.value, bool | str) and not field.about_measurement]
    if cited and _BOUND.match(_plain(text[number.end : around.start + len(around.sentence)])):
        return _result(number, "contradicted", (cited[0].pointer,), f"the cited evidence is {cited[0].described()}")
    if figures and not any(_matches(other, field) for other in neighbours for field in figures):
        return _result(number, "contradicted", (cited[0].pointer,), f"the cited evidence is {cited[0].described()}")
    matching = [field for field in run.ledger.fields() if _matches(number, field)]
    conflicts = {field.pointer: _conflict(around, field, strict=True) for field in matching}
    fitting = [field for field in matching if not conflicts[field.pointer]]
    if fitting:
        meant = sum(
            _comparable(number, field) and not _conflict(around, field, strict=True) for field in run.ledger.fields()
        )
        if meant > _MOST_MEANT:
            says = f"{meant} values could be meant: cite the evidence id, or say of what and which statistic"
            return _result(number, "unsupported", says=says)
        return _supported(number, around, fitting)
    if limit and _LIMIT_WORD.search(around.sentence):
        return _result(number, "policy", (limit.id,))
    if _is_users(number, asked) and _USER_WORD.search(around.sentence):
        return _result(number, "user", says="from the question")
    of_people = _PEOPLE.match(text[number.end :])  # reports count checks and findings, never people
    if not cited and _is_count(number) and number.value in run.counts and not around.families and not of_people:
        return _result(number, "supported", ("reports",), "a count of the reports")
    if not matching and not cited and retold(number, around.sentence, run.advised):
        return _result(number, "supported", ("reports",), "as the reports say")
    if not matching and not cited and _ASSUMED_WORD.search(around.clause):
        return _result(number, "assumed", says="marked as an assumption")
    if matching:
        field = matching[0]
        return _result(number, "contradicted", (field.pointer,), f"{conflicts[field.pointer]}: {field.described()}")
    return _nothing(number, around, run, _is_users(number, asked))


def _result(number: Number, status: Status, by: tuple[str, ...] = (), says: str = "") -> NumberResult:
    return NumberResult(text=number.text.strip(), status=status, by=by, says=says, start=number.start, end=number.end)


def _is(number: Number, value: float, unit: str) -> bool:
    return agrees(number.value, number.decimals, number.unit or "1", value, unit)


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _matches(number: Number, field: Field) -> bool:
    """Same value at the precision shown, in the unit written; a bare number only matches a count or a multiple."""
    if isinstance(field.value, bool | str):
        return False
    if field.unit == "1" and (number.unit in (None, "1", "core") or (number.unit == "x" and _is_multiple(field))):
        return equal(number.value, number.decimals, field.value)
    return _is(number, field.value, field.unit)


def _comparable(number: Number, field: Field) -> bool:
    if isinstance(field.value, bool | str):
        return False
    return (number.unit or "1") == field.unit or convert(1.0, field.unit, number.unit or "1") is not None


def _is_multiple(field: Field) -> bool:
    return field.stat == "ratio" or any(
        word in (field.quantity or "") for word in ("ratio", "multiple", "factor", "per_")
    )


def _is_count(number: Number) -> bool:
    return number.unit in _COUNT and number.decimals == 0


def _conflict(around: Around, field: Field, strict: bool) -> str:
    """Which word beside the number says that it is something else than `field`; empty if none does."""
    if strict and around.families and field.quantity and not _related(around.families, field):
        return f"the text says {_either(around.families)}, the evidence is"
    if (
        around.subjects
        and field.subject
        and field.subject not in around.subjects
        and not _shares(around.subjects, field)
    ):
        return f"the text says {_either(around.subjects)}, the evidence is about another subject"
    telling = around.stats & TELLING_STATS
    if field.about_measurement or not telling or field.stat is None or field.stat in telling:
        return ""
    if telling <= {"max", "min"} and field.stat not in TELLING_STATS:
        return ""
    return f"the text says {_either(telling)}, the evidence is"


def _related(families: frozenset[str], field: Field) -> bool:
    """True if one of the families, or a word for it, is part of the field's quantity, subject or place."""
    words = set(re.split(r"[^a-z]+", f"{field.quantity or ''} {field.subject or ''} {field.pointer}".lower()))
    spoken = {word for word, meaning in vocabulary().families.items() if meaning in families}
    return bool((families | spoken) & words)


def _shares(subjects: frozenset[str], field: Field) -> bool:
    """True if a subject of the text is part of the field's own: a mount on a host, a route of a service."""
    own = (field.subject or "").lower()
    return any(subject.partition(":")[2].lower() in own for subject in subjects if "//" not in subject)


def _either(words: frozenset[str]) -> str:
    return " or ".join(sorted(words))


def _computed(number: Number, text: str, ledger: Ledger) -> NumberResult | None:
    """The verdict of a formula over evidence ids that stands in brackets behind the number, or None without one."""
    match = _COMPUTED.match(text, number.end)
    if match is None:
        return None
    inputs: dict[str, tuple[float, str]] = {}
    named = dict[str, str]()
    for pointer in dict.fromkeys(_CITATION.findall(match[1])):
        try:
            field = ledger.resolve(pointer)
        except PointerError as error:
            return _result(number, "unsupported", says=str(error))
        if isinstance(field.value, bool | str):
            return _result(number, "unsupported", (pointer,), f"{pointer} is no number")
        named[pointer] = f"v{len(named)}"
        inputs[named[pointer]] = (field.value, field.unit)
    written = _CITATION.sub(lambda found: named[found.group()], match[1])
    try:
        values = formula.agrees(written, inputs, number.unit or "1")
    except formula.FormulaError as error:
        return _result(number, "unsupported", tuple(named), str(error))
    if any(equal(number.value, number.decimals, value) for value in values):
        return _result(number, "derived", tuple(named), "recomputed")
    says = f"the formula gives {values[0]:.6g}" if values else "the formula gives something of another kind"
    return _result(number, "contradicted", tuple(named), says)


def _quoted(number: Number, text: str, run: Run) -> NumberResult | None:
    """Supported if the number stands in quotation marks and the quoted words stand in the quote of some evidence."""
    for found in _QUOTED.finditer(text):
        if found.start() < number.start and number.end <= found.end():
            words = " ".join(found[1].split()).lower()
            for identifier, quote in run.quotes:
                if words in " ".join(quote.split()).lower():
                    return _result(number, "supported", (identifier,), "quoted")
    return None


def _cited(number: Number, text: str, around: Around, ledger: Ledger) -> list[Field]:
    """Fields cited for the number: the ids that follow it before the next number or sentence, or else in its clause."""
    after = _plain(text[number.end : around.start + len(around.sentence)])
    upto = re.search(r"(?<![\w_#/.])\d", _CITATION.sub(lambda match: "#" * len(match.group()), after))
    return _fields(_CITATION.findall(after[: upto.start()] if upto else after), ledger)


def _told_limits(number: Number, neighbours: list[Number], run: Run) -> list[Number]:
    """The limits that sentences of the reports name beside a value which stands before `number` in the text."""
    values = [other for other in neighbours if other.end <= number.start]
    said = [says for says in run.told if any(_holds(says, value) for value in values)]
    return [one for says in said for one in read(says) if _TOLD_LIMIT.search(says[: one.start])]


def _holds(sentence: str, number: Number) -> bool:
    return bool(re.search(rf"(?<![\d.,]){re.escape(number.text.strip())}(?!\.?\d)", sentence))


def _by_later_citation(number: Number, around: Around, text: str, whole: Around, ledger: Ledger) -> NumberResult | None:
    """Supported by the next citation of the sentence although another number stands between: "2.86, 15-minute mean"."""
    after = text[number.end : whole.start + len(whole.sentence)]
    first = re.search(rf"[\[(]\s*{POINTER}[^\[\]()]*[\])]", after)
    fields = _fields(_CITATION.findall(first[0]), ledger) if first else []
    fitting = [field for field in fields if _matches(number, field) and not _conflict(around, field, strict=True)]
    return _supported(number, around, fitting) if fitting else None


def _plain(text: str) -> str:
    """The text without what may stand between a value and its citation: sample counts, the limit in brackets."""
    return _ASIDE.sub(_spaces, _SAMPLES.sub(_spaces, text))


def _fields(pointers: list[str], ledger: Ledger) -> list[Field]:
    fields: list[Field] = []
    for pointer in pointers:
        try:
            fields.append(ledger.resolve(pointer))
        except PointerError:
            continue
        identifier = pointer.partition("#")[0]
        fields += [field for field in ledger.fields() if field.pointer.partition("#")[0] == identifier]
    return fields


def _by_citation(number: Number, around: Around, cited: list[Field]) -> NumberResult | None:
    """The verdict of a citation, or None if it belongs to another number of the clause."""
    fitting = [field for field in cited if _matches(number, field)]
    if fitting:
        conflict = _conflict(around, fitting[0], strict=False)
        if conflict:
            return _result(number, "contradicted", (fitting[0].pointer,), f"{conflict}: {fitting[0].described()}")
        return _supported(number, around, fitting)
    return None


def _supported(number: Number, around: Around, fields: list[Field]) -> NumberResult:
    by = tuple(dict.fromkeys(field.pointer for field in fields))[:3]
    if all(field.origin == "declared" for field in fields):
        if _TARGET_WORD.search(around.sentence):
            return _result(number, "declared", by)
        says = f"declared by the owner, not measured; say so: {fields[0].described()}"
        return _result(number, "contradicted", by, says)
    return _result(number, "supported", by)


def _is_users(number: Number, asked: list[Number]) -> bool:
    return any(
        agrees(number.value, number.decimals, number.unit or "1", one.value, one.unit or number.unit or "1")
        for one in asked
    )


def _nothing(number: Number, around: Around, run: Run, users: bool) -> NumberResult:
    """Unsupported; contradicted where evidence says what the text's own words ask for, and says another value."""
    for field in run.ledger.fields():
        if not around.families or not _related(around.families, field) or field.about_measurement:
            continue
        comparable = not isinstance(field.value, bool | str) and (number.unit or "1") == field.unit
        if comparable and not _conflict(around, field, strict=True):
            return _result(number, "contradicted", (field.pointer,), f"the evidence says {field.described()}")
    hint = "; it is from the question: say whose number it is" if users else ""
    if not users and not run.question and _USER_WORD.search(around.sentence):
        hint = "; if it is the user's, pass their question word for word"
    closest = nearest(number.value, number.unit or "1", run.ledger)
    says = f"nearest evidence: {closest.described()}" if closest else f"no evidence in {number.unit or 'plain counts'}"
    return _result(number, "unsupported", says=says + hint)
