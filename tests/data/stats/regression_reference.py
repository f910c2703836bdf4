"""Reference values for `stats::linear` where the golden files are silent (statsmodels).

    python3 tests/data/stats/regression_reference.py     # needs numpy, pandas, statsmodels
"""

import numpy as np
import statsmodels.api as sm
from statsmodels.regression.mixed_linear_model import MixedLM

i = np.arange(60)
item = (i * i + 2 * i) % 13
x1 = ((7 * i * i + 3 * i) % 11) / 10
x2 = ((5 * i * i * i + i) % 17) / 17
y = 0.3 + 0.5 * x1 - 0.2 * x2 + ((3 * item * item + item) % 7) / 10 + ((11 * i * i + 5 * i) % 19) / 40
X = sm.add_constant(np.column_stack([x1, x2]))

model = MixedLM(y, X, groups=item)
fit = min((model.fit(reml=True, method=m, gtol=1e-13, maxiter=5000) for m in ("bfgs", "lbfgs", "powell")), key=lambda f: -f.llf)
print("REML", [f"{b:.12g}" for b in fit.fe_params], [f"{b:.12g}" for b in fit.bse_fe])
print("REML item, repeat, llf", float(fit.cov_re[0, 0]), fit.scale, fit.llf)

one = (y > np.median(y)).astype(float)
logit = sm.Logit(one, X).fit(method="newton", tol=1e-13, maxiter=100, disp=0)
print("logit", logit.params.tolist(), logit.bse.tolist())
grouped = sm.Logit(one, X).fit(method="newton", tol=1e-13, maxiter=100, disp=0, cov_type="cluster", cov_kwds={"groups": item})
print("logit clustered", grouped.bse.tolist())
bare = sm.Logit(one, X[:, 1:]).fit(method="newton", tol=1e-13, maxiter=100, disp=0)
print("no intercept", bare.params.tolist(), bare.bse.tolist(), bare.llf, bare.llnull, bare.df_model, bare.llr_pvalue)
for kind in ("HC1", "HC2", "HC3"):
    print("ols", kind, sm.OLS(y, X).fit(cov_type=kind).bse.tolist())

# The same with dense matrices. MixedLM's errors come from the joint Hessian, which is not
# block diagonal off the true values; ours are those of generalised least squares.
from scipy.optimize import brentq

Z = (item[:, None] == np.unique(item)[None, :]).astype(float)


def restricted(theta):
    V = np.eye(60) + theta * Z @ Z.T
    W = np.linalg.inv(V)
    A = np.linalg.inv(X.T @ W @ X)
    b = A @ X.T @ W @ y
    P = W - W @ X @ A @ X.T @ W
    s2 = y @ P @ y / 57
    slope = -0.5 * (np.trace(P @ Z @ Z.T) - np.sum((Z.T @ P @ y) ** 2) / s2)
    llf = -0.5 * (57 * (np.log(2 * np.pi * s2) + 1) + np.linalg.slogdet(V)[1] - np.linalg.slogdet(A)[1])
    return slope, b, np.sqrt(s2 * np.diag(A)), theta * s2, s2, llf


print("REML dense", *restricted(brentq(lambda t: restricted(t)[0], 0.1, 10, xtol=1e-15)))
