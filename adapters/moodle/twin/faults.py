"""Ways to fail, on command: what tests and the demo make the twin do."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Literal, get_args

FaultKind = Literal[
    "slow", "error500", "error502", "cut_before", "cut_after", "write_late", "maintenance", "revoked", "drop_variables"
]
KINDS: tuple[str, ...] = get_args(FaultKind)


@dataclass(slots=True)
class Fault:
    """One order to fail.

    slow: wait ``seconds``, then answer. error500, error502: an HTML page; with ``written`` the work was done before.
    cut_before, cut_after: the connection closes without an answer, before or after the work. write_late: it closes
    at once and the work is done ``seconds`` later. maintenance: 503 with HTML, and a Retry-After where ``seconds`` is
    over 0. revoked: the token is invalid. drop_variables: ``max_input_vars`` is ``variables`` for the call.

    ``times``: for so many calls; ``function``: of this one only; ``operation``: of the plugin's function that writes,
    this one only; ``probability``: each of them fails with it, by the dice of ``seed``.
    """

    kind: FaultKind
    times: int = 1
    function: str = ""
    operation: str = ""
    seconds: float = 0.0
    probability: float = 1.0
    seed: int = 0
    written: bool = False
    variables: int = 1000
    dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}; one of {', '.join(KINDS)}")
        self.dice = random.Random(self.seed)  # noqa: S311 - dice for tests, no secret


class Faults:
    """The orders of one twin, first come, first served; safe to use from another thread."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Order a failure."""
        with self._lock:
            self._orders.append(fault)

    def clear(self) -> None:
        """Take all orders back."""
        with self._lock:
            self._orders.clear()

    def take(self, function: str, operation: str = "") -> Fault | None:
        """The failure of this call, if one is ordered; counts the call."""
        with self._lock:
            for fault in self._orders:
                if fault.function in ("", function) and fault.operation in ("", operation):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._orders.remove(fault)
                    return fault if fault.dice.random() < fault.probability else None
        return None
