"""The ports of `workbench serve`: which ones are wanted, and whether they are free."""

import errno
import socket
import sys
from collections.abc import Iterable

from workbench.errors import WorkbenchError
from workbench.variants import VARIANTS

HOST = "127.0.0.1"
INDEX = "index"
DEFAULTS = {INDEX: 8000} | {name: 8001 + place for place, name in enumerate(VARIANTS)}


def chosen(options: Iterable[str]) -> dict[str, int]:
    """The port of the index page and of each variant, from options like `custom_user=9000`.

    Raises WorkbenchError if an option is not of that form or two pages share a port.
    """
    ports = DEFAULTS | dict(_parsed(option) for option in options)
    for name, port in ports.items():
        sharing = [other for other in ports if ports[other] == port]
        if sharing != [name]:
            raise WorkbenchError(
                f"{' and '.join(sharing)} cannot share port {port}: "
                f"give one of them another, as in --port {sharing[1]}=9000."
            )
    return ports


def _parsed(option: str) -> tuple[str, int]:
    name, _, number = option.partition("=")
    if name not in DEFAULTS or not number.isascii() or not number.isdigit():
        raise WorkbenchError(
            f"--port {option} is not of the form NAME=NUMBER: NAME is one of {', '.join(DEFAULTS)}."
        )
    check_range(int(number), option)
    return name, int(number)


def check_free(ports: dict[str, int]) -> None:
    """Raise WorkbenchError, naming the option to use, if a port is taken or not allowed."""
    for name, port in ports.items():
        _check_free(port, f"another for {name} with --port {name}=NUMBER")


def one(chosen: int | None, first: int) -> int:
    """Return the chosen port, or else the first free one from `first` on.

    Raises WorkbenchError if the chosen one is no port, taken or not allowed.
    """
    if chosen is None:
        return next(port for port in range(first, 65536) if _is_free(port))
    check_range(chosen, str(chosen))
    _check_free(chosen, "another with --port NUMBER")
    return chosen


def check_range(port: int, option: str) -> None:
    """Raise WorkbenchError, naming the option, if the number is no port."""
    if not 0 < port < 65536:
        raise WorkbenchError(f"--port {option}: a port is a number from 1 to 65535.")


def _check_free(port: int, instead: str) -> None:
    try:
        _bind(port)
    except OSError as error:
        taken = "in use" if error.errno == errno.EADDRINUSE else "not allowed"
        raise WorkbenchError(f"Port {port} is {taken}: choose {instead}.") from error


def _is_free(port: int) -> bool:
    try:
        _bind(port)
    except OSError:
        return False
    return True


def _bind(port: int) -> None:
    """Bind as the sites will: a port that a stopped site has just left is free."""
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
