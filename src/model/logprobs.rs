//! How sure a model was, from the log-probabilities of the tokens that it chose.

use serde_json::Value as Json;

use crate::spec::{Call, Param, Type};

pub(super) const LOGPROBS: Param = Param::optional(
    "logprobs",
    Type::Bool,
    "Whether the log-probabilities of the answer's tokens are asked for: its confidence is then the geometric mean of their probabilities.",
);

/// Says whether the answers of a call come with log-probabilities.
pub(super) fn gives(call: &Call) -> bool {
    call.flag("logprobs") == Some(true)
}

/// Returns the confidence of an answer whose tokens have these log-probabilities; `None`
/// without tokens, and where one of them has no number.
///
/// # Formula
///
/// ```text
/// confidence  =  exp( (1/n) Σ ln p_i )
/// ```
///
/// `p_i` is the probability of token i given those before it and n the number of tokens: the
/// geometric mean of the probabilities, which does not fall with the length of the answer.
///
/// # Source
///
/// A. Malinin and M. Gales, "Uncertainty Estimation in Autoregressive Structured Prediction",
/// International Conference on Learning Representations, 2021, section 3 (length-normalised
/// log-likelihood).
pub(super) fn of_tokens(logprobs: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0.0);
    for logprob in logprobs {
        sum += logprob;
        n += 1.0;
    }
    let mean: f64 = sum / n;
    (!mean.is_nan()).then(|| mean.exp().clamp(0.0, 1.0))
}

/// Reads a number of a token; what is not there is not a number.
pub(super) fn number(token: &Json, name: &str) -> f64 {
    token.get(name).and_then(Json::as_f64).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_confidence_is_the_geometric_mean_of_the_probabilities() {
        let of = |probabilities: &[f64]| of_tokens(probabilities.iter().map(|p| p.ln()));
        // √(0.9 · 0.4) = 0.6, and as often again changes nothing.
        assert!((of(&[0.9, 0.4]).unwrap() - 0.6).abs() < 1e-12);
        assert!((of(&[0.9, 0.4, 0.9, 0.4]).unwrap() - 0.6).abs() < 1e-12);
        assert_eq!(of(&[1.0]), Some(1.0));
        assert_eq!(of(&[0.5, 0.0]), Some(0.0));
    }

    #[test]
    fn without_tokens_or_without_their_numbers_there_is_none() {
        assert_eq!(of_tokens([]), None);
        assert_eq!(of_tokens([-0.1, f64::NAN]), None);
        // A server that rounds past zero is sure, not more than sure.
        assert_eq!(of_tokens([1e-9]), Some(1.0));
    }
}
