"""Videos are transcoded by AWS MediaConvert, from the bucket in which they lie into the same bucket.

One job makes renditions, MP4 and pictures, a small one the preview. What jobs are called stands in the reference, so
that work goes on where a process ended; a job that is asked for twice is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.drops.s3_errors import translated
from adapters.storage.media_s3 import MediaBucket
from connector.domain.renditions import OVERHEAD, SHORT, SOUND, THUMBS, Wanted, read_segments, thumb_every, wanted
from connector.domain.videos import SEGMENT, Failure, Made, Media, Rendition, Told, Unusable

LOOK = 5.0
"""Seconds between two looks at a job."""
KEY_FRAMES = 2
OVER = ("COMPLETE", "ERROR", "CANCELED")
WHERE = "video: MediaConvert"
Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Probed:
    seconds: float
    width: int
    height: int
    sound: bool


@dataclass(frozen=True, slots=True)
class MediaConvert:
    """A ``Transcoder``. ``role``: the ARN of the role by which MediaConvert reads and writes the bucket; ``queue`` "":
    the account's usual one; ``longest``: seconds of a video; ``pause`` waits for so many seconds."""

    store: MediaBucket
    role: str
    queue: str
    longest: float
    pause: Callable[[float], None]
    client: Any = None

    def make(self, media: Media, told: Told) -> Made:
        client = self.client or self.store.client("mediaconvert")
        with translated(WHERE):
            probed = self._probe(client, media)
            rungs = wanted(probed.width, probed.height)
            jobs = media.reference.split() or self._begin(client, media, probed, rungs)
            self._wait(client, jobs, told)
        return self._made(media, probed, rungs)

    def check(self) -> str:
        with translated(WHERE):
            (self.client or self.store.client("mediaconvert")).list_jobs(MaxResults=1)
        return "MediaConvert"

    def _address(self, name: str) -> str:
        return f"s3://{self.store.bucket}/{self.store.key(name)}"

    def _probe(self, client: Any, media: Media) -> Probed:
        """Raises Unusable."""
        found = client.probe(InputFiles=[{"FileUrl": self._address(media.source)}])["ProbeResults"]
        tracks = [track for one in found for track in one.get("Container", {}).get("Tracks", ())]
        pictures = [track["VideoProperties"] for track in tracks if track.get("TrackType") == "video"]
        if not pictures:
            raise Unusable(Failure.NO_VIDEO)
        seconds = float(found[0]["Container"].get("Duration", 0))
        if seconds > self.longest:
            raise Unusable(Failure.TOO_LONG)
        sound = any(track.get("TrackType") == "audio" for track in tracks)
        return Probed(seconds, int(pictures[0]["Width"]), int(pictures[0]["Height"]), sound)

    def _begin(self, client: Any, media: Media, probed: Probed, rungs: Sequence[Wanted]) -> list[str]:
        folder, source = self._address(media.folder), self._address(media.source)
        orders = {"whole": whole(source, folder, probed, rungs), "short": short(source, folder, rungs[-1])}
        return [
            client.create_job(
                Role=self.role,
                Settings=settings,
                ClientRequestToken=f"{media.media_id}-{name}",
                **({"Queue": self.queue} if self.queue else {}),
            )["Job"]["Id"]
            for name, settings in orders.items()
        ]

    def _wait(self, client: Any, jobs: Sequence[str], told: Told) -> None:
        """Until all are over. Raises Unusable where one has failed."""
        while True:
            states = [client.get_job(Id=job)["Job"] for job in jobs]
            if any(one["Status"] in OVER and one["Status"] != "COMPLETE" for one in states):
                raise Unusable(Failure.BROKEN)
            done = [100 if one["Status"] == "COMPLETE" else one.get("JobPercentComplete", 0) for one in states]
            told(min(done) / 100, " ".join(jobs))
            if all(one["Status"] == "COMPLETE" for one in states):
                return
            self.pause(LOOK)

    def _made(self, media: Media, probed: Probed, rungs: Sequence[Wanted]) -> Made:
        renditions = []
        for one in rungs:
            text = self._text(f"{media.folder}/hls/v_{one.lines}.m3u8")
            bandwidth = int(one.bits * OVERHEAD) + (SOUND if probed.sound else 0)
            renditions.append(Rendition(one.lines, one.width, bandwidth, read_segments(text, "hls/")))
        seconds = round(sum(length for _, length in renditions[0].segments), 3)
        return Made(seconds, renditions, "whole.mp4", "preview.mp4", list(self._thumbs(media)))

    def _text(self, name: str) -> str:
        size = self.store.size(name)
        if not size:
            raise Unusable(Failure.BROKEN)
        return b"".join(self.store.read(name, 0, size - 1)).decode("utf-8")

    def _thumbs(self, media: Media) -> Iterator[str]:
        for number in range(THUMBS):
            name = f"thumbs/t.{number:07}.jpg"
            if self.store.size(f"{media.folder}/{name}") is None:
                return
            yield name


def whole(source: str, folder: str, probed: Probed, rungs: Sequence[Wanted]) -> Settings:
    """The job that makes renditions, an MP4 and pictures."""
    sound = [_sound()] if probed.sound else []
    middle = next((one for one in rungs if one.bits <= 2_500_000), rungs[-1])
    hls = {
        "Destination": f"{folder}/hls/v",
        "SegmentLength": SEGMENT,
        "MinSegmentLength": 0,
        "SegmentControl": "SEGMENTED_FILES",
        "DirectoryStructure": "SINGLE_DIRECTORY",
        "ManifestDurationFormat": "FLOATING_POINT",
    }
    outputs = [
        {
            "NameModifier": f"_{one.lines}",
            "ContainerSettings": {"Container": "M3U8"},
            "VideoDescription": _pictures(one),
            "AudioDescriptions": sound,
        }
        for one in rungs
    ]
    file = {
        "ContainerSettings": {"Container": "MP4"},
        "VideoDescription": _pictures(middle),
        "AudioDescriptions": sound,
    }
    every = max(1, round(thumb_every(probed.seconds)))
    capture = {"FramerateNumerator": 1, "FramerateDenominator": every, "MaxCaptures": THUMBS, "Quality": 80}
    thumbs = {
        "ContainerSettings": {"Container": "RAW"},
        "VideoDescription": {
            "Width": 320,
            "CodecSettings": {"Codec": "FRAME_CAPTURE", "FrameCaptureSettings": capture},
        },
    }
    return {
        "Inputs": [_input(source, sound=bool(sound))],
        "OutputGroups": [
            {"OutputGroupSettings": {"Type": "HLS_GROUP_SETTINGS", "HlsGroupSettings": hls}, "Outputs": outputs},
            _files(f"{folder}/whole", file),
            _files(f"{folder}/thumbs/t", thumbs),
        ],
    }


def short(source: str, folder: str, rung: Wanted) -> Settings:
    """The job that makes the preview."""
    clip = {"StartTimecode": "00:00:00:00", "EndTimecode": f"00:00:{SHORT:02.0f}:00"}
    file = {"ContainerSettings": {"Container": "MP4"}, "VideoDescription": _pictures(rung)}
    return {
        "Inputs": [{**_input(source, sound=False), "InputClippings": [clip]}],
        "OutputGroups": [_files(f"{folder}/preview", file)],
    }


def _input(source: str, *, sound: bool) -> Settings:
    selected: Mapping[str, Any] = {"AudioSelectors": {"Audio": {"DefaultSelection": "DEFAULT"}}} if sound else {}
    return {"FileInput": source, "TimecodeSource": "ZEROBASED", "VideoSelector": {"Rotate": "AUTO"}, **selected}


def _files(destination: str, output: Settings) -> Settings:
    told = {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {"Destination": destination}}
    return {"OutputGroupSettings": told, "Outputs": [output]}


def _pictures(rung: Wanted) -> Settings:
    coded = {
        "RateControlMode": "QVBR",
        "MaxBitrate": rung.bits,
        "GopSize": KEY_FRAMES,
        "GopSizeUnits": "SECONDS",
        "SceneChangeDetect": "DISABLED",
    }
    return {"Width": rung.width, "Height": rung.lines, "CodecSettings": {"Codec": "H_264", "H264Settings": coded}}


def _sound() -> Settings:
    coded = {"Bitrate": SOUND, "CodingMode": "CODING_MODE_2_0", "SampleRate": 48000}
    return {"AudioSourceName": "Audio", "CodecSettings": {"Codec": "AAC", "AacSettings": coded}}
