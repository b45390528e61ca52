"""A server of Redis on loopback. Where there is none, tests that need it are left out and named."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

HOW = "apt-get install --no-install-recommends redis-server"


@contextmanager
def redis_server() -> Iterator[str]:
    """Its address. It keeps nothing."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        if os.environ.get("CONNECTOR_TEST_REDIS") == "required":
            pytest.fail(f"CONNECTOR_TEST_REDIS=required, and there is no Redis: {HOW}", pytrace=False)
        pytest.skip(f"needs Redis' server: {HOW}")
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"]  # noqa: S108
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            pytest.fail("Redis ended at once")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("Redis does not answer")
