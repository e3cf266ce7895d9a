"""shell_plus by django-extensions, with a --notebook and a --lab in which this project runs.

Notebook 7 has no class NotebookApp any more (django-extensions issue 1830). The kernel that the
command writes is called alike in every project, so that the last one's path is in it, and it
relies on the server's environment for the settings (issues 1422 and 1571). Cells run within an
event loop, where Django refuses to ask the database (issue 1533).
"""

import os
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django_extensions.management.commands import shell_plus


class Command(shell_plus.Command):
    @shell_plus.shell_runner(flags=["--notebook"], name="Jupyter Notebook")
    def get_notebook(self, options):
        try:
            from notebook.app import JupyterNotebookApp
        except ImportError as error:
            raise CommandError("This wants Notebook: python -m pip install notebook") from error
        return lambda: self.run_notebookapp(JupyterNotebookApp.initialize_server, options)

    def generate_kernel_specs(self, app, ipython_arguments):
        """A kernel of this project's own, which knows its settings and may ask its database."""
        [kernel] = super().generate_kernel_specs(app, ipython_arguments).values()
        name = Path(settings.BASE_DIR).name
        kernel.display_name = f"{name} (shell_plus)"
        kernel.env |= {
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        }
        return {f"shell_plus_{name}": kernel}
