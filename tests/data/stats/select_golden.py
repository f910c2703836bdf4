"""Copies a small selection of the golden cases, so that a lone clone tests too.

    python3 tests/data/stats/select_golden.py GOLDEN_DIR tests/data/stats/golden
"""

import json, pathlib, sys

FAMILIES = """binomial_test clustered_mean_se dist_beta dist_binomial dist_chi2 dist_f dist_normal dist_t
mcnemar mean_ci multiple_testing nist_univariate paired_eval_difference permutation_test
power_eval_miller proportion_ci sign_test t_one_sample t_paired
dist_noncentral_chi2_f dist_noncentral_t
cohen_d anova_effect_ci proportion_effects
power_anova power_chi2 power_correlation power_t power_two_proportions""".split()

source, target = map(pathlib.Path, sys.argv[1:])
for family in FAMILIES:
    whole = json.loads((source / f"{family}.json").read_text())
    seen, kept = {}, []
    for case in whole["cases"]:
        line = json.dumps(case)
        shape = json.dumps([case["options"], sorted(case["expect"])])
        if len(line) < 2500 and seen.setdefault(shape, 0) < 2 and len(kept) < 24:
            seen[shape] += 1
            kept.append(line)
    head = json.dumps({"family": family, "reference": whole["reference"]})[:-1]
    (target / f"{family}.json").write_text(head + ', "cases": [\n' + ",\n".join(kept) + "\n]}\n")
