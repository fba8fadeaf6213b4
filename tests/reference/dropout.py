"""Philox4x32-10 as in its paper (Salmon et al., SC 2011), and dropout based on it."""

import numpy as np

MASK = 0xFFFFFFFF


def philox4x32(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """One block of four random words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def words(seed: int, offset: int, n: int) -> np.ndarray:
    """Words offset ... offset + n - 1 of the stream of this seed."""
    key = (seed & MASK, seed >> 32)
    out = np.empty(n, np.uint32)
    for i in range(n):
        block, word = divmod(offset + i, 4)
        out[i] = philox4x32((block & MASK, block >> 32, 0, 0), key)[word]
    return out


def keeps(n: int, rate: float, seed: int, offset: int) -> np.ndarray:
    """Which of n elements are kept: those with u >= rate."""
    return words(seed, offset, n).astype(np.float64) / 2**32 >= rate


def dropout(x: np.ndarray, rate: float, seed: int, offset: int) -> np.ndarray:
    keep = keeps(x.size, rate, seed, offset).reshape(x.shape)
    return np.where(keep, x.astype(np.float64) / (1 - rate), 0.0)
