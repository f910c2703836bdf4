//! Regression: least squares, logistic, and a linear model with a random intercept.
//!
//! All three solve least-squares problems with one factorisation, in arithmetic of about
//! thirty digits, so that designs near collinearity keep theirs. To add a model: reduce it
//! to (weighted) least squares and take its errors from `sandwich`.

mod double;
mod factor;
mod logistic;
mod mixed;
mod ols;
mod sandwich;

pub use logistic::{Logistic, logistic};
pub use mixed::{RandomIntercept, random_intercept};
pub use ols::{FTest, Ols, ols};
pub use sandwich::LinearErrors;
