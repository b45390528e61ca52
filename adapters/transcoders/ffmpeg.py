"""Videos are transcoded by ffmpeg on this computer.

What people upload is not trusted: ffmpeg is told which container to read, may open no other file and no address, has
no shell, no input and no environment, yields to everything else, and is ended after a time.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Timer

from connector.domain.errors import SettingsError, Unavailable
from connector.domain.renditions import (
    HEAD,
    OVERHEAD,
    SHORT,
    SOUND,
    THUMBS,
    Wanted,
    container,
    meant,
    read_segments,
    thumb_every,
    wanted,
)
from connector.domain.videos import SEGMENT, Failure, Made, Media, MediaStore, Rendition, Told, Unusable

SHORT_PATIENCE = 60.0
PATIENCE, PATIENCE_EACH = 600.0, 30.0
"""Seconds that any work may take, and for each second of video."""
PIXELS = 8192 * 4320
"""Of a picture, at most."""
NICE = 10
KEY_FRAMES = 2
"""Seconds between two, so that one can jump; a segment begins with one."""
WHOLE, PREVIEW = "video.mp4", "preview.mp4"
MIDDLE = 720
"""Lines of the MP4, which goes through most lines."""
ENCODING = 0.95
"""The share of the work that encoding is."""
_SQUARE = ("-f", "lavfi", "-i", "color=size=16x16:duration=0.2:rate=5")
_SILENCE = ("-f", "lavfi", "-t", "0.2", "-i", "anullsrc")
_TRIAL = (*_SILENCE, *_SQUARE, "-c:v", "libx264", "-c:a", "aac", "-f", "null", "-")
"""What ``check`` encodes; nothing is kept."""
_OPENED = re.compile(rb"^Input #0", re.MULTILINE)
_DURATION = re.compile(rb"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_STREAM = re.compile(rb"^  Stream #0:\d+.*?: Video: (?!.*attached pic).*?[ ,](\d{2,5})x(\d{2,5})[ ,\[]", re.MULTILINE)
_POINTS = re.compile(rb"SAR (\d+):(\d+)")
"""How wide a point is by how high; what the container says stands behind what the pictures say, and counts."""
_TURNED = re.compile(rb"rotation of -?(?:90|270)(?:\.\d+)? degrees")
_SOUND = re.compile(rb"^  Stream #0:\d+.*?: Audio: ", re.MULTILINE)
_AT = re.compile(rb"^out_time_us=(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Looked:
    """What ffmpeg tells of a file. ``seconds`` 0: it does not say."""

    seconds: float
    width: int
    height: int
    sound: bool


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """A ``Transcoder``. ``program``: None for that of the extra ``video``; ``longest``: seconds of a video."""

    store: MediaStore
    longest: float
    program: Path | None = None

    def make(self, media: Media, told: Told) -> Made:
        told(0.0, "")
        with self.store.local(media.source) as source, TemporaryDirectory(prefix="moodle-connector-") as folder:
            read = self._reading(source)
            work = Path(folder)
            with _foreseen():
                looked = self._look(read)
                rungs = wanted(looked.width, looked.height)
                self._encode(read, work, looked, rungs, lambda share: told(ENCODING * share, ""))
                made = self._derive(work, [_rendition(work, one, looked.sound) for one in rungs])
            for path in sorted(one for one in work.rglob("*") if one.suffix in (".ts", ".mp4", ".jpg")):
                self.store.take(f"{media.folder}/{path.relative_to(work).as_posix()}", path)
            told(1.0, "")
            return made

    def check(self) -> str:
        code, _ = self._run(_TRIAL, Path("/"), SHORT_PATIENCE)
        if code:
            raise SettingsError("video.ffmpeg: this ffmpeg makes no H.264 and AAC. Install the extra video instead.")
        return "ffmpeg"

    def _reading(self, source: Path) -> list[str]:
        """Options by which a file that somebody uploaded is read. Raises Unusable."""
        with source.open("rb") as file:
            kind = container(file.read(HEAD))
        if kind is None:
            raise Unusable(Failure.NO_VIDEO)
        return ["-protocol_whitelist", "file", "-max_pixels", str(PIXELS), "-f", kind, "-i", str(source.resolve())]

    def _look(self, read: Sequence[str]) -> Looked:
        """Raises Unusable. ffmpeg itself tells what a file is where it is given nothing to do, and nothing of one that
        cannot be opened, such as half an MP4, whose index stands at its end."""
        _, said = self._run(["-hide_banner", *read], Path("/"), SHORT_PATIENCE)
        size, duration = _STREAM.search(said), _DURATION.search(said)
        if size is None:
            raise Unusable(Failure.NO_VIDEO if _OPENED.search(said) else Failure.BROKEN)
        seconds = 0.0
        if duration is not None:
            hours, minutes, rest = duration.groups()
            seconds = int(hours) * 3600 + int(minutes) * 60 + float(rest)
        if seconds > self.longest:
            raise Unusable(Failure.TOO_LONG)
        width, height = int(size[1]), int(size[2])
        line = said[size.start() : said.find(b"\n", size.end())]
        shown = width
        for wide, high in _POINTS.findall(line)[-1:]:  # points of camcorders are no squares
            shown = meant(width, int(wide), int(high))
        if max(width, shown) * height > PIXELS:
            raise Unusable(Failure.TOO_WIDE)
        width = shown
        if _TURNED.search(said):
            width, height = height, width
        return Looked(seconds, width, height, bool(_SOUND.search(said)))

    def _encode(
        self, read: Sequence[str], work: Path, looked: Looked, rungs: Sequence[Wanted], told: Callable[[float], None]
    ) -> None:
        """All renditions at once, as HLS."""
        seconds = looked.seconds or self.longest
        self._do(
            [*read, *_renditions(rungs, looked.sound), "-t", f"{self.longest:.0f}", *_hls(rungs, looked.sound)],
            work,
            PATIENCE + PATIENCE_EACH * seconds,
            lambda at: told(min(1.0, at / seconds)),
        )

    def _derive(self, work: Path, renditions: Sequence[Rendition]) -> Made:
        """Of one of the renditions an MP4, and of that preview and pictures."""
        seconds = round(sum(length for _, length in renditions[0].segments), 3)
        middle = next((one for one in renditions if one.lines <= MIDDLE), renditions[-1])
        ours = ["-protocol_whitelist", "file", "-f", "hls", "-i", f"{middle.lines}/index.m3u8"]
        self._do([*ours, "-c", "copy", "-movflags", "+faststart", "-f", "mp4", WHOLE], work)
        rate = f"fps=1/{thumb_every(seconds):.3f}:round=up,scale=320:-2"
        pictures = ["-map", "0:v", "-vf", rate, "-frames:v", str(THUMBS), "-q:v", "4", "-f", "image2"]
        short = ["-map", "0:v", "-t", f"{SHORT:.0f}", "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "26"]
        whole = ["-protocol_whitelist", "file", "-f", "mov", "-i", WHOLE]
        self._do([*whole, *pictures, "thumb-%03d.jpg", *short, "-movflags", "+faststart", "-f", "mp4", PREVIEW], work)
        return Made(seconds, renditions, WHOLE, PREVIEW, sorted(path.name for path in work.glob("thumb-*.jpg")))

    def _do(
        self,
        options: Sequence[str],
        work: Path,
        patience: float = PATIENCE,
        told: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Raises Unusable where ffmpeg fails, and Unavailable where the disk is full."""
        code, said = self._run(["-hide_banner", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "1",
                                *options], work, patience, told)  # fmt: skip
        if code == 0:
            return
        if b"No space left" in said:
            raise Unavailable("video: the disk for work under way is full; tried again later.")
        raise Unusable(Failure.BROKEN)

    def _run(
        self,
        options: Sequence[str],
        work: Path,
        patience: float,
        told: Callable[[float], None] = lambda _: None,
    ) -> tuple[int, bytes]:
        """The exit status, and what was said; ``told`` hears how many seconds of video are done, and may raise."""
        with TemporaryFile() as said:
            try:
                process = subprocess.Popen(  # noqa: S603 - a list of words, none of which is a name that somebody gave
                    [self._program(), "-nostdin", "-y", *options],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    cwd=work,
                    env={},
                )
            except OSError as error:
                raise SettingsError(f"video.ffmpeg: it cannot be started ({error.strerror}).") from error
            timer = Timer(patience, process.kill)
            timer.start()
            try:
                os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
                for line in process.stdout or ():
                    if at := _AT.match(line):
                        told(int(at[1]) / 1_000_000)
                code = process.wait()
            finally:
                timer.cancel()
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()
            said.seek(0)
            return code, said.read(200_000)

    def _program(self) -> str:
        if self.program is not None:
            return str(self.program)
        try:
            from imageio_ffmpeg import get_ffmpeg_exe
        except ImportError:
            raise SettingsError(
                "video.ffmpeg: there is no ffmpeg. Install the extra video, or set where it is."
            ) from None
        found: str = get_ffmpeg_exe()
        return found


@contextmanager
def _foreseen() -> Iterator[None]:
    """What ffmpeg says or writes of a file, and nobody foresaw, concerns that file alone."""
    try:
        yield
    except (ArithmeticError, LookupError, ValueError, FileNotFoundError) as error:
        raise Unusable(Failure.BROKEN) from error


def _rendition(work: Path, rung: Wanted, sound: bool) -> Rendition:
    """What was made, by the playlist that was written with it."""
    text = (work / str(rung.lines) / "index.m3u8").read_text("utf-8")
    bandwidth = int(rung.bits * OVERHEAD) + (SOUND if sound else 0)
    return Rendition(rung.lines, rung.width, bandwidth, read_segments(text, f"{rung.lines}/"))


def _renditions(rungs: Sequence[Wanted], sound: bool) -> list[str]:
    """Every picture is read once, and scaled to each size."""
    names = [f"[in{number}]" for number in range(len(rungs))]
    scaled = [
        f"{name}scale={one.width}:{one.lines},setsar=1,format=yuv420p[out{number}]"
        for number, (name, one) in enumerate(zip(names, rungs, strict=True))
    ]
    filters = ";".join([f"[0:V:0]split={len(rungs)}{''.join(names)}", *scaled])
    options = ["-filter_complex", filters]
    for number, one in enumerate(rungs):
        options += ["-map", f"[out{number}]", f"-b:v:{number}", str(one.bits), f"-maxrate:v:{number}", str(one.bits)]
        options += [f"-bufsize:v:{number}", str(2 * one.bits), *(["-map", "0:a:0"] if sound else [])]
    return options


def _hls(rungs: Sequence[Wanted], sound: bool) -> list[str]:
    streams = " ".join(
        f"v:{number}{f',a:{number}' if sound else ''},name:{one.lines}" for number, one in enumerate(rungs)
    )
    return [
        "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high",
        "-force_key_frames", f"expr:gte(t,n_forced*{KEY_FRAMES})", "-sc_threshold", "0",
        *(["-c:a", "aac", "-b:a", str(SOUND), "-ac", "2", "-ar", "48000"] if sound else []),
        "-map_metadata", "-1", "-sn", "-dn",
        "-f", "hls", "-hls_time", str(SEGMENT), "-hls_playlist_type", "vod", "-hls_segment_type", "mpegts",
        "-hls_segment_filename", "%v/%05d.ts", "-var_stream_map", streams, "%v/index.m3u8",
    ]  # fmt: skip
