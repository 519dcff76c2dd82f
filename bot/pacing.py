"""How fast a bot account may send, and how fast into one chat."""

import time

REMEMBERED_CHATS = 10_000
SLOWEST = 5.0
GROWTH = 1.02
RELIEF = 20.0
"""Requests a second after a refusal (Telegram allows about 30 overall, PLATFORMS T6)."""
FREE = 1_000.0
"""At this rate nothing is held back any more."""


class Pace:
    """Free until the platform says 429; then held, then slow, growing with each success."""

    def __init__(self) -> None:
        self._rate = FREE
        self._allowance = 0.0
        self._counted_at = 0.0
        self._held_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether one more request could go out now."""
        return self.opens_in <= 0

    @property
    def opens_in(self) -> float:
        """Seconds until one more request could go out."""
        now = time.monotonic()
        if now < self._held_until:
            return self._held_until - now
        if self._rate >= FREE:
            return 0.0
        gained = (now - self._counted_at) * self._rate
        return max(0.0, (1 - self._allowance - gained) / self._rate)

    def take(self) -> bool:
        """Whether one more request may go out now."""
        if self._rate >= FREE:
            return True
        now = time.monotonic()
        gained = (now - self._counted_at) * self._rate
        self._allowance = min(self._rate / 4 + 1, self._allowance + gained)
        self._counted_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def hold(self, seconds: float) -> None:
        """The platform asked for a pause: keep it, and go on slower."""
        now = time.monotonic()
        if now >= self._held_until:  # requests under way together are one refusal
            self._rate = max(SLOWEST, min(RELIEF, self._rate / 2))
        self._held_until = max(self._held_until, now + seconds)
        self._allowance, self._counted_at = 0.0, self._held_until

    def went_well(self) -> None:
        """A request was accepted: grow."""
        self._rate = min(FREE, self._rate * GROWTH)


class BulkPace:
    """What goes to many leaves room for answers: both are counted, and only the first is held."""

    def __init__(self, per_second: float) -> None:
        self._rate = per_second
        self._allowance = 1.0
        self._counted_at = time.monotonic()

    @property
    def opens_in(self) -> float:
        """Seconds until one more request to many may go out."""
        return max(0.0, (1 - self._gained()) / self._rate)

    def spend(self) -> None:
        """A request went out, to one or to many."""
        left = max(self._gained() - 1, -self._rate)  # a burst of answers is over a second later
        self._allowance, self._counted_at = left, time.monotonic()

    def _gained(self) -> float:
        gained = (time.monotonic() - self._counted_at) * self._rate
        return min(max(1.0, self._rate / 4), self._allowance + gained)


class ChatPaces:
    """Some messages at once into one chat, then one at a time; no chat delays another."""

    def __init__(self) -> None:
        self._free_at: dict[tuple[str, str], float] = {}

    def wait(self, account: str, address: str, spacing: tuple[int, float]) -> float:
        """Seconds until one more message may go into this chat; 0 counts it as sent now."""
        burst, seconds = spacing
        now = time.monotonic()
        if len(self._free_at) > REMEMBERED_CHATS:
            self._free_at = {key: at for key, at in self._free_at.items() if at > now}
        at = max(self._free_at.get((account, address), 0.0), now)
        early = at - now - (burst - 1) * seconds
        if early > 0:
            return early
        self._free_at[account, address] = at + seconds
        return 0.0
