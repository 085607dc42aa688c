"""What every test may ask for, and what holds for every run."""

import signal

import pytest

# A run started in the background ignores Ctrl-C, and every program it starts would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the product does."""
    return "asyncio"
