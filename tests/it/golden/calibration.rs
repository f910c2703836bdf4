//! Probabilities and rankings, whose golden file lies in the folder of `text`.

use crucible::stats::{Auroc, Binning, Forecasts, average_precision};
use serde_json::json;

use super::{Answer, Case, check_in, kind, out, own, shared};

fn ask(case: &Case) -> Answer {
    let (probabilities, labels) = (case.numbers("probs"), case.numbers("labels"));
    let forecasts = Forecasts::new(&probabilities, &labels)?;
    let bins = case.0["options"]["n_bins"].as_u64().unwrap();
    let binning = match case.option("strategy") {
        "quantile" => Binning::Quantile,
        _ => Binning::Uniform,
    };
    let curve = forecasts.reliability(usize::try_from(bins).unwrap(), binning)?;
    let or_error = |value: Result<f64, _>| {
        value.map_or_else(|error| json!({ "error": kind(error) }), out)
    };
    Ok(json!({
        "ece": curve.ece,
        "mce": curve.mce,
        "bins": curve.bins,
        "brier": forecasts.brier(),
        "log_loss": forecasts.log_loss(),
        "auroc": or_error(Auroc::new(&probabilities, &labels).map(|a| a.area)),
        "average_precision": or_error(average_precision(&probabilities, &labels)),
    }))
}

#[test]
fn golden_calibration() {
    check_in(&own(), "calibration", &|case| Some(ask(case)), true);
    let text = shared().map(|dir| {
        let below = dir.join("text");
        if below.is_dir() { below } else { dir.with_file_name("text") }
    });
    match text.filter(|dir| dir.is_dir()) {
        Some(dir) => check_in(&dir, "calibration", &|case| Some(ask(case)), true),
        None => println!("skipped the whole golden set: no sibling folder `text`"),
    }
}
