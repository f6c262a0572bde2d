"""Secrets made of words that people read aloud and type (data-model.md, "Ids, tokens,
versions")."""

import hmac
import re
import secrets
from functools import cache

from mnemonic import Mnemonic

_BETWEEN_WORDS = re.compile(r"[\s-]+")
_NO_LETTERS = re.compile(r"[\s*-]+")


@cache
def _word_list() -> list[str]:
    """2048 words that differ in their first four letters, so 11 bits each."""
    return Mnemonic("english").wordlist


def new_words(count: int) -> str:
    """Words in lower case with single blanks between them."""
    return " ".join(secrets.choice(_word_list()) for _ in range(count))


def normalized(typed: str) -> str:
    """What people typed, as `new_words` would have written it: letter case, repeated blanks and
    dashes don't matter."""
    return _BETWEEN_WORDS.sub(" ", typed).strip().lower()


def same_words(stored: str, typed: str) -> bool:
    """Whether people typed these words; it does not matter either whether and how they are
    separated (accounts.md, 2.5)."""
    first, second = (_NO_LETTERS.sub("", text).lower() for text in (stored, typed))
    return hmac.compare_digest(first.encode(), second.encode(errors="surrogatepass"))
