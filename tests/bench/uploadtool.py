"""Moodle's own tool for uploading people, as an administrator would run it."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import time
from pathlib import Path

TOOL = "admin/tool/uploaduser/cli/uploaduser.php"
WEB_USERS = ("www-data", "apache", "nginx", "http")


class UploadFailed(Exception):
    """The tool could not be run, or did not make everybody."""


def find(moodle_dir: Path) -> Path:
    """The tool within a Moodle's code: 5.1 has it below ``public``."""
    for folder in (moodle_dir, moodle_dir / "public"):
        if (folder / TOOL).is_file():
            return folder / TOOL
    raise UploadFailed(f"{moodle_dir}: there is no {TOOL}; name the folder with Moodle's code.")


def upload(tool: Path, file: Path, people: int, php: str) -> float:
    """Run it on a CSV file and give its seconds. Raises UploadFailed where it did not make ``people`` new accounts.

    ``uutype=0`` adds new people only. ``uupasswordnew=1`` makes a password where one is needed, which is nowhere: the
    people sign in elsewhere (oauth2), as those of the connector do.
    """
    seconds, said = _run(tool, file, php, "--uutype=0", "--uupasswordnew=1")
    created = re.search(r"Users created: (\d+)", said)
    if not created or int(created[1]) != people:
        raise UploadFailed(f"Moodle's upload tool did not create {people} people without errors. It said:\n{said}")
    return seconds


def compare(tool: Path, file: Path, php: str) -> float:
    """Run it on people who are all there as the file says, and give its seconds. Raises UploadFailed.

    ``uutype=2`` adds new people and updates the others, ``uuupdatetype=1`` with what the file says.
    """
    seconds, said = _run(tool, file, php, "--uutype=2", "--uuupdatetype=1")
    if not all(re.search(rf"Users {done}: 0\b", said) for done in ("created", "updated")):
        raise UploadFailed(f"Moodle's upload tool made or changed people who were as the file says. It said:\n{said}")
    return seconds


def skip(tool: Path, file: Path, people: int, php: str) -> float:
    """As ``compare``, but ``uutype=0`` looks only whether they are there, and compares nothing."""
    seconds, said = _run(tool, file, php, "--uutype=0", "--uupasswordnew=1")
    if not re.search(rf"Users skipped: {people}\b", said):
        raise UploadFailed(f"Moodle's upload tool did not skip {people} people. It said:\n{said}")
    return seconds


def _run(tool: Path, file: Path, php: str, *options: str) -> tuple[float, str]:
    """Seconds, and the end of what it said."""
    command = [*_as_web_user(), php, str(tool), f"--file={file}", *options]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tool.parent)
    seconds = time.perf_counter() - began
    said = f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}".strip()
    if done.returncode or not re.search(r"Errors: 0\b", done.stdout):
        raise UploadFailed(f"Moodle's upload tool met errors. It said:\n{said}")
    return seconds, said


def _as_web_user() -> list[str]:
    """Root runs it as the web server's user, so that the caches that it writes stay readable for the server."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next((user for user in WEB_USERS if user in known), None)
    return ["runuser", "-u", user, "--"] if os.geteuid() == 0 and user else []
