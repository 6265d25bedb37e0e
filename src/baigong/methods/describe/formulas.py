"""Formulas of KPIs computed over columns: one number for each asset, NaN where one is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from baigong.vocab.formula import Aggregate, Formula, Name, Number, Operation, Term

Column = Any  # float64, a number for each asset, or one number for all


def evaluate(
    formula: Formula, of_aggregate: Callable[[Aggregate], Column], of_name: Callable[[Name], Column]
) -> Column:
    """Compute a formula; what is divided by zero is NaN.

    >>> from baigong.vocab.formula import parse_formula
    >>> evaluate(parse_formula("2 * mean(x) / span()"), lambda a: np.array([4.0, 6.0]) if a.point else 8.0, lambda n: 0)
    array([1. , 1.5])
    """

    def value(term: Term) -> Column:
        match term:
            case Number(value=number):
                return number
            case Aggregate():
                return of_aggregate(term)
            case Name():
                return of_name(term)
            case Operation(operator="+", left=left, right=right):
                return value(left) + value(right)
            case Operation(operator="-", left=left, right=right):
                return value(left) - value(right)
            case Operation(operator="*", left=left, right=right):
                return value(left) * value(right)
            case Operation(left=left, right=right):
                return np.divide(value(left), value(right))

    with np.errstate(all="ignore"):
        found = np.asarray(value(formula.term), np.float64)
    return np.where(np.isfinite(found), found, np.nan)
