//! The experiment: what is left of a file once it is checked.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, Digester, FileId, Span};
use crate::spec::call::Call;
use crate::spec::claim::Hypothesis;
use crate::spec::design::{Column, Design, FamilySample};
use crate::spec::hooks::Hooks;
use crate::spec::scale::Scale;
use crate::spec::stop::StopRule;
use crate::spec::value::Function;

/// A checked experiment. Every name in it is resolved and every call fits its signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// The name after `experiment`.
    pub name: String,
    /// The title in quotes.
    pub title: Option<String>,
    /// The `//!` documentation of the file.
    pub doc: String,
    /// The fields of the header.
    pub header: Header,
    /// The models, in file order; conditions hold their own copies of the calls.
    pub models: Vec<ModelDef>,
    /// The dataset whose items are asked. `None` in a file without anything to run.
    pub dataset: Option<DatasetDef>,
    /// The conditions, families spread out, in file order.
    pub conditions: Vec<Condition>,
    /// The metrics, in file order.
    pub metrics: Vec<Metric>,
    /// The hypotheses, in file order.
    pub hypotheses: Vec<Hypothesis>,
    /// What is rendered.
    pub report: ReportSpec,
    /// For each file, the `script` functions that its closures see.
    pub libraries: Vec<Library>,
    /// The files that it was read from; the first is the one that was named.
    pub sources: Vec<SourceText>,
}

impl Experiment {
    /// Returns the digest that says whether a run can be continued: everything that
    /// decides trials and verdicts; not titles, reports, hooks or operational arguments.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::new("experiment");
        digester.text(&self.name).number(self.header.seed);
        digester.number(u64::from(self.header.repeats));
        digester.text(self.header.correction.word());
        if self.header.design.is_unpaired() {
            digester.text(self.header.design.word());
        }
        if let Some(stop) = self.header.stop {
            digester.text("stop").text(&stop.words());
        }
        if let Some(dataset) = &self.dataset {
            digester.digest(&dataset.call.digest());
        }
        for condition in &self.conditions {
            digester.text(&condition.name).digest(&condition.strategy.digest());
        }
        for metric in &self.metrics {
            digester.text(&metric.name).digest(&metric.call.digest());
            digester.text(metric.missing.word());
        }
        for hypothesis in &self.hypotheses {
            digester.text(&hypothesis.name).digest(&hypothesis.digest);
        }
        digester.finish()
    }

    /// Returns a condition and its index.
    #[must_use]
    pub fn condition(&self, name: &str) -> Option<(usize, &Condition)> {
        self.conditions.iter().enumerate().find(|(_, condition)| condition.name == name)
    }
}

/// The fields of `experiment { … }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Who wrote it.
    pub authors: Vec<String>,
    /// The seed of every random choice.
    pub seed: u64,
    /// Trials for each item and condition; at least 1.
    pub repeats: u32,
    /// The most that a run may spend, in dollars.
    pub budget: Option<f64>,
    /// The timeout of a call, in seconds.
    pub timeout: Option<f64>,
    /// Trials under way at once; at least 1.
    pub concurrency: u32,
    /// The share of trials that may fail before the run stops, 0 to 1.
    pub max_failures: f64,
    /// How the p-values of the family are corrected.
    pub correction: Correction,
    /// The column of the dataset that groups items into independent units.
    pub cluster: Option<String>,
    /// Which conditions an item is asked under.
    #[serde(default)]
    pub design: Design,
    /// When a condition may end early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopRule>,
    /// What the file does beside its trials, as a run goes.
    #[serde(default, skip_serializing_if = "Hooks::is_empty")]
    pub hooks: Hooks,
    /// Where the column of `cluster` is named.
    #[serde(default)]
    pub cluster_span: Span,
}

impl Default for Header {
    /// Returns what holds where a file says nothing.
    fn default() -> Self {
        Self {
            authors: Vec::new(),
            seed: 0,
            repeats: 1,
            budget: None,
            timeout: None,
            concurrency: 32,
            max_failures: 0.1,
            correction: Correction::Holm,
            cluster: None,
            design: Design::Paired,
            stop: None,
            hooks: Hooks::default(),
            cluster_span: Span::default(),
        }
    }
}

/// A correction for testing several hypotheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Holm's step-down; family-wise.
    Holm,
    /// Bonferroni; family-wise.
    Bonferroni,
    /// None at all.
    None,
}

impl Correction {
    /// Returns the word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Holm => "holm",
            Self::Bonferroni => "bonferroni",
            Self::None => "none",
        }
    }
}

/// A model of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelDef {
    /// Its name.
    pub name: String,
    /// Its title in quotes.
    pub title: Option<String>,
    /// The documentation above it.
    pub doc: String,
    /// The provider's call, labelled with the name.
    pub call: Call,
}

/// A dataset of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetDef {
    /// Its name.
    pub name: String,
    /// Its title in quotes.
    pub title: Option<String>,
    /// The documentation above it.
    pub doc: String,
    /// The source's call, labelled with the name.
    pub call: Call,
}

/// A condition: a named strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Its name; `panel[3]` or `grid[strong, direct]` for a member of a family.
    pub name: String,
    /// Its title in quotes.
    pub title: Option<String>,
    /// The documentation above it.
    pub doc: String,
    /// The family and the values that make this member.
    pub family: Option<FamilyMember>,
    /// The strategy; a bare model has become an `ask`.
    pub strategy: Call,
    /// Where the definition stands.
    pub span: Span,
}

/// Which member of a family a condition is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FamilyMember {
    /// The family's name.
    pub family: String,
    /// The value of each variable, as it is shown in brackets.
    pub values: IndexMap<String, String>,
}

/// A metric of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Its title in quotes.
    pub title: Option<String>,
    /// The documentation above it.
    pub doc: String,
    /// The scorer's call.
    pub call: Call,
    /// The scale of its scores.
    pub scale: Scale,
    /// What a failed trial counts as.
    pub missing: Missing,
    /// The columns by which it is shown beside its mean over all items.
    #[serde(default)]
    pub by: Vec<Column>,
}

/// What a failed trial counts as in the mean of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Wrong on a fraction, left out elsewhere: the rule when nothing is said.
    ByScale,
    /// It scores 0.
    Wrong,
    /// It is left out, with its pair.
    Drop,
}

impl Missing {
    /// Returns the word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ByScale => "by_scale",
            Self::Wrong => "wrong",
            Self::Drop => "drop",
        }
    }
}

/// The fields of `report { … }`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReportSpec {
    /// The formats, such as `markdown`.
    pub formats: Vec<String>,
    /// The columns by which every metric and hypothesis is shown.
    #[serde(default)]
    pub by: Vec<Column>,
    /// The families of which every pair is compared.
    #[serde(default)]
    pub pairs: Vec<FamilySample>,
    /// The author's own template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateFile>,
    /// The author's own sections: closures over the findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Function>,
}

/// A template of a report that the author wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateFile {
    /// Its path as the file names it.
    pub path: String,
    /// Where it is named.
    pub span: Span,
    /// Its text among the sources of the experiment.
    pub text: FileId,
}

/// The `script` functions that the closures of one file see.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Library {
    /// The functions, the file's own first.
    pub functions: Vec<ScriptFunction>,
}

/// One `fn` of a `script` block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptFunction {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub params: Vec<String>,
    /// The whole `fn …(…) { … }` as it stands in the file.
    pub text: String,
    /// Where that text stands.
    pub span: Span,
    /// The plain `let` values of its file that it reads.
    pub captures: IndexMap<String, crate::spec::Value>,
}

/// A file that the experiment was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceText {
    /// Its id in spans.
    pub file: FileId,
    /// Its path as it was found; `std::prompts` and the like for what is inside the program.
    pub path: String,
    /// The directory that paths in it are relative to; empty for the working directory.
    pub folder: String,
    /// Its text.
    pub text: String,
}
