//! What does not go together in a vote.

use crate::model;
use crate::spec::{Call, Complaint, Value};
use crate::strategy::{COMBINATORS, sure};

pub(super) fn check(call: &Call) -> Vec<Complaint> {
    let members = call.list("strategies").unwrap_or_default();
    if members.is_empty() {
        return vec![of("strategies", "`vote` needs at least one member", None)];
    }
    let vote = Written::of(call);
    [
        vote.weights(members.len()),
        vote.counting(),
        vote.confidence(members),
        vote.schedule(members.len()),
        vote.quorum(members.len()),
    ]
    .concat()
}

fn of(param: &'static str, message: impl Into<String>, help: Option<&str>) -> Complaint {
    Complaint {
        param: Some(param),
        message: message.into(),
        help: help.map(str::to_owned),
    }
}

/// A vote as it is written.
struct Written<'a> {
    call: &'a Call,
    /// The word of `by:`; `closure` where one stands there.
    by: &'a str,
    /// The word of `run:`, or the name of the call that stands there.
    run: &'a str,
}

impl<'a> Written<'a> {
    fn of(call: &'a Call) -> Self {
        let by = match call.arg("by") {
            Some(Value::Function(_)) => "closure",
            Some(value) => value.as_text().unwrap_or("majority"),
            None => "majority",
        };
        let run = match call.arg("run") {
            Some(Value::Call(schedule)) => schedule.name.as_str(),
            Some(value) => value.as_text().unwrap_or("parallel"),
            None => "parallel",
        };
        Self { call, by, run }
    }

    fn has(&self, name: &str) -> bool {
        self.call.args.get(name).is_some_and(|argument| argument.given)
    }

    fn by_words(&self) -> String {
        match self.by {
            "closure" => "a closure".to_owned(),
            word => format!("`by: {word}`"),
        }
    }

    fn weights(&self, members: usize) -> Vec<Complaint> {
        let mut found = Vec::new();
        found.extend(self.calibration());
        for name in ["weights", "accuracies"] {
            let Some(list) = self.call.list(name) else { continue };
            if !matches!(self.by, "weighted" | "weighted_majority") {
                let message =
                    format!("`{name}` does not count where {} does", self.by_words());
                found.push(of(name, message, Some("`by: weighted`")));
                continue;
            }
            let values: Vec<f64> = list
                .iter()
                .filter_map(|value| Some(value.as_quantity()?.value))
                .collect();
            if values.len() != members {
                let message = format!(
                    "`{name}` has {} for {}",
                    counted(values.len(), "value"),
                    counted(members, "member")
                );
                found.push(of(
                    name,
                    message,
                    Some("one for each member, in their order"),
                ));
            }
            found.extend(match name {
                "weights" => wrong_weights(&values),
                _ => wrong_accuracies(&values),
            });
        }
        if self.has("weights") && self.has("accuracies") {
            let message = "`weights` and `accuracies` both say how much a member counts";
            found.push(of("accuracies", message, Some("leave one of them out")));
        }
        if self.by == "weighted_majority" && !self.has("weights") {
            let message = "`by: weighted_majority` needs `weights`";
            let help = "`weights: [2, 1, 1]`, one for each member";
            found.push(of("by", message, Some(help)));
        }
        if self.by == "weighted_majority" && self.has("accuracies") {
            let message = "`by: weighted_majority` takes `weights`, not `accuracies`";
            found.push(of("accuracies", message, Some("`by: weighted`")));
        }
        found
    }

    fn calibration(&self) -> Option<Complaint> {
        if !self.has("calibration") {
            return None;
        }
        if self.by != "weighted" {
            let message =
                format!("`calibration` does not count where {} does", self.by_words());
            return Some(of("calibration", message, Some("`by: weighted`")));
        }
        let both = ["weights", "accuracies"].into_iter().find(|name| self.has(name))?;
        let message =
            format!("`{both}` and `calibration` both say how much a member counts");
        Some(of("calibration", message, Some("leave one of them out")))
    }

    /// What `answer`, `same` and `ties` have to do with `by`.
    fn counting(&self) -> Vec<Complaint> {
        let mut found = Vec::new();
        if self.by == "ranked" {
            match self.call.arg("answer") {
                None => found.push(of(
                    "by",
                    "`by: ranked` needs `answer`, which takes a list out of the output",
                    Some("`answer: json`, or a closure that returns a list"),
                )),
                Some(Value::Function(_)) => {}
                Some(value) => {
                    let name = value.as_call().map(|call| call.name.as_str());
                    let name = name.or(value.as_text()).unwrap_or_default();
                    if name != "json" {
                        let message = format!("`{name}` never gives a list to rank");
                        let help = "`answer: json`, or a closure that returns a list";
                        found.push(of("answer", message, Some(help)));
                    }
                }
            }
        }
        if self.has("same") && matches!(self.by, "ranked" | "closure") {
            let message = format!("`same` does not count where {} does", self.by_words());
            found.push(of("same", message, Some("leave `same` out")));
        }
        if self.has("ties") && matches!(self.by, "unanimous" | "closure") {
            let message = format!("there are no ties where {} decides", self.by_words());
            found.push(of("ties", message, Some("leave `ties` out")));
        }
        found
    }

    /// Members that never say how sure they are, where that is what counts.
    fn confidence(&self, members: &[Value]) -> Vec<Complaint> {
        let given = ["weights", "accuracies", "calibration"];
        let weighted = self.by == "weighted" && !given.iter().any(|name| self.has(name));
        let by = self.by == "best_confidence" || weighted;
        let (param, what) = match (by, self.run) {
            (_, "cascade") => ("run", "`run: cascade`"),
            (true, _) if weighted => ("by", "`by: weighted` without weights"),
            (true, _) => ("by", "`by: best_confidence`"),
            (false, _) => return Vec::new(),
        };
        let Some(silent) = members.iter().filter_map(Value::as_call).find_map(silent)
        else {
            return Vec::new();
        };
        let message = format!(
            "{what} needs members that say how sure they are, and {} does not",
            sure::named(silent)
        );
        let other = if weighted {
            "`weights: [2, 1, 1]` or `accuracies: [80%, 70%, 70%]`"
        } else {
            "let it say so, `ask(m, confidence: stated)`, or take a vote of it, `vote(repeat(m, 5), answer: last_number)`"
        };
        let help = match sure::help(silent) {
            Some(help) => format!("{help}; or {other}"),
            None => other.to_owned(),
        };
        vec![of(param, message, Some(&help))]
    }

    fn schedule(&self, members: usize) -> Vec<Complaint> {
        match self.run {
            "sequential" => self.sequential(),
            "hedged" => self.hedged(members),
            _ => Vec::new(),
        }
    }

    fn sequential(&self) -> Vec<Complaint> {
        if matches!(self.by, "best_confidence" | "ranked" | "closure") {
            let message = format!(
                "{} needs all votes, so `run: sequential` would never stop early",
                self.by_words()
            );
            let help = if self.by == "best_confidence" {
                "`run: cascade(confidence: 90%)` stops at the first that is sure"
            } else {
                "`run: parallel`"
            };
            return vec![of("run", message, Some(help))];
        }
        let until = self.call.call("run").and_then(|run| run.arg("until"));
        if self.by == "unanimous" && until.is_some() {
            let message =
                "`by: unanimous` needs all members to agree; `until` has no meaning";
            return vec![of("run", message, Some("`run: sequential`"))];
        }
        Vec::new()
    }

    fn hedged(&self, members: usize) -> Vec<Complaint> {
        let mut found = Vec::new();
        if members < 2 {
            let message = "`run: hedged` needs a member to start where the first is late";
            found.push(of("run", message, Some("`hedge(m)` asks the same model again")));
        }
        let names = [
            "by",
            "answer",
            "quorum",
            "ties",
            "same",
            "weights",
            "accuracies",
            "calibration",
        ];
        for name in names.into_iter().filter(|name| self.has(name)) {
            let message = format!(
                "`{name}` does not count with `run: hedged`: the first answer wins"
            );
            found.push(of(name, message, Some("leave it out")));
        }
        found
    }

    fn quorum(&self, members: usize) -> Vec<Complaint> {
        let Some(quorum) = self.call.quantity("quorum") else { return Vec::new() };
        if self.run == "cascade" {
            let message = "a cascade ends with one member; `quorum` has no meaning";
            return vec![of("quorum", message, Some("leave `quorum` out"))];
        }
        match self.call.count("quorum") {
            _ if quorum.unit == crate::base::Unit::Fraction => {
                if quorum.value > 0.0 && quorum.value <= 1.0 {
                    return Vec::new();
                }
                let message =
                    format!("`quorum` is {quorum}, wanted more than 0% and at most 100%");
                vec![of("quorum", message, Some("`quorum: 50%`"))]
            }
            Some(n) if (1..=members as u64).contains(&n) => Vec::new(),
            _ => {
                let message = format!(
                    "`quorum` is {quorum}, wanted 1 to {members}, the number of members"
                );
                vec![of(
                    "quorum",
                    message,
                    Some("`quorum: 2`, or a share: `quorum: 50%`"),
                )]
            }
        }
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn wrong_weights(values: &[f64]) -> Vec<Complaint> {
    if let Some(low) = values.iter().find(|weight| **weight < 0.0) {
        let message = format!("a weight is {low}, wanted at least 0");
        return vec![of("weights", message, Some("`weights: [2, 1, 1]`"))];
    }
    if !values.is_empty() && values.iter().all(|weight| *weight <= 0.0) {
        let message = "all weights are 0, so no vote counts";
        return vec![of("weights", message, Some("`weights: [2, 1, 1]`"))];
    }
    Vec::new()
}

fn wrong_accuracies(values: &[f64]) -> Vec<Complaint> {
    let wrong = values.iter().find(|p| !(**p > 0.0 && **p < 1.0));
    let complaint = |p: &f64| {
        let message = format!(
            "an accuracy is {}%, whose log-odds have no bound; wanted between 0% and 100%",
            p * 100.0
        );
        of("accuracies", message, Some("`accuracies: [80%, 70%, 70%]`"))
    };
    wrong.map(complaint).into_iter().collect()
}

/// Finds a model in a strategy whose answers never come with a confidence, where the strategy
/// has none of its own.
fn silent(call: &Call) -> Option<&Call> {
    if call.body.is_some() {
        // What a script returns is its own affair.
        return None;
    }
    if model::provider(&call.name).is_some() {
        return sure::is_silent(call).then_some(call);
    }
    let own = COMBINATORS.iter().find(|one| one.signature.name == call.name)?;
    if own.signature.confidence.is_some_and(|gives| gives(call)) {
        return None;
    }
    let values = call.args.values().map(|argument| &argument.value);
    values
        .flat_map(|value| value.as_list().unwrap_or(std::slice::from_ref(value)))
        .filter_map(Value::as_call)
        .find_map(silent)
}
