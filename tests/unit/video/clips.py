"""Small videos, made by ffmpeg itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe


def ffmpeg(*options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *options],
        capture_output=True,
        check=False,
    )


def clip(path: Path, seconds: float = 2, size: str = "160x120", *, sound: bool = True) -> Path:
    """A test picture, with a tone."""
    picture = ["-f", "lavfi", "-i", f"testsrc=size={size}:rate=5:duration={seconds}"]
    tone = ["-f", "lavfi", "-i", f"sine=duration={seconds}", "-c:a", "aac"] if sound else []
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    done = ffmpeg(*picture, *tone, *coded, str(path))
    assert done.returncode == 0, done.stderr
    return path
