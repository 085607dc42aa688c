"""`python -m infra_maintainer.cli`."""

import sys

from infra_maintainer.cli.main import main

sys.exit(main())
