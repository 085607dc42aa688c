"""The process of a Worker: `python -m infra_maintainer.logs.reader_process [CPU]`, which stays on that CPU if named.

It is told a Setup and a name, then pieces, in the end None. It answers with the account of each block, and goes on when
told to; after a piece with None or with its refusal. When who tells it is gone, it removes the folder of the counts.
"""

import gc
import os
import pickle
import shutil
import sys
from contextlib import suppress
from typing import Any


class _Left(Exception):
    """Who started this process was killed: the pipes have no other end."""


def _work() -> None:
    _settle()
    from infra_maintainer.logs.blocks import MissingReader
    from infra_maintainer.logs.reader import PieceReader

    with os.fdopen(os.dup(1), "wb") as tell:
        os.dup2(2, 1)  # a library that prints must not speak in between

        def answer(message: object) -> None:
            try:
                pickle.dump(message, tell)
                tell.flush()
            except BrokenPipeError:
                raise _Left from None

        setup, name = _hear()
        try:
            reader = PieceReader(setup, name)
            gc.freeze()  # what the libraries made will not be garbage
            gc.enable()
            message = _hear()
            while message is not None:
                try:
                    for account in reader.read(message):
                        answer(account)
                        message = _hear()
                        if message is None:
                            break
                    else:
                        answer(None)
                        message = _hear()
                except MissingReader as refused:
                    answer(refused)
                    message = _hear()
            answer(reader.finish())
        except _Left:
            shutil.rmtree(setup.folder, ignore_errors=True)  # of two such processes the last one removes the rest
        os._exit(0)  # tearing down what only memory holds would take as long as reading a block


def _hear() -> Any:
    try:
        return pickle.load(sys.stdin.buffer)
    except (EOFError, pickle.UnpicklingError):
        raise _Left from None


def _settle() -> None:
    """Before the libraries start threads, which inherit this."""
    gc.disable()  # looking for garbage while they are imported takes a tenth of that time
    if len(sys.argv) > 1:
        with suppress(OSError):  # the CPU was taken away meanwhile
            os.sched_setaffinity(0, {int(sys.argv[1])})
    if hasattr(os, "SCHED_BATCH"):  # services that somebody waits for go first, and blocks are read in longer turns
        with suppress(OSError):  # some sandboxes have one class only
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


if __name__ == "__main__":
    _work()
