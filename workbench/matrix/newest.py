"""Print the command of a Python with the newest Django, and with all that the tests need.

For `make test-matrix`: python -m workbench.matrix.newest
"""

import sys

from workbench.errors import WorkbenchError
from workbench.matrix.environments import environments, ready


def main() -> int:
    """Print the command, or say on stderr why there is none; return the exit code."""
    try:
        print(*ready(environments()[-1], whole=True))
    except WorkbenchError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
