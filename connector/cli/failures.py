"""How a command fails: one clear sentence and an exit status, whatever was raised, and never a traceback unasked."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from typer.exceptions import TyperException

from connector.cli.output import as_json, err
from connector.domain.errors import ConnectorError, Stop, TryAgain

USAGE = 2
INTERRUPTED = 130
DEBUG = "CONNECTOR_DEBUG"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a script or a person is told."""

    type: str
    message: str
    exit_status: int


def tell(failure: Failure, *, json: bool) -> int:
    """Say it on standard error and, for scripts, as a JSON document on standard output. Gives the exit status."""
    if failure.message:
        err.print(failure.message, style="red", markup=False)
    if json:
        named = {"type": failure.type, "message": failure.message, "exit_status": failure.exit_status}
        as_json({"error": named})
    return failure.exit_status


def failure_of(error: Exception) -> Failure:
    """The sentence for an error. Texts of foreign errors are left out: they can hold names, addresses and secrets."""
    if isinstance(error, TyperException):
        return Failure("UsageError", _usage(error), USAGE)
    told = next(_ours(error), None)
    if told is not None:
        return Failure(type(told).__name__, str(told), told.exit_status)
    if os.environ.get(DEBUG):
        err.print("".join(traceback.format_exception(error)), markup=False)
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if isinstance(error.filename, str) else ""
        text = f"The system says: {error.strerror}{where}. {DEBUG}=1 shows where it happened."
    else:
        text = (
            f"An error that nobody foresaw ({type(error).__name__}). What was done until then is kept, and the same "
            f"command may be given again. With {DEBUG}=1 it shows where it happened; please report it."
        )
    return Failure(type(error).__name__, text, 1)


def _ours(error: BaseException) -> Iterator[ConnectorError]:
    """Errors of the tree in what was raised, also by several tasks at once: a Stop first, it says most."""
    if isinstance(error, ConnectorError):
        yield error
    elif isinstance(error, BaseExceptionGroup):
        found = [each for one in error.exceptions for each in _ours(one)]
        yield from sorted(found, key=lambda each: (not isinstance(each, Stop), not isinstance(each, TryAgain)))


def _usage(error: TyperException) -> str:
    """What is wrong with an option, and where help is; empty where help itself was the answer."""
    context = getattr(error, "ctx", None)
    text = error.format_message().strip()
    if not text or context is None or type(error).__name__ == "NoArgsIsHelpError":
        return text if context is None else ""
    return f"{text.rstrip('.')}. See: {context.command_path} --help"
