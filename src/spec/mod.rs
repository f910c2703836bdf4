//! What was asked, as data: the experiment, its calls and values, its claims, and the
//! signatures that say which calls there are.
//!
//! An [`Experiment`] is what is left of a file once it is checked: it can be printed,
//! compared, digested and kept. It promises that every call in it fits its signature.
//! It knows nothing of how a call is carried out. To add a call, write a [`Signature`]
//! beside the code that implements it; to add a kind, a field or a claim function, write
//! its signature in `kinds`.

mod call;
mod claim;
mod design;
mod experiment;
mod hooks;
mod kinds;
mod scale;
mod signature;
mod stop;
mod value;

pub use call::{Argument, Call};
pub use claim::{
    Alternative, Claim, Condensed, Direction, Estimand, Hypothesis, Level, PowerGoal,
    Sample, TrendPoint,
};
pub use design::{Column, Design, FamilySample, Over};
pub use experiment::{
    Condition, Correction, DatasetDef, Experiment, FamilyMember, Header, Library, Metric,
    Missing, ModelDef, ReportSpec, ScriptFunction, SourceText, TemplateFile,
};
pub use hooks::Hooks;
pub use kinds::{CLAIM_FUNCTIONS, FORMATS, KINDS, RIGHT_SIDE};
pub use scale::{MEASURES, Measure, Scale, measure};
pub use signature::{
    Complaint, Evaluate, Fallback, Param, Signature, Signatures, Standing, Type,
};
pub use stop::{STOP_RULES, StopRule};
pub use value::{Function, PromptSpec, Shot, Value};
