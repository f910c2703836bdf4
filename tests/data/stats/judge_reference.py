"""Reference values for `stats::judge`.

    python3 tests/data/stats/judge_reference.py     # needs numpy, scipy; ppi-python as a check

Lang and Reiczigel (2014), equations 2 and 4 to 17, with (1 - P)^2 in equation 4 (the R
package `asht` notes the misprint). Prediction-powered means as ppi-python computes them;
where it is installed the two are compared.
"""

import numpy as np
from scipy.stats import norm


def lang_reiczigel(x, n, k_se, n_se, k_sp, n_sp, confidence=0.95):
    z = norm.isf((1 - confidence) / 2)
    share = (x / n + k_sp / n_sp - 1) / (k_se / n_se + k_sp / n_sp - 1)
    se, sp, a = (k_se + 1) / (n_se + 2), (k_sp + 1) / (n_sp + 2), (x + z * z / 2) / (n + z * z)
    p = (a + sp - 1) / (se + sp - 1)
    vs, vp = se * (1 - se) / (n_se + 2), sp * (1 - sp) / (n_sp + 2)
    d = 2 * z * z * (p * vs - (1 - p) * vp)
    v = (a * (1 - a) / (n + z * z) + p * p * vs + (1 - p) ** 2 * vp) / (se + sp - 1) ** 2
    return share, p + d - z * np.sqrt(v), p + d + z * np.sqrt(v)


def prediction_powered(y, f, other, lam):
    n, m = len(y), len(other)
    if lam is None:
        everything = np.concatenate([f, other])
        lam = np.cov(y, f, ddof=0)[0, 1] / ((1 + n / m) * everything.var(ddof=1))
        lam = min(max(lam, 0), 1)
    value = lam * other.mean() + (y - lam * f).mean()
    return lam, value, np.sqrt((lam * other).var() / m + (y - lam * f).var() / n)


print("Lang-Reiczigel", [repr(float(v)) for v in lang_reiczigel(259, 400, 44, 50, 61, 70)])
i = np.arange(230)
score = ((7 * i * i + 3 * i) % 11) / 10
f, other = score[:30], score[30:]
y = 0.1 + 0.6 * f + ((5 * i[:30] ** 3 + i[:30]) % 17) / 40
for lam in (None, 1.0, 0.5):
    print("PPI", [repr(float(v)) for v in prediction_powered(y, f, other, lam)])
try:
    from ppi_py import ppi_mean_ci, ppi_mean_pointestimate
    for lam in (None, 1.0, 0.5):
        low, high = ppi_mean_ci(y, f, other, alpha=0.05, lam=lam)
        print("ppi-python", ppi_mean_pointestimate(y, f, other, lam=lam), (high - low) / 2 / norm.isf(0.025))
except ImportError:
    print("ppi-python is not installed")
