"""How often one address may try to sign in."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from math import ceil
from threading import Lock
from time import monotonic


class RateLimit:
    """At most ``most`` in ``seconds`` for each address; remembers the ``addresses`` that came last."""

    def __init__(
        self, most: int, seconds: float, addresses: int = 10_000, clock: Callable[[], float] = monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._addresses = addresses
        self._clock = clock
        self._lock = Lock()
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Seconds until this address has a try again, 1 at least."""
        with self._lock:
            times = self._seen.get(address)
            return max(1, ceil(times[0] + self._seconds - self._clock())) if times else 1

    def allows(self, address: str) -> bool:
        """Count one try of this address, unless it has had its share."""
        now = self._clock()
        with self._lock:
            times = self._seen.pop(address, deque())
            self._seen[address] = times
            while len(self._seen) > self._addresses:
                self._seen.popitem(last=False)
            while times and times[0] <= now - self._seconds:
                times.popleft()
            if len(times) >= self._most:
                return False
            times.append(now)
            return True
