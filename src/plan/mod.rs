//! The index space of trials (condition × item × repeat), the order in which they are
//! carried out, their ids, and a forecast of what they take.
//!
//! Nothing is listed: a trial is worked out from its position by keyed permutations, and
//! what is done is a bitmap. The order is a randomised complete block design: items in a
//! keyed order, and for each item all its conditions and repeats, shuffled; or, unpaired,
//! one condition for each item, dealt out in turn. So conditions are interleaved, a run that
//! stops early holds whole items, and `limit` is a prefix.
//! Pure: no disk, no clock. To forecast another quantity, add it to `Estimate`.

mod bitmap;
mod forecast;
mod trials;

pub use bitmap::Bitmap;
pub use forecast::{ConditionForecast, Estimate, Forecast, forecast};
pub use trials::{Plan, PlanError, Selection, TrialSpec, compile};
