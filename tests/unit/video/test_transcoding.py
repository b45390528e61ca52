"""Videos are transcoded, here by ffmpeg and in the cloud by MediaConvert; what people upload is not trusted."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from adapters.storage.media_folder import MediaFolder
from adapters.storage.media_s3 import MediaBucket
from adapters.transcoders.ffmpeg import Ffmpeg
from adapters.transcoders.mediaconvert import MediaConvert
from connector.domain.errors import SettingsError, Stopped
from connector.domain.renditions import meant, wanted
from connector.domain.videos import PART, Failure, Media, MediaState, MediaStore, Unusable
from tests.drops import ACCESS
from tests.unit.video.clips import clip, ffmpeg


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket(url: str) -> MediaBucket:
    name = f"videos-{uuid.uuid4()}"
    made = MediaBucket(bucket=name, prefix="v", region="us-east-1", endpoint_url=url, timeout=5, **ACCESS)
    made.client().create_bucket(Bucket=name)
    return made


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    return MediaFolder(tmp_path / "videos") if request.param == "folder" else bucket(request.getfixturevalue("url"))


def media(size: int = 1, **more: Any) -> Media:
    return Media(uuid.uuid4(), 1, "2", "clip.mp4", size, MediaState.WORKING, **more)


def quiet(_progress: float, _reference: str) -> None: ...


# ---------------------------------------------------------------- where they lie
def test_an_upload_comes_in_parts_in_any_order(store: MediaStore, tmp_path: Path) -> None:
    """A part may come twice; nothing is there before it is complete, and any bytes of it can be read."""
    one = media(PART + 3)
    upload = store.begin(one.source)
    tags = {2: store.add(one.source, upload, 2, b"xyz"), 1: store.add(one.source, upload, 1, b"?" * PART)}
    tags[1] = store.add(one.source, upload, 1, b"a" * PART)
    assert store.size(one.source) is None
    store.complete(one.source, upload, tags)
    assert store.size(one.source) == PART + 3
    assert b"".join(store.read(one.source, PART - 1, PART + 1)) == b"axy"
    with store.local(one.source) as path:
        assert path.stat().st_size == PART + 3
    small = tmp_path / "small"
    small.write_bytes(b"small")
    store.take(f"{one.folder}/a/small.ts", small)
    assert b"".join(store.read(f"{one.folder}/a/small.ts", 0, 4)) == b"small"
    store.delete(one.source)
    assert store.size(one.source) is None
    store.take(f"{one.folder}0/small.ts", small)
    for _ in range(2):
        store.delete_folder(one.folder)
    assert (store.size(f"{one.folder}/a/small.ts"), store.size(f"{one.folder}0/small.ts")) == (None, 5)


def test_an_upload_can_be_given_up(store: MediaStore) -> None:
    one = media()
    upload = store.begin(one.source)
    for _ in range(2):
        store.abandon(one.source, upload)
    assert store.size(one.source) is None
    assert store.check().split()[0] in ("folder", "bucket")


def test_nothing_lies_outside_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        MediaFolder(tmp_path / "videos").take("../x", clip(tmp_path / "x.mp4", 0.4))


# ---------------------------------------------------------------- by ffmpeg
def made_of(tmp_path: Path, file: Path, longest: float = 60) -> tuple[MediaFolder, Media, Ffmpeg]:
    store, one = MediaFolder(tmp_path / "videos"), media(file.stat().st_size)
    store.take(one.source, file)
    return store, one, Ffmpeg(store, longest)


def test_ffmpeg_makes_what_players_need(tmp_path: Path) -> None:
    """Segments begin with a key frame and can be decoded; an MP4, a preview and pictures; progress goes to 1."""
    _, one, transcoder = made_of(tmp_path, clip(tmp_path / "clip.mp4", 11, "320x640"))
    progress: list[float] = []
    made = transcoder.make(one, lambda share, _: progress.append(share))
    assert [(rendition.width, rendition.lines) for rendition in made.renditions] == [(320, 640)]
    assert [round(seconds) for _, seconds in made.renditions[0].segments] == [10, 1]
    assert made.seconds == pytest.approx(11, abs=0.3)
    assert progress[-1] == 1.0
    assert progress == sorted(progress)
    folder = tmp_path / "videos" / one.folder
    for name in (made.renditions[0].segments[1][0], made.whole, made.preview, made.thumbs[0]):
        assert ffmpeg("-xerror", "-i", str(folder / name), "-f", "null", "-").returncode == 0, name
    assert len(made.thumbs) == 12
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["640", "source", made.whole, made.preview, *made.thumbs]
    )


def test_several_renditions_of_a_silent_video(tmp_path: Path) -> None:
    """Each is cut at the same places, so that players can change between them; there need be no sound. What has
    points that are no squares, as camcorders make them, is as wide as it was meant."""
    plain, wide = clip(tmp_path / "clip.mp4", 1, "640x480", sound=False), tmp_path / "clip.webm.mkv"
    assert ffmpeg("-i", str(plain), "-c", "copy", "-aspect", "16:9", str(wide)).returncode == 0
    _, one, transcoder = made_of(tmp_path, wide)
    made = transcoder.make(one, quiet)
    assert [(rendition.width, rendition.lines) for rendition in made.renditions] == [(852, 480), (640, 360)]
    assert len({tuple(seconds for _, seconds in rendition.segments) for rendition in made.renditions}) == 1


@pytest.mark.parametrize(("points", "size"), [((1, 2000), (64, 48)), ((4, 1), (256, 48))])
def test_points_that_no_camera_makes_are_squares(
    tmp_path: Path, points: tuple[int, int], size: tuple[int, int]
) -> None:
    """Whatever a file says of its points: its renditions have a size that can be made."""
    plain, wide = clip(tmp_path / "clip.mp4", 0.4, "64x48", sound=False), tmp_path / "wide.mp4"
    assert ffmpeg("-i", str(plain), "-c", "copy", "-aspect", "16:9", str(wide)).returncode == 0
    before, _, after = wide.read_bytes().partition(b"pasp")
    wide.write_bytes(before + b"pasp" + struct.pack(">II", *points) + after[8:])
    _, one, transcoder = made_of(tmp_path, wide)
    made = transcoder.make(one, quiet)
    assert [(rendition.width, rendition.lines) for rendition in made.renditions] == [size]


@pytest.mark.parametrize("points", [(1, 5), (5, 1), (100, 1), (0, 1), (1, 0), (0, 0)])
def test_only_points_of_cameras_count(points: tuple[int, int]) -> None:
    """From a quarter as wide as high to four times; a picture of no size has renditions, too."""
    assert meant(100, *points) == 100
    assert [meant(100, 1, 4), meant(100, 4, 1)] == [25, 400]
    assert [(one.width, one.lines) for one in wanted(0, 0)] == [(2, 2)]


def test_wide_points_make_no_picture_too_wide(tmp_path: Path) -> None:
    """As wide as it is meant it has to be within what is allowed."""
    _, one, transcoder = made_of(tmp_path, saying(tmp_path, "8000x4000 [SAR 4:1 DAR 8:1], 5 fps"))
    with pytest.raises(Unusable, match="too_wide"):
        Ffmpeg(transcoder.store, 60, tmp_path / "ffmpeg").make(one, quiet)


@pytest.mark.parametrize("said", ["64x48, 5 fps", "00x00, 5 fps"])
def test_what_nobody_foresaw_concerns_one_file(tmp_path: Path, said: str) -> None:
    """An ffmpeg that says it is done and has written nothing makes this video unusable, and ends no run."""
    _, one, transcoder = made_of(tmp_path, saying(tmp_path, said))
    with pytest.raises(Unusable, match="broken"):
        Ffmpeg(transcoder.store, 60, tmp_path / "ffmpeg").make(one, quiet)


def saying(tmp_path: Path, size: str) -> Path:
    """A video, and beside it a program that says of any that it has this size, and does nothing."""
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho '  Stream #0:0: Video: h264, yuv420p, {size}' >&2\n")
    program.chmod(0o755)
    return clip(tmp_path / "clip.mp4", 0.4)


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{other}\n#EXT-X-ENDLIST\n", Failure.NO_VIDEO),
        (b"ffconcat version 1.0\nfile '{other}'\n", Failure.NO_VIDEO),
        (b"\x00\x00\x00\x18ftypisom#EXTM3U\nfile://{other}\n", Failure.BROKEN),
        (b"GG" * 400, Failure.BROKEN),
        (b"", Failure.NO_VIDEO),
    ],
)
def test_a_list_of_other_files_is_no_video(tmp_path: Path, content: bytes, failure: Failure) -> None:
    """Nothing of this computer comes into a video by what somebody has uploaded."""
    other = clip(tmp_path / "other.mp4", 1)
    file = tmp_path / "clip.mp4"
    file.write_bytes(content.replace(b"{other}", str(other).encode()))
    _, one, transcoder = made_of(tmp_path, file)
    with pytest.raises(Unusable) as raised:
        transcoder.make(one, quiet)
    assert raised.value.failure is failure


def test_what_is_too_long_or_cut_off_is_told(tmp_path: Path) -> None:
    whole = clip(tmp_path / "clip.mkv", 2)
    _, one, transcoder = made_of(tmp_path, whole, longest=1)
    with pytest.raises(Unusable, match="too_long"):
        transcoder.make(one, quiet)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip(tmp_path / "clip.mp4", 2).read_bytes()[:3000])
    _, one, transcoder = made_of(tmp_path, cut)
    with pytest.raises(Unusable, match="broken"):
        transcoder.make(one, quiet)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    sound = tmp_path / "sound.mp4"
    assert ffmpeg("-i", str(clip(tmp_path / "clip.mp4", 1)), "-vn", "-c", "copy", str(sound)).returncode == 0
    _, one, transcoder = made_of(tmp_path, sound)
    with pytest.raises(Unusable, match="no_video"):
        transcoder.make(one, quiet)


def test_ffmpeg_ends_with_the_process(tmp_path: Path) -> None:
    """Told to stop, nothing is left running, and nothing is kept of what was begun."""
    _, one, transcoder = made_of(tmp_path, clip(tmp_path / "clip.mp4", 2))

    def stop(progress: float, _reference: str) -> None:
        if progress > 0:
            raise Stopped("told to")

    with pytest.raises(Stopped):
        transcoder.make(one, stop)
    assert [path.name for path in (tmp_path / "videos" / one.folder).iterdir()] == ["source"]


def test_a_missing_ffmpeg_is_a_setting(tmp_path: Path) -> None:
    store, one, _ = made_of(tmp_path, clip(tmp_path / "clip.mp4", 0.4))
    assert Ffmpeg(store, 60).check() == "ffmpeg"
    for missing in (Ffmpeg(store, 60, tmp_path / "none"), Ffmpeg(store, 60, Path("/bin/false"))):
        with pytest.raises(SettingsError, match=r"video\.ffmpeg"):
            missing.check()
    with pytest.raises(SettingsError, match=r"video\.ffmpeg"):
        Ffmpeg(store, 60, tmp_path / "none").make(one, quiet)


# ---------------------------------------------------------------- by MediaConvert
PROBED = {
    "ProbeResults": [
        {
            "Container": {
                "Duration": 12.0,
                "Tracks": [
                    {"TrackType": "video", "VideoProperties": {"Width": 1280, "Height": 720}},
                    {"TrackType": "audio"},
                ],
            }
        }
    ]
}


class Cloud:
    """MediaConvert as its own model describes it: what is asked is checked by that, what is answered is told here."""

    def __init__(self, url: str) -> None:
        self.store = bucket(url)
        self.client = boto3.client("mediaconvert", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        self.stub = Stubber(self.client)
        self.orders: list[dict[str, Any]] = []
        self.client.meta.events.register(
            "provide-client-params.mediaconvert.CreateJob", lambda params, **_: self.orders.append(params)
        )
        self.paused: list[float] = []

    def transcoder(self) -> MediaConvert:
        self.stub.activate()
        return MediaConvert(self.store, "arn:aws:iam::1:role/r", "", 60, self.paused.append, self.client)

    def jobs(self, *states: dict[str, Any]) -> None:
        for one in states:
            self.stub.add_response("get_job", {"Job": {"Role": "r", "Settings": {}, **one}})

    def writes(self, one: Media, put: Callable[[str, bytes], None]) -> None:
        """What MediaConvert would have written."""
        for lines in (720, 480, 360):
            text = f"#EXTM3U\n#EXTINF:10.0,\nv_{lines}_00001.ts\n#EXTINF:2.0,\nv_{lines}_00002.ts\n"
            put(f"{one.folder}/hls/v_{lines}.m3u8", text.encode())
        put(f"{one.folder}/thumbs/t.0000000.jpg", b"jpg")


def test_mediaconvert_is_asked_once_and_looked_at_until_it_is_done(url: str, tmp_path: Path) -> None:
    """Renditions for the source and no larger ones, into the bucket; who asks again is given the same job."""
    cloud, one = Cloud(url), media()

    def put(name: str, content: bytes) -> None:
        (tmp_path / "x").write_bytes(content)
        cloud.store.take(name, tmp_path / "x")

    cloud.writes(one, put)
    cloud.stub.add_response("probe", PROBED)
    for name in ("j1", "j2"):
        cloud.stub.add_response("create_job", {"Job": {"Id": name, "Role": "r", "Settings": {}}})
    cloud.jobs(
        {"Status": "PROGRESSING", "JobPercentComplete": 40}, {"Status": "COMPLETE"},
        {"Status": "COMPLETE"}, {"Status": "COMPLETE"},
    )  # fmt: skip
    told: list[tuple[float, str]] = []
    made = cloud.transcoder().make(one, lambda share, reference: told.append((share, reference)))
    cloud.stub.assert_no_pending_responses()
    assert told == [(0.4, "j1 j2"), (1.0, "j1 j2")]
    assert len(cloud.paused) == 1
    assert [rendition.lines for rendition in made.renditions] == [720, 480, 360]
    assert made.renditions[0].segments[0] == ("hls/v_720_00001.ts", 10.0)
    assert (made.seconds, list(made.thumbs)) == (12, ["thumbs/t.0000000.jpg"])
    whole, short = (one["Settings"] for one in cloud.orders)
    assert whole["Inputs"][0]["FileInput"] == f"s3://{cloud.store.bucket}/v/{one.source}"
    pictures = [output["VideoDescription"] for output in whole["OutputGroups"][0]["Outputs"]]
    assert [(one["Height"], one["CodecSettings"]["H264Settings"]["MaxBitrate"]) for one in pictures] == [
        (720, 2_500_000), (480, 1_200_000), (360, 800_000)
    ]  # fmt: skip
    assert short["Inputs"][0]["InputClippings"]
    assert {one["ClientRequestToken"] for one in cloud.orders} == {f"{one.media_id}-whole", f"{one.media_id}-short"}


def test_mediaconvert_goes_on_after_a_crash_and_tells_failures(url: str) -> None:
    """By the reference that was kept, without asking for another job."""
    cloud = Cloud(url)
    cloud.stub.add_response("probe", PROBED)
    cloud.jobs({"Status": "COMPLETE"}, {"Status": "ERROR", "ErrorCode": 1040})
    with pytest.raises(Unusable, match="broken"):
        cloud.transcoder().make(media(reference="j1 j2"), quiet)
    cloud.stub.assert_no_pending_responses()
    assert cloud.orders == []
