"""What the search needs beside docs/assets/search/: its documents, two packages of npm."""

import json
import shutil
from pathlib import Path

from workbench import files, npm
from workbench.find.documents import documents


def write(rendered: Path) -> None:
    """Write the documents and the packages into the folder of the rendered pages."""
    folder = rendered / "assets" / "search"
    modules = npm.node_modules()
    files.write(folder / "documents.json", json.dumps(documents(), ensure_ascii=False))
    for package, module in (("minisearch", "dist/es/index.js"), ("stemmer", "index.js")):
        code = (modules / package / module).read_text(encoding="utf-8")
        # the map is not served
        files.write(folder / f"{package}.js", code.partition("//# sourceMappingURL")[0])
        licence = next((modules / package).glob("[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*"))
        shutil.copy(licence, folder / f"{package}.LICENSE.txt")
