"""An outside command as subject: question on stdin, answer on stdout, the MCP server's configuration in a file.

The command gets INFRA_EVAL_MCP_CONFIG (a file that names our server over the case's world) and INFRA_EVAL_CONTRACT (the
JSON schema of the answer). It runs in an empty folder of its own, and sees neither the key nor the scenario.
"""

import asyncio
import json
import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path

from infra_maintainer.answer.contract import contract
from infra_maintainer.evals.case import Case, Key
from infra_maintainer.evals.marking import Reply
from infra_maintainer.evals.subjects.protocol import Track, fingerprint
from infra_maintainer.prompts.loader import filling

LONGEST_REPLY = 1 << 20
ASKED_FORM = (
    "\n\nAnswer with one JSON object that follows the schema in the file named by INFRA_EVAL_CONTRACT, nothing else. "
    "Cite evidence ids from the tools' replies."
)
ASKED_PROSE = (
    "\n\nAnswer in plain text. State the verdict as 'Verdict: healthy', at_risk, degraded, critical or unknown, and "
    "the severity as 'Severity: critical', high, medium, low, none or unknown. Cite evidence ids in brackets."
)


class Command:
    """A command line, split as a shell splits words; no shell runs it. Raises ValueError for an empty one."""

    def __init__(self, line: str, *, tools: bool = True, structured: bool = True) -> None:
        self._argv = shlex.split(line)
        if not self._argv:
            raise ValueError("--command is empty: give the program and its arguments")
        self._tools = tools
        self._structured = structured
        self.track: Track = "structure" if structured else "free text"
        self.identity = fingerprint(line)
        self.name = (
            f"{Path(self._argv[0]).name}{'' if tools else ' without tools'}{'' if structured else ', free text'}"
        )

    async def reply(self, case: Case, key: Key) -> Reply:
        """Run the command once. A non-zero exit code is a crash, with the end of what it said."""
        with tempfile.TemporaryDirectory(prefix="im-subject-") as folder:
            environment = {**os.environ, **self._files(case, Path(folder))}
            question = case.question + (f"{ASKED_FORM}\n\n{filling()}" if self._structured else ASKED_PROSE)
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
            try:
                out, err = await process.communicate(question.encode())
            finally:
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    await process.wait()
        if process.returncode:
            return Reply("", crashed=f"exit {process.returncode}: {err.decode('utf-8', 'replace')[-300:]}")
        return Reply(out[:LONGEST_REPLY].decode("utf-8", "replace"))

    def _files(self, case: Case, folder: Path) -> dict[str, str]:
        """The files that the command may read, by the variables that name them."""
        schema = folder / "contract.json"
        schema.write_text(json.dumps(contract()), encoding="utf-8")
        named = {"INFRA_EVAL_CONTRACT": str(schema)}
        if not self._tools:
            return named
        arguments = ["-m", "infra_maintainer.cli", "serve", "--world", str(case.world), "--store", str(case.store)]
        arguments += ["--config", str(case.config)] if case.config else []
        server = {"command": sys.executable, "args": arguments, "env": {"PYTHONPATH": os.pathsep.join(sys.path)}}
        config = folder / "mcp.json"
        config.write_text(json.dumps({"mcpServers": {"infra": server}}), encoding="utf-8")
        return {**named, "INFRA_EVAL_MCP_CONFIG": str(config)}
