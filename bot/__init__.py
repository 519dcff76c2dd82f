"""The ground floor: settings, messages, database, inbox, outbox, channels; and the roof."""
