"""The texts of the staff pages, in Thai and English."""

from pathlib import Path

from knowledge.files import Source
from knowledge.wording import Wording

LANGUAGES = ("th", "en")
WORDING = Wording.load(Source(Path(__file__).with_name("texts.toml")))
