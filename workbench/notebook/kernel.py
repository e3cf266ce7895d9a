"""What each kernel of this environment loads when it starts: an extension of IPython.

prefix/etc/ipython/ipython_kernel_config.json names it (IPython docs, Configuration).
"""

import sys
from traceback import TracebackException
from types import TracebackType
from typing import Any

from workbench.errors import WorkbenchError


def load_ipython_extension(shell: Any) -> None:
    """Let a cell that lacks what an earlier cell defines end in one sentence that says so.

    Where the workbench refuses something, its sentence is shown without the way there.
    """
    shell.set_custom_exc((NameError, WorkbenchError), _explain)


def _explain(
    shell: Any, kind: type[Exception], error: Exception, trace: TracebackType, **_: Any
) -> None:
    if isinstance(error, WorkbenchError):
        _show_only(error, f"{kind.__name__}: {error}")
    elif kind is NameError and _last(trace).tb_frame.f_globals is shell.user_global_ns:
        said = "".join(TracebackException(kind, error, trace).format_exception_only()).strip()
        _show_only(error, f"{said}{'' if said.endswith('?') else '.'} {_advice()}")
    shell.showtraceback((kind, error, trace))


def _show_only(error: Exception, text: str) -> None:
    """IPython asks an error that has this method how to show it."""
    error._render_traceback_ = lambda: [text]  # type: ignore[attr-defined]


def _last(trace: TracebackType) -> TracebackType:
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _advice() -> str:
    """Return what to do: a kernel that has started anew has not imported these."""
    if {"workbench.notebook.using", "workbench.notebook.all_four"} & sys.modules.keys():
        return "Run the cells above this one first, or correct the name."
    return "This kernel has just started: run the notebook's first cells again, then this one."
