"""Runs a program of Python inside a process that ends when its parent does, however that ends.

    python -m workbench.server.child variants/custom_user/manage.py runserver 8003

The parent holds the other end of this process's input; the operating system closes it with the
parent's death. So a killed parent leaves no site behind that would keep its port.
"""

import os
import runpy
import sys
import threading


def _end_with_the_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


def main() -> None:
    """Run the program named on the command line, with the arguments after it."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
