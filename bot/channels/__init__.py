"""The channels: the only modules that speak to a platform."""
