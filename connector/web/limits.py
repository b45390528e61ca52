"""How often one address may ask, and how much it is given."""

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


class Budget:
    """``most`` in ``seconds`` for each address, however it comes; remembers the ``addresses`` that came last.

    What was begun is given, and counted while it goes: it may leave less than nothing, which is to be waited for.
    """

    def __init__(
        self, most: float, seconds: float, addresses: int = 10_000, clock: Callable[[], float] = monotonic
    ) -> None:
        self._most = most
        self._pace = most / seconds
        self._addresses = addresses
        self._clock = clock
        self._lock = Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, address: str, amount: float = 0) -> float:
        """Count so much, and give for how many seconds nothing is left, 0 where something is."""
        now = self._clock()
        with self._lock:
            left, since = self._left.pop(address, (self._most, now))
            left = min(self._most, left + (now - since) * self._pace) - amount
            self._left[address] = (left, now)
            while len(self._left) > self._addresses:
                self._left.popitem(last=False)
        return max(0.0, -left / self._pace)
