"""The demonstration: an installation full of made-up matters, to click through."""
