"""Stand between a host and the server over stdio, pass everything on, write every line down.

python wiretap.py LOG COMMAND ARGUMENT…
"""

import subprocess
import sys
import threading
from pathlib import Path
from typing import IO


def main() -> int:
    """Run the server; log lines as `> …` from the host and `< …` from the server."""
    log = Path(sys.argv[1]).open("ab", buffering=0)
    with subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin and server.stdout
        inward = threading.Thread(target=_pass, args=(sys.stdin.buffer, server.stdin, log, b"> "), daemon=True)
        inward.start()
        _pass(server.stdout, sys.stdout.buffer, log, b"< ")
        return server.wait()


def _pass(source: IO[bytes], target: IO[bytes], log: IO[bytes], mark: bytes) -> None:
    for line in source:
        log.write(mark + line)
        target.write(line)
        target.flush()
    if mark == b"> ":
        target.close()


if __name__ == "__main__":
    sys.exit(main())
