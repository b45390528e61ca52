"""On what the bench was run: figures mean nothing without it."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).parents[2]


def described() -> dict[str, object]:
    """Cores, memory, system, Python, the commit (``+`` where files differ from it) and the time."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain", "-uno") else ""),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }


def sentence(machine: dict[str, object]) -> str:
    """The same, to be read above the table."""
    moodle = f", Moodle {machine['moodle']}" if "moodle" in machine else ""
    return (
        f"{machine['date']}, commit {machine['commit'] or 'unknown'}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}, "
        f"PostgreSQL {machine.get('postgresql', 'unknown')}{moodle}"
    )


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
