//! Calls the hooks of a file.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Dynamic, INT, Map};

use crate::base::Digester;
use crate::catalogue::HookFunctions;
use crate::engine::moment::{Decision, Heard, HookSet, Moment, RunCounts};
use crate::plan::TrialSpec;
use crate::record::{Failure, Item, Score};
use crate::script::{
    Callable, ScriptFailure, ScriptRun, failure_value, item_value, output_value, to_json,
};
use crate::spec::SourceText;
use crate::text::shown;

/// Says which hooks there are.
pub(super) fn set(functions: &HookFunctions) -> HookSet {
    HookSet {
        before_experiment: functions.before_experiment.is_some(),
        after_experiment: functions.after_experiment.is_some(),
        before_trial: functions.before_trial.is_some(),
        after_trial: functions.after_trial.is_some(),
        on_error: functions.on_error.is_some(),
    }
}

/// Calls the hook of a moment, if there is one.
pub(super) fn call(
    functions: &HookFunctions,
    sources: &[SourceText],
    item: Option<&Arc<Item>>,
    moment: &Moment,
) -> Heard {
    let trial = |spec: &TrialSpec| trial_map(functions, spec, item);
    let (callable, args) = match moment {
        Moment::BeforeExperiment(counts) => {
            let run = run_map(functions, counts, false);
            (&functions.before_experiment, vec![run.into()])
        }
        Moment::AfterExperiment(counts) => {
            let run = run_map(functions, counts, true);
            (&functions.after_experiment, vec![run.into()])
        }
        Moment::BeforeTrial(spec) => (&functions.before_trial, vec![trial(spec).into()]),
        Moment::AfterTrial(spec, output, scores) => {
            let mut trial = trial(spec);
            trial.insert("scores".into(), scores_map(functions, scores).into());
            (&functions.after_trial, vec![trial.into(), output_value(output)])
        }
        Moment::OnError(spec, failure, attempts) => {
            let error = error_value(failure, *attempts);
            (&functions.on_error, vec![error, trial(spec).into()])
        }
    };
    let Some(callable) = callable else { return Heard::default() };
    let lines = Arc::new(Mutex::new(Vec::new()));
    let mut key = Digester::new("hook");
    if let Some(trial) = moment.trial() {
        key.digest(&trial.key);
    }
    let run = ScriptRun {
        key: Some(key.text(moment.hook()).finish()),
        log: Some(Arc::clone(&lines)),
        ..ScriptRun::default()
    };
    let decided = decided(callable, args, &run, moment);
    let lines =
        std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
    match decided {
        Ok(decision) => Heard { decision, lines, trouble: None },
        Err(failure) => {
            let trouble = Some(failure.placed(sources));
            Heard { decision: Decision::GoOn, lines, trouble }
        }
    }
}

fn decided(
    callable: &Callable,
    args: Vec<Dynamic>,
    run: &ScriptRun,
    moment: &Moment,
) -> Result<Decision, ScriptFailure> {
    let failure =
        |message: String| ScriptFailure { message, span: callable.span(), cause: None };
    let value = std::panic::catch_unwind(AssertUnwindSafe(|| callable.call(args, run)))
        .unwrap_or_else(|_| Err(failure("a fault of the program".to_owned())))?;
    match moment {
        Moment::BeforeExperiment(_)
        | Moment::AfterExperiment(_)
        | Moment::AfterTrial(..) => Ok(Decision::GoOn),
        Moment::BeforeTrial(_) => before(&value).map_err(failure),
        Moment::OnError(_, error, _) => on_error(&value, error).map_err(failure),
    }
}

fn before(value: &Dynamic) -> Result<Decision, String> {
    if value.is_unit() || matches!(value.as_bool(), Ok(true)) {
        return Ok(Decision::GoOn);
    }
    if matches!(value.as_bool(), Ok(false)) {
        return Ok(Decision::Skip("`before_trial` said false".to_owned()));
    }
    match value.as_immutable_string_ref() {
        Ok(reason) => Ok(Decision::Skip(reason.to_string())),
        Err(_) => Err(format!(
            "`before_trial` returns `()` or true to go on, false or a text to skip the \
             trial, not `{}`",
            shown(&to_json(value))
        )),
    }
}

fn on_error(value: &Dynamic, error: &Failure) -> Result<Decision, String> {
    if value.is_unit() {
        return Ok(Decision::GoOn);
    }
    let word = value.as_immutable_string_ref().map(|word| word.to_string());
    match word.as_deref() {
        Ok("retry") => Ok(Decision::Retry),
        Ok("skip") => Ok(Decision::Skip(format!("`on_error` let it go: {error}"))),
        Ok("abort") => Ok(Decision::Abort),
        Ok(_) | Err(_) => Err(format!(
            "`on_error` returns \"retry\", \"skip\", \"abort\" or `()`, not `{}`",
            shown(&to_json(value))
        )),
    }
}

fn run_map(functions: &HookFunctions, counts: &RunCounts, ended: bool) -> Map {
    let mut map = Map::new();
    map.insert("name".into(), functions.experiment.as_str().into());
    map.insert("planned".into(), whole(counts.planned));
    map.insert("done".into(), whole(counts.done));
    map.insert("failed".into(), whole(counts.failed));
    map.insert("reused".into(), whole(counts.reused));
    map.insert("spent".into(), counts.spent_usd.into());
    map.insert("seconds".into(), counts.seconds.into());
    if ended {
        map.insert("complete".into(), counts.complete.into());
    }
    map
}

fn trial_map(
    functions: &HookFunctions,
    spec: &TrialSpec,
    item: Option<&Arc<Item>>,
) -> Map {
    let condition = functions.conditions.get(spec.condition as usize);
    let mut map = Map::new();
    map.insert("id".into(), spec.id.to_string().into());
    map.insert("item".into(), item.map_or(Dynamic::UNIT, item_value));
    map.insert(
        "condition".into(),
        condition.map_or(Dynamic::UNIT, |name| name.as_str().into()),
    );
    map.insert("repeat".into(), whole(u64::from(spec.repeat)));
    map
}

fn scores_map(functions: &HookFunctions, scores: &[Score]) -> Map {
    let value = |score: &Score| match score {
        Score::Value(value) => Dynamic::from(*value),
        Score::Unscored | Score::Failed(_) => Dynamic::UNIT,
    };
    let named = functions.metrics.iter().zip(scores);
    named.map(|(name, score)| (name.as_str().into(), value(score))).collect()
}

fn error_value(failure: &Failure, attempts: u32) -> Dynamic {
    let mut value = failure_value(failure);
    if let Some(mut map) = value.write_lock::<Map>() {
        map.insert("attempts".into(), INT::from(attempts).into());
    }
    value
}

fn whole(number: u64) -> Dynamic {
    INT::try_from(number).unwrap_or(INT::MAX).into()
}
