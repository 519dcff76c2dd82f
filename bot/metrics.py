"""What an operator can watch, in Prometheus' form."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """All counters of one process; labels hold agencies, channels and kinds, never a citizen."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.events = Counter("thamdai_events", "Events kept.", ["channel", "kind"], registry=r)
        self.skipped = Counter(
            "thamdai_skipped", "Events left out.", ["channel", "why"], registry=r
        )
        self.refused = Counter("thamdai_refused", "Events that could not be kept.", registry=r)
        self.webhooks = Counter(
            "thamdai_webhooks", "Webhook requests.", ["channel", "status"], registry=r
        )
        self.answered = Histogram(
            "thamdai_turn_seconds",
            "From receipt to the reply's commit.",
            buckets=SECONDS,
            registry=r,
        )
        self.faults = Counter(
            "thamdai_faults", "Flows that failed on an event.", ["fault"], registry=r
        )
        self.set_aside = Counter("thamdai_set_aside", "Events set aside.", registry=r)
        self.sent = Counter(
            "thamdai_sent", "Requests accepted by a platform.", ["channel"], registry=r
        )
        self.unsent = Counter(
            "thamdai_unsent", "Requests that failed.", ["channel", "reason", "final"], registry=r
        )
        self.delivery = Histogram(
            "thamdai_reply_seconds",
            "From receipt to the platform's acceptance.",
            buckets=SECONDS,
            registry=r,
        )
        self.decisions = Counter(
            "thamdai_decisions",
            "What was done with questions.",
            ["agency", "decision"],
            registry=r,
        )
        self.news = Counter("thamdai_news", "Messages of our own accord.", ["outcome"], registry=r)
        self.jobs = Counter(
            "thamdai_jobs", "Timed jobs that ended.", ["job", "outcome"], registry=r
        )
        self.agencies = Gauge("thamdai_agencies", "Agencies served.", registry=r)
        self.channels = Gauge(
            "thamdai_channel_open",
            "1 when the account is open.",
            ["agency", "channel"],
            registry=r,
        )

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)
