"""One copy in a backup repository, and what listing the repository says about all of them."""

from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict


class ListingError(ValueError):
    """The output of a backup program was not what its format promises."""


class Copy(BaseModel):
    """A snapshot, archive, backup label or dump file.

    `content` is equal for two copies with the same content, when the program says so. `partial` marks what the
    program itself calls unfinished or in error.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    taken_at: AwareDatetime
    size_bytes: int | None = None
    content: str | None = None
    partial: bool = False


class Listing(BaseModel):
    """All copies, oldest first. `encryption` is the program's word for it, None when it does not say."""

    model_config = ConfigDict(frozen=True)

    copies: tuple[Copy, ...]
    encryption: str | None = None

    @property
    def newest(self) -> Copy | None:
        """The newest copy that its program does not call unfinished."""
        whole = [copy for copy in self.copies if not copy.partial]
        return whole[-1] if whole else None


def in_order(copies: list[Copy]) -> tuple[Copy, ...]:
    return tuple(sorted(copies, key=lambda copy: copy.taken_at))


def utc(text: str) -> datetime:
    """A time as backup programs print it; one without a zone is UTC, because we run them with TZ=UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
