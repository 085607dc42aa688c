"""What one answer may cost: turns, tokens, money; and what it did cost."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

_MILLION = 1_000_000


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Prices(_Frozen):
    """US dollars per million tokens, as the caller knows them: no price list ages in this product."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_read: float | None = Field(default=None, ge=0, description="default: the input price")
    cache_write: float | None = Field(default=None, ge=0, description="default: the input price")


class Budget(_Frozen):
    """Upper bounds; the loop stops at the first that is reached."""

    turns: int = Field(default=12, ge=1, le=50)
    tokens: int = Field(default=200_000, ge=1)
    usd: float | None = Field(default=None, gt=0)
    tokens_per_turn: int = Field(default=4096, ge=256)
    repairs: int = Field(default=2, ge=0, le=2)


class Usage(_Frozen):
    """What was used. `usd` is None where no price is known: unknown, not zero."""

    turns: int = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    usd: float | None = None

    @property
    def tokens(self) -> int:
        """All tokens, cached ones included."""
        return self.input + self.output + self.cache_read + self.cache_write


class Meter:
    """Adds up usage and says when a bound is reached."""

    def __init__(self, budget: Budget, prices: Prices | None) -> None:
        """Raise ValueError for a bound on money without prices: it could never be kept."""
        if budget.usd is not None and prices is None:
            raise ValueError("a budget in money needs prices: give both per million tokens")
        self._budget, self._prices = budget, prices
        self._counts: dict[str, int] = {"turns": 0, "input": 0, "output": 0, "cache_read": 0, "cache_write": 0}

    def turn(self) -> None:
        """One request was answered, in whole or in part."""
        self._counts["turns"] += 1

    def count(self, usage: Mapping[str, object]) -> None:
        """Add the token counts of one message, as the API names them."""
        names = {
            "input": "input_tokens",
            "output": "output_tokens",
            "cache_read": "cache_read_input_tokens",
            "cache_write": "cache_creation_input_tokens",
        }
        for ours, theirs in names.items():
            value = usage.get(theirs)
            self._counts[ours] += value if isinstance(value, int) else 0

    def usage(self) -> Usage:
        """What was used until now."""
        return Usage(**self._counts, usd=self._usd())

    def exhausted(self) -> str | None:
        """Which bound is reached, in words; None while there is room."""
        used = self.usage()
        if used.turns >= self._budget.turns:
            return f"the budget of {self._budget.turns} turns is used up"
        if used.tokens >= self._budget.tokens:
            return f"the budget of {self._budget.tokens} tokens is used up"
        if self._budget.usd is not None and used.usd is not None and used.usd >= self._budget.usd:
            return f"the budget of {self._budget.usd:g} USD is used up"
        return None

    def _usd(self) -> float | None:
        prices = self._prices
        if prices is None:
            return None
        read = prices.input if prices.cache_read is None else prices.cache_read
        write = prices.input if prices.cache_write is None else prices.cache_write
        counts = self._counts
        total = counts["input"] * prices.input + counts["output"] * prices.output
        return (total + counts["cache_read"] * read + counts["cache_write"] * write) / _MILLION
