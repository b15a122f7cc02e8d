"""The nearest word by spelling: what a translator of spellings has to beat."""

from collections.abc import Sequence

import numpy as np

BLOCK = 250  # words looked up at a time: 25 MB for 25,000 words to look among


def nearest_words(words: Sequence[str], among: Sequence[str]) -> list[int]:
    """Which of `among` takes the fewest insertions, deletions and substitutions, for each of `words`.

    Of equally near ones the first. Two words differ by at least the length of the longer less the number of letters
    that they share, and that bound is one matrix product for all pairs; edit distances are computed only where the
    bound does not decide.

    Args:
        words: the words to look up; none may be empty.
        among: the words to look among, at least one.

    Returns:
        for each word the position in `among`.
    """
    letters = sorted(set("".join([*words, *among])))
    number = {letter: n for n, letter in enumerate(letters, 1)}
    lengths = np.array([len(word) for word in among])
    codes = np.zeros((len(among), lengths.max()), np.int16)
    for row, word in enumerate(among):
        codes[row, : len(word)] = [number[letter] for letter in word]
    known, asked = np.split(_letters([*among, *words], letters), [len(among)])

    nearest = []
    for start in range(0, len(words), BLOCK):
        block = words[start : start + BLOCK]
        shared = asked[start : start + BLOCK] @ known.T  # (words, among)
        bounds = np.maximum(lengths, np.array([[len(word)] for word in block])) - shared.astype(np.int16)
        for word, bound in zip(block, bounds, strict=True):
            spelling = [number[letter] for letter in word]
            limit = int(bound.min())
            while True:
                candidates = np.flatnonzero(bound <= limit)  # all that can be as near as `limit`
                distances = edit_distances(spelling, codes[candidates], lengths[candidates])
                if distances.min() <= limit:
                    nearest.append(int(candidates[distances.argmin()]))
                    break
                limit += 1
    return nearest


def edit_distances(word: Sequence[int], codes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The edit distance of one word to each of many.

    Shape: codes (N, L), lengths (N,) -> (N,).
    """
    codes = codes[:, : lengths.max()]
    steps = np.arange(codes.shape[1] + 1, dtype=np.int16)
    row = np.broadcast_to(steps, (len(codes), len(steps)))
    for i, letter in enumerate(word, 1):
        below = np.full(row.shape, i, np.int16)
        below[:, 1:] = np.minimum(row[:, :-1] + (codes != letter), row[:, 1:] + 1)
        row = np.minimum.accumulate(below - steps, axis=1) + steps  # insertions: a running minimum
    distances: np.ndarray = row[np.arange(len(codes)), lengths]
    return distances


def _letters(words: Sequence[str], letters: Sequence[str]) -> np.ndarray:
    """Each word's letters with their counts in unary, so that a product of two rows counts what they share."""
    counts = np.array([[word.count(letter) for letter in letters] for word in words])
    return (counts[:, :, None] > np.arange(counts.max())).reshape(len(words), -1).astype(np.float32)
