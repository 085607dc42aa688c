"""The shipped server over stdio with more sources: `python served.py STORE [FOLDER_OF_SOURCES]`."""

import sys
from pathlib import Path

import infra_maintainer.sources
from infra_maintainer.evidence.store import Store
from infra_maintainer.server.serve import serve_stdio
from infra_maintainer.tools.kit import Kit

infra_maintainer.sources.__path__.extend(sys.argv[2:])
serve_stdio(Kit.from_paths(None, None, Store(Path(sys.argv[1]))))
