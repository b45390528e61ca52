"""The error tree: the type of an error says what to do next.

    ConnectorError
    ├── Stop                   end this run; a person must act
    │   ├── SettingsError          settings or an option are wrong         exit status 2
    │   ├── MappingError           a mapping file is wrong                 exit status 2
    │   ├── FeedRefused            the feed is not to be trusted           exit status 1
    │   ├── AccessRefused          Moodle refuses the token or a function  exit status 1
    │   ├── CircuitOpen            Moodle refuses too many changes         exit status 1
    │   ├── StorageError           the database cannot be used             exit status 1
    │   │   └── CannotKeep             it is well, but cannot keep a value     exit status 1
    │   └── ProtocolError          an answer nobody foresaw                exit status 1
    ├── TryAgain               the same call may succeed later
    │   ├── Unavailable            it surely did not happen
    │   ├── Busy                   another process is at it: not done      exit status 3
    │   ├── AnswerLost             it may have happened: look it up before sending it again
    │   └── Stopped                this process was told to end: the next run goes on from there
    ├── SetAside               this record or batch alone is wrong; go on with the others
    │   ├── BatchRefused           something in the batch is wrong, Moodle does not say what: split it
    │   ├── AlreadyThere           something like it exists: look it up before splitting
    │   ├── Missing                what it refers to does not exist in Moodle
    │   ├── LaunchRefused          a launch by LTI is not to be trusted, or not allowed
    │   └── Unreadable             a value that is kept is not as this version writes it
    └── HoldClass              a class of changes waits for a person        exit status 3

Messages say what, where and what to do about it, and carry no secrets.
Foreign errors are translated once, at the edge (for Moodle: ``adapters.moodle.errors``).
"""

from __future__ import annotations

import traceback
from pathlib import Path


class ConnectorError(Exception):
    """Base of all errors this product raises on purpose; ``exit_status`` is what a command ends with."""

    exit_status = 1


class Stop(ConnectorError):
    """End this run; a person must act."""


class SettingsError(Stop):
    """Settings or an option are wrong."""

    exit_status = 2


class MappingError(Stop):
    """A mapping file is wrong; the message starts with ``file:line: field:``."""

    exit_status = 2


class FeedRefused(Stop):
    """A feed is not to be trusted as a whole; nothing was changed."""


class AccessRefused(Stop):
    """Moodle refuses the token, a function or a capability."""


class CircuitOpen(Stop):
    """So many changes were refused that applying was stopped before doing more."""


class StorageError(Stop):
    """The database cannot be reached or used."""


class CannotKeep(StorageError):
    """A value is such that the database cannot keep it: nothing was written, and trying again would not help."""


class ProtocolError(Stop):
    """Moodle answered something that no known Moodle answers."""


class TryAgain(ConnectorError):
    """The same call may succeed later."""


class Unavailable(TryAgain):
    """Moodle could not be reached or refused to work: the call surely did not happen."""


class Busy(TryAgain):
    """Another process is at work where only one can be: nothing was done. A person tries again, a job steps aside."""

    exit_status = 3


class AnswerLost(TryAgain):
    """The answer did not arrive: the call may have happened, now or in a moment."""


class Stopped(TryAgain):
    """This process was told to end: what is left is done by the next run."""


class SetAside(ConnectorError):
    """This record or batch alone is wrong. ``code`` is Moodle's own errorcode, ``field`` what is wrong, if known."""

    def __init__(self, message: str, code: str = "", field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class BatchRefused(SetAside):
    """Something in the batch is wrong and Moodle does not say what."""


class AlreadyThere(SetAside):
    """Something with the same unique value exists; it may be our own lost write."""


class Missing(SetAside):
    """What the call refers to does not exist in Moodle."""


class LaunchRefused(SetAside):
    """A launch by LTI is not to be trusted, or not allowed; ``code`` is a Trouble of ``connector.domain.lti``.

    ``way_on`` is an address of the platform at which it can go on, "" where there is none.
    """

    def __init__(self, message: str, code: str, way_on: str = "") -> None:
        super().__init__(message, code)
        self.way_on = way_on


class Unreadable(SetAside):
    """A value that is kept is not as this version writes it: what rests on it stands, and shows nothing more."""


class HoldClass(ConnectorError):
    """A class of changes waits for a person's approval."""

    exit_status = 3


def raised_at(error: BaseException) -> str:
    """In which file and line, for logs: the text of an error may hold personal data. "" where it was not raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
