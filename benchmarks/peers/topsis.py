"""TOPSIS of pymcdm and of scikit-criteria: the ranking step alone, on the parts of the sites that pass.

They answer another question (nearness to an ideal site, not a weighted mean), so only they are compared with each
other: the same matrix, weights and vector normalisation.
"""

import warnings
from collections.abc import Callable

import numpy as np

Rank = Callable[[np.ndarray, np.ndarray], np.ndarray]


def pymcdm() -> Rank:
    """Scores of the rows of a matrix of criteria (all better the larger) under weights."""
    from pymcdm.methods import TOPSIS
    from pymcdm.normalizations import vector_normalization

    method = TOPSIS(vector_normalization)
    return lambda matrix, weights: np.asarray(method(matrix, weights, np.ones(matrix.shape[1], dtype=int)))


def scikit_criteria() -> Rank:
    """The same from scikit-criteria."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import skcriteria
        from skcriteria.agg.topsis import TOPSIS
        from skcriteria.preprocessing.scalers import VectorScaler

    steps = VectorScaler("matrix"), TOPSIS()

    def rank(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
        data = skcriteria.mkdm(matrix, [max] * matrix.shape[1], weights=weights)
        return np.asarray(steps[1].evaluate(steps[0].transform(data)).e_.similarity)

    return rank
