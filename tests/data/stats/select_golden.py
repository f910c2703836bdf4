"""Copies a small selection of the golden cases, so that a lone clone tests too.

    python3 tests/data/stats/select_golden.py GOLDEN_DIR tests/data/stats/golden
"""

import json, pathlib, sys

FAMILIES = """association_effects barnard_exact binomial_test boschloo_exact chi2_contingency chi2_gof
clustered_mean_se cohen_kappa dist_beta dist_binomial dist_chi2 dist_f dist_normal dist_t
dominance_effects fisher_exact fleiss_kappa icc kendall krippendorff_alpha mcnemar mean_ci
multiple_testing nist_univariate odds_risk_ratio paired_eval_difference pearson permutation_test
power_eval_miller proportion_ci proportion_diff_ci proportion_ratio_ci proportions_z sign_test
spearman t_one_sample t_paired""".split()

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
