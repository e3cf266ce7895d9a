"""Missions for a class: break what an approach promises, and PostgreSQL says whether it is broken.

`missions.toml` has them, `score.py` scores them by what the kernel's database holds.
"""

import tomllib
from pathlib import Path
from typing import Any

MISSIONS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("missions.toml").read_text(encoding="utf-8")
)
