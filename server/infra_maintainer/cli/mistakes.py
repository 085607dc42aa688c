"""What a caller can get wrong: one sentence each on stderr, exit 4."""

from infra_maintainer.assess.policy import PolicyError
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.system.load import ConfigError

CALLER_MISTAKES = (ConfigError, PolicyError, StoreError, FileExistsError, ValueError)
