"""Reference values for `stats::calibration`: areas over all pairs, and scikit-learn.

    python3 tests/data/stats/calibration_reference.py     # needs numpy, scikit-learn
"""

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

i = np.arange(40)
scores = ((7 * i * i + 3 * i) % 11) / 10
outcomes = (((7 * i * i + 3 * i) % 11) + ((5 * i**3 + i) % 17) > 12).astype(int)
x, y = scores[outcomes == 1], scores[outcomes == 0]
psi = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
a, n1, n0 = psi.mean(), len(x), len(y)
delong = np.sqrt(psi.mean(axis=1).var(ddof=1) / n1 + psi.mean(axis=0).var(ddof=1) / n0)
q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
hanley = np.sqrt((a * (1 - a) + (n1 - 1) * (q1 - a * a) + (n0 - 1) * (q2 - a * a)) / (n1 * n0))
print(float(roc_auc_score(outcomes, scores)), a, delong, hanley, average_precision_score(outcomes, scores))
