//! Files that change while they are looked at, and what a change asks for.
//!
//! [`Watcher`] says when files change: the system wakes it, and what it finds on the disk
//! decides, so that no event is trusted and none that is lost matters. [`change()`] compares
//! two experiments and says what has to be done again. The room reads no file and runs
//! nothing.

mod change;
mod print;
mod remembered;
mod watcher;

pub use change::{Change, change};
pub use remembered::Remembered;
pub use watcher::Watcher;
