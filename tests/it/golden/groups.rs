//! Several groups: analyses of variance, their rank versions, comparisons of pairs.

use crucible::stats::StudentizedRange;
use serde_json::json;

use super::{out, whole};

#[test]
fn golden_dist_studentized_range() {
    whole("dist_studentized_range", |case| {
        let means = case.count("k").map_or(0, |k| usize::try_from(k).unwrap_or(0));
        let range = StudentizedRange::new(means, case.number("df"))?;
        let value = match case.option("function") {
            "cdf" => range.cdf(case.number("q")),
            "sf" => range.sf(case.number("q")),
            "ppf" => range.quantile(case.number("p")),
            _ => range.upper_quantile(case.number("p")),
        };
        Ok(json!({ "value": out(value?) }))
    });
}
