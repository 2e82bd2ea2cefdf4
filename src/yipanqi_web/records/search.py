"""Search that finds two-character Chinese words on both databases: by pairs of neighbouring characters."""

import unicodedata


def pairs(*texts: str) -> str:
    """Every pair of neighbouring characters of the texts, each once, between spaces; look-alike forms made one.

    >>> pairs("嘉定区 A1")
    ' a1 嘉定 定区 '
    """
    words = [word for text in texts for word in unicodedata.normalize("NFKC", text).casefold().split()]
    found = {word[i : i + 2] for word in words for i in range(max(1, len(word) - 1))}
    return f" {' '.join(sorted(found))} " if found else ""
