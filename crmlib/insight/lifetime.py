"""How often a customer will order and for how much: BG/NBD and Gamma-Gamma, fitted to each customer's own past.

BG/NBD: Fader, Hardie, Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2). Gamma-Gamma: Fader, Hardie
(2013), The Gamma-Gamma Model of Monetary Value, brucehardie.com/notes/025.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln, hyp2f1

from crmlib.errors import DataError

_WIDE = 15.0  # a parameter's logarithm beyond this says that the data do not tell it
_FLAT = 1e-7


class BgNbd(NamedTuple):
    """Orders come as a Poisson process (rate ~ Gamma(r, alpha)) until, after an order, the customer drops out (~ Beta(a, b)).

    frequency: orders after the first. recency: time from the first order to the last. age: time from the first order to the
    day of judgement. All in one unit, which is that of alpha and of `t`.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def p_alive(self, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
        """The probability that the customer has not dropped out; 1 for a customer of one order, by the model's making."""
        x, t_x, age = _arrays(frequency, recency, age)
        lost = self.a / (self.b + np.maximum(x, 1) - 1) * ((self.alpha + age) / (self.alpha + t_x)) ** (self.r + x)
        return 1 / (1 + np.where(x > 0, lost, 0))

    def expected_orders(self, t: float, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
        """How many orders to expect within the next `t`."""
        x, _, age = _arrays(frequency, recency, age)
        r, alpha, a, b = self[:4]
        a = a if abs(a - 1) > 1e-6 else 1 + 1e-6  # the closed form has a removable gap at 1
        seen = ((alpha + age) / (alpha + age + t)) ** (r + x)
        still = 1 - seen * hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + age + t))
        return (a + b + x - 1) / (a - 1) * still * self.p_alive(frequency, recency, age)

    def p_no_order(self, t: float, frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
        """The probability of no order at all within the next `t`: the customer is gone, or there but quiet."""
        x, _, age = _arrays(frequency, recency, age)
        quiet = ((self.alpha + age) / (self.alpha + age + t)) ** (self.r + x)
        return 1 - self.p_alive(frequency, recency, age) * (1 - quiet)


class GammaGamma(NamedTuple):
    """An order's amount varies about the customer's own mean (shape p), the means among customers (q, gamma)."""

    p: float
    q: float
    gamma: float

    def expected_amount(self, frequency: np.ndarray, mean_amount: np.ndarray) -> np.ndarray:
        """What an order of this customer will be worth: its own mean, drawn towards everybody's the fewer orders there are.

        Missing where q ≤ 1 and no order was counted: then the mean of all customers does not exist.
        """
        x, m = _arrays(frequency, mean_amount)
        below = self.p * x + self.q - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(below > 0, self.p * (self.gamma + np.where(x > 0, m, 0) * x) / below, np.nan)


def fit_bg_nbd(frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> BgNbd:
    """The parameters that make the histories most likely. One entry per customer; equal histories are computed once.

    Raises DataError where a history cannot be (recency beyond age, a recency without a repeat order) or nobody came back.
    """
    x, t_x, age = _arrays(frequency, recency, age)
    wrong = (x < 0) | (t_x < 0) | (t_x > age) | ((x == 0) & (t_x > 0)) | ~np.isfinite(x + t_x + age)
    if wrong.any():
        raise DataError("error.histories", n=int(wrong.sum()), of=len(x))
    if not (x > 0).any():
        raise DataError("error.nobody_came_back", n=len(x))
    scale = float(age.mean()) or 1.0  # in units of the mean age all parameters are near 1
    (x, t_x, age), weight = _grouped(x, t_x / scale, age / scale)
    done = minimize(_bg_nbd_loss, np.zeros(4), args=(x, t_x, age, weight), jac=True, method="L-BFGS-B",
                    bounds=[(-_WIDE, _WIDE)] * 4, options={"maxiter": 500, "ftol": 1e-13, "gtol": _FLAT})  # fmt: skip
    r, alpha, a, b = np.exp(done.x).tolist()
    # in the caller's unit the density of the x repeat orders is smaller by scale to the x
    return BgNbd(r, alpha * scale, a, b, float(-done.fun * weight.sum() - (weight * x).sum() * np.log(scale)))


def fit_gamma_gamma(frequency: np.ndarray, mean_amount: np.ndarray) -> GammaGamma:
    """The parameters that make the mean amounts most likely. Only customers with repeat orders of a positive mean count.

    Raises DataError where there is none.
    """
    x, m = _arrays(frequency, mean_amount)
    told = (x > 0) & (m > 0)
    if not told.any():
        raise DataError("error.nobody_came_back", n=len(x))
    scale = float(m[told].mean())
    (x, m), weight = _grouped(x[told], m[told] / scale)
    done = minimize(_gamma_gamma_loss, np.zeros(3), args=(x, m, weight), jac=True, method="L-BFGS-B",
                    bounds=[(-_WIDE, _WIDE)] * 3, options={"maxiter": 500, "ftol": 1e-13, "gtol": _FLAT})  # fmt: skip
    p, q, gamma = np.exp(done.x).tolist()
    return GammaGamma(p, q, gamma * scale)


def _bg_nbd_loss(logs: np.ndarray, x: np.ndarray, t_x: np.ndarray, age: np.ndarray, weight: np.ndarray):
    """Minus the mean log-likelihood (eq. 6 of the paper), and its slope along the parameters' logarithms."""
    r, alpha, a, b = np.exp(logs)
    counts, place = np.unique(x, return_inverse=True)  # few of them: the slow functions are computed once for each

    def of_count(function, shift: float) -> np.ndarray:
        return function(shift + counts)[place]

    log_age, log_last = np.log(alpha + age), np.log(alpha + t_x)
    lasting, left_after = -(r + x) * log_age, b + np.maximum(x, 1) - 1
    leaving = np.where(x > 0, np.log(a) - np.log(left_after) - (r + x) * log_last, -np.inf)
    both = np.logaddexp(lasting, leaving)
    orders = of_count(gammaln, r) - gammaln(r) + r * np.log(alpha)
    staying = gammaln(a + b) + of_count(gammaln, b) - gammaln(b) - of_count(gammaln, a + b)
    n = weight.sum()
    left, here = np.exp(leaving - both), np.exp(lasting - both)
    stayed = digamma(a + b), of_count(digamma, a + b)
    slopes = (
        of_count(digamma, r) - digamma(r) + np.log(alpha) - here * log_age - left * log_last,
        r / alpha - (r + x) * (here / (alpha + age) + left / (alpha + t_x)),
        stayed[0] - stayed[1] + left / a,
        stayed[0] + of_count(digamma, b) - digamma(b) - stayed[1] - left / left_after,
    )
    gradient = np.array([(weight * slope).sum() for slope in slopes]) * np.exp(logs)
    return -(weight * (orders + staying + both)).sum() / n, -gradient / n


def _gamma_gamma_loss(logs: np.ndarray, x: np.ndarray, m: np.ndarray, weight: np.ndarray):
    """Minus the mean log-likelihood (eq. 1a of the note), and its slope along the parameters' logarithms."""
    p, q, gamma = np.exp(logs)
    total = gamma + m * x
    likelihood = (gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma) + (p * x - 1) * np.log(m)
                  + p * x * np.log(x) - (p * x + q) * np.log(total))  # fmt: skip
    slopes = (
        x * (digamma(p * x + q) - digamma(p * x) + np.log(m * x) - np.log(total)),
        digamma(p * x + q) - digamma(q) + np.log(gamma) - np.log(total),
        q / gamma - (p * x + q) / total,
    )
    n = weight.sum()
    gradient = np.array([(weight * slope).sum() for slope in slopes]) * np.exp(logs)
    return -(weight * likelihood).sum() / n, -gradient / n


def _arrays(*columns: np.ndarray) -> list[np.ndarray]:
    return [np.asarray(column, dtype=np.float64) for column in columns]


def _grouped(*columns: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Each different combination once, and how often it occurs."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        _, code = np.unique(code * len(values) + place, return_inverse=True)
    _, first, count = np.unique(code, return_index=True, return_counts=True)
    return [column[first] for column in columns], count.astype(np.float64)
