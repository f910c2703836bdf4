"""Copies a small selection of the golden cases, so that a lone clone tests too.

    python3 tests/data/stats/select_golden.py GOLDEN_DIR tests/data/stats/golden
"""

import json, pathlib, sys

FAMILIES = """anderson_darling_normal anova_one_way anova_repeated anova_two_way anova_welch bartlett
binomial_test clustered_mean_se cochran_q dagostino_k2 dist_beta dist_binomial dist_chi2 dist_f
dist_normal dist_studentized_range dist_t dunn dunnett fligner_killeen friedman games_howell
jarque_bera kruskal_wallis levene mauchly_sphericity mcnemar mean_ci multiple_testing nist_anova
nist_univariate paired_eval_difference permutation_test power_eval_miller proportion_ci shapiro_wilk
sign_test t_one_sample t_paired tukey_hsd""".split()

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
