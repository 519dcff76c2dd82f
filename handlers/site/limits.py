"""How often one web chat may speak: far above any person, far below a flood."""

import time

BURST = 300.0
PER_SECOND = 20.0
REMEMBERED = 10_000


class Allowance:
    """A small bucket for each session, kept in memory."""

    def __init__(self, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._burst, self._per_second = burst, per_second
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str) -> bool:
        """Whether one more message may come now."""
        now = time.monotonic()
        left, at = self._left.get(who, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        if len(self._left) > REMEMBERED:
            self._left.clear()
        self._left[who] = (left - 1 if left >= 1 else left, now)
        return left >= 1
