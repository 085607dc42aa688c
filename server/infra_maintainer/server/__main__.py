"""`python -m infra_maintainer.server`: the MCP server over stdio, with the machine as it is and the default store."""

from infra_maintainer.evidence.store import Store, default_path
from infra_maintainer.server.serve import serve_stdio
from infra_maintainer.tools.kit import Kit

serve_stdio(Kit.from_paths(None, None, Store(default_path())))
