"""Thai words: the dictionary, how rare each word is, and cutting text into words by them."""

import math
import re
from functools import cache, lru_cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

DATA: Final = resources.files("knowledge") / "data"
CORPUS: Final = Path((find_spec("pythainlp").submodule_search_locations or [""])[0]) / "corpus"  # type: ignore[union-attr]
"""Read without importing the package, which would make a folder in the home directory."""
TONES: Final = "\u0e48\u0e49\u0e4a\u0e4b"
MARKS: Final = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
DROP_TONES: Final = str.maketrans("", "", TONES)

LONGEST_WORD: Final = 24
UNSEEN: Final = 22.0  # negative log probability of a dictionary word that the corpus has not
OURS: Final = 9.0  # the same of a word from our own lists
UNKNOWN: Final = 28.0  # cost of one cluster of letters that is in no word

MONTH: Final = r"(?:[มพกส]\.ค|[กตพธ]\.[ยค]|ก\.พ|มี\.ค)\.? ?(?:2[45]\d\d|[4-7]\d)(?!\d)"
"""`พ.ย. 2566` is a month."""
FORMS: Final = "ภงด|ภพ|ภธ|ภป|ภดส|ภบท|สปส|สปก|สด|สน|ทด|ทร|นส|อช|บต|ตม|คร|ปพ|กยศ|ลย|มท|อภ"
"""Letters of forms that everybody types without the dots."""
TOKEN: Final = re.compile(
    rf"(?<![ก-๙])(?:{FORMS})\.? ?\d+(?:[-/.]\d+)*(?![\d:])|"
    rf"(?<![ก-๙])(?!{MONTH})(?:[ก-ฮ]{{1,5}}\.)+ ?\d+(?:[-/.]\d+)*"  # a form's: สปส.1-20, ป.4
    r"|(?<![ก-๙])[ก-ฮ]\d+(?![\d.])"  # the same typed in haste: ป4
    r"|\d+(?:[.,:/-]\d+)*%?"
    r"|[^\W\d_ก-๙]+(?:[-'.&][^\W_ก-๙]+)*"
    r"|[ก-๙](?:[ก-๙]|\.(?=[ก-๙])|(?<=[ก-ฮ])\.)*"
)
CODE: Final = re.compile(r"[ก-ฮ]+(?:\.[ก-ฮ]+)*\.? ?\d[\d./-]*")
CLUSTER: Final = re.compile(f"[เ-ไ]?[ก-ฮ.ฯๆฤฦ][{MARKS}]*[ะาำๅ]*|.", re.DOTALL)


class Word(NamedTuple):
    """A piece of text as it was cut, and whether the dictionary knows it."""

    text: str
    known: bool


def lines(name: str) -> list[str]:
    """The lines of one of our data files, without remarks."""
    text = (DATA / name).read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]


@cache
def spellings() -> dict[str, str]:
    """What is typed in chat, and how it is written properly; particles map to nothing."""
    table: dict[str, str] = {}
    for line in lines("spelling.txt"):
        typed, _, written = line.partition(" = ")
        table.update((word, written) for word in typed.split() if word != written)
    table.update((word, "") for line in lines("particles.txt") for word in line.split())
    return table


@cache
def abbreviations() -> dict[str, str]:
    """Abbreviations of all Thai agencies and what they stand for."""
    table: dict[str, str] = {}
    for line in lines("abbreviations.txt"):
        short, _, full = line.partition(" = ")
        table[short.rstrip("?")] = full
        if short.endswith("?"):
            table[short.replace(".", "").rstrip("?")] = full
    return table


@cache
def groups() -> dict[str, str]:
    """Each term of the list of concepts with the first term of its group."""
    table: dict[str, str] = {}
    for line in lines("concepts.txt"):
        terms = [term.replace("_", " ") for term in line.split()]
        for term in terms:
            table.setdefault(term, terms[0])
    return table


@cache
def stopwords() -> frozenset[str]:
    """Words that say nothing of the matter."""
    return frozenset(word for line in lines("stopwords.txt") for word in line.split())


@cache
def elsewhere() -> frozenset[str]:
    """Words that are signs of other bodies' business, of shopping and of small talk."""
    words = frozenset(word for line in lines("elsewhere.txt") for word in line.split())
    return words | {groups()[word] for word in words if word in groups()}


@cache
def english_words() -> frozenset[str]:
    """Common English words and those of our own concepts."""
    common = {word for line in lines("words_en.txt") for word in line.split()}
    return frozenset(common | {w for term in groups() if term.isascii() for w in term.split()})


@cache
def dictionary() -> dict[str, float]:
    """Thai words with their cost: the negative logarithm of how often they are written."""
    costs: dict[str, float] = {}
    with (CORPUS / "words_th.txt").open(encoding="utf-8") as file:
        for line in file:
            word = line.strip()
            if 1 < len(word) <= LONGEST_WORD and word[0] > "\u0e00" and " " not in word:
                costs[word] = UNSEEN
    total = math.log(33_535_655)
    with (CORPUS / "tnc_freq.txt").open(encoding="utf-8") as file:
        for line in file:
            word, _, count = line.rstrip().partition("\t")
            if word in costs:
                costs[word] = round(total - math.log(int(count)), 1)
    for word in (
        *spellings(),
        *spellings().values(),
        *groups(),
        *stopwords(),
        *abbreviations(),
        *elsewhere(),
    ):
        if word[:1] > "\u0e00" and " " not in word:
            costs[word] = min(costs.get(word, OURS), OURS + 2)
    return costs


@cache
def longest() -> dict[str, int]:
    """How long a word with these first two letters can be."""
    lengths: dict[str, int] = {}
    for word in dictionary():
        lengths[word[:2]] = max(len(word), lengths.get(word[:2], 0))
    return lengths


@cache
def toneless() -> dict[str, str]:
    """Words typed without their tone marks -> the commonest word meant."""
    meant: dict[str, str] = {}
    costs = dictionary()
    slang = spellings()
    for word, cost in costs.items():
        bare = word.translate(DROP_TONES)
        if bare != word and word not in slang and cost < costs.get(meant.get(bare, ""), UNSEEN):
            meant[bare] = word
    return meant


def rarity(word: str) -> float:
    """How rare a word is in Thai at large, from 0 (everywhere) to 1 (hardly ever)."""
    cost = dictionary().get(word)
    if cost is None:
        return 0.45 if word in english_words() else 0.9
    return min(1.0, max(0.0, (cost - 4.0) / 11.0))


def segment(text: str, *, restore: float = 0.0) -> list[Word]:
    """Cut normalised text into words; at the cost `restore`, some get back their tone marks."""
    found: list[Word] = []
    for match in TOKEN.finditer(text):
        token = match[0]
        if CODE.fullmatch(token):
            found.append(Word(canonical_code(token), known=True))
        elif "\u0e00" < token[0] < "\u0e4f":
            found += _cut(token, restore=restore)
        else:
            found.append(Word(token, known=token[0].isdigit() or token in english_words()))
    return found


def canonical_code(code: str) -> str:
    """A form's or section's code in one spelling: `ม. 39` is `ม.39`, `ภ.ง.ด. 90` is `ภงด.90`."""
    letters = re.match(r"[ก-ฮ. ]+", code)
    if letters is None:
        return code
    code = letters[0].replace(".", "").replace(" ", "") + "." + code[letters.end() :]
    return re.sub(r"(?<=[.])0+(?=\d)", "", code)


def coverage(text: str) -> float:
    """The share of a text's letters that dictionary words of two letters and more make up."""
    cut = segment(text)
    size = sum(len(word.text) for word in cut)
    return sum(len(word.text) for word in cut if word.known) / size if size else 0.0


@lru_cache(maxsize=256)
def _cut(run: str, *, restore: float) -> tuple[Word, ...]:
    """The cheapest way to cut a run of Thai letters, as a shortest path over clusters."""
    bounds = [*(match.start() for match in CLUSTER.finditer(run)), len(run)]
    best = dict.fromkeys(bounds, math.inf)
    best[0] = 0.0
    came: dict[int, tuple[int, Word]] = {}
    for place, start in enumerate(bounds[:-1]):
        base = best[start]
        ends = bounds[place + 1 : place + 1 + LONGEST_WORD]
        edges = _edges(run, start, ends)
        if restore:
            edges += _edges_restored(run, start, ends, restore)
        for end, word, cost in edges:
            if base + cost < best[end]:
                best[end] = base + cost
                came[end] = (start, word)
    return tuple(_walk_back(came, len(run)))


def _edges(run: str, start: int, ends: list[int]) -> list[tuple[int, Word, float]]:
    """The words that begin at `start` and stop at one of `ends`, and the lone cluster."""
    costs = dictionary()
    edges = [(ends[0], Word(run[start : ends[0]], known=False), UNKNOWN)]
    last = start + longest().get(run[start : start + 2], 0)
    for end in ends:
        if end > last:
            break
        if (cost := costs.get(run[start:end])) is not None:
            edges.append((end, Word(run[start:end], known=True), cost))
    return edges


def _edges_restored(
    run: str, start: int, ends: list[int], added: float
) -> list[tuple[int, Word, float]]:
    """The words that have only lost their tone marks."""
    costs, bare = dictionary(), toneless()
    found = ((end, bare.get(run[start:end])) for end in ends)
    return [(end, Word(meant, known=True), costs[meant] + added) for end, meant in found if meant]


def _walk_back(came: dict[int, tuple[int, Word]], end: int) -> list[Word]:
    """The words of the best path, unknown neighbours joined into one."""
    words: list[Word] = []
    while end > 0:
        end, word = came[end]
        if words and not word.known and not words[-1].known:
            words[-1] = Word(word.text + words[-1].text, known=False)
        else:
            words.append(word)
    return words[::-1]
