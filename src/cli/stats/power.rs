//! `stats power TEST`: of size, effect, power and level the one that is left out.
#![expect(clippy::format_push_string, reason = "a few short lines of a page")]

use clap::{Args, Subcommand};
use serde_json::json;

use super::super::args::Look;
use super::super::exit::{Exit, Trouble};
use super::super::say;
use super::quantity;
use crate::base::{Quantity, Unit};
use crate::report;
use crate::stats::{
    Alternative, AnovaPower, ChiSquaredPower, Clusters, CorrelationPower, EvalPower,
    EvalVariance, McNemarPower, McNemarRule, Plan, ProportionPower, Solve, StatsError,
    TDesign, TTestPower,
};

/// The tests whose power is known.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Power {
    /// The t test; the effect is Cohen's d, of pairs in standard deviations of the differences
    T {
        /// One sample, or pairs, in place of two independent samples
        #[arg(long, conflicts_with = "ratio")]
        paired: bool,
        /// Size of the second sample over that of the first
        #[arg(long, default_value_t = 1.0)]
        ratio: f64,
        #[command(flatten)]
        numbers: Numbers,
        #[command(flatten)]
        side: Side,
    },
    /// One-way analysis of variance; the effect is Cohen's f
    Anova {
        /// How many groups
        #[arg(long)]
        groups: u32,
        #[command(flatten)]
        numbers: Numbers,
    },
    /// Two independent proportions; the effect is Cohen's h, or follows from both
    Proportions {
        /// The first proportion, such as 80%
        #[arg(long, value_parser = quantity::share, requires = "second", conflicts_with = "effect")]
        first: Option<f64>,
        /// The second proportion
        #[arg(long, value_parser = quantity::share, requires = "first")]
        second: Option<f64>,
        /// Size of the second sample over that of the first
        #[arg(long, default_value_t = 1.0)]
        ratio: f64,
        #[command(flatten)]
        numbers: Numbers,
        #[command(flatten)]
        side: Side,
    },
    /// Pearson's chi-squared test; the effect is Cohen's w
    Chi2 {
        /// Degrees of freedom
        #[arg(long)]
        df: u32,
        #[command(flatten)]
        numbers: Numbers,
    },
    /// A correlation against zero; the effect is r
    Correlation {
        #[command(flatten)]
        numbers: Numbers,
        #[command(flatten)]
        side: Side,
    },
    /// McNemar's test of paired right and wrong answers; the effect is the difference, as 5pp
    Mcnemar {
        /// The share of pairs of which just one is right
        #[arg(
            long,
            value_parser = quantity::share,
            conflicts_with = "first",
            required_unless_present = "first"
        )]
        discordance: Option<f64>,
        /// The first accuracy, such as 80%: with the second it gives the discordance of
        /// independent errors and, without --effect, the effect
        #[arg(long, value_parser = quantity::share, requires = "second")]
        first: Option<f64>,
        /// The second accuracy
        #[arg(long, value_parser = quantity::share, requires = "first")]
        second: Option<f64>,
        /// The mid-p in place of the exact p
        #[arg(long)]
        mid_p: bool,
        #[command(flatten)]
        numbers: Numbers,
        #[command(flatten)]
        side: Side,
    },
    /// A paired comparison of mean scores over items, single or in clusters (Miller 2024)
    Items {
        /// Standard deviation, over items, of the difference of both conditions
        #[arg(long)]
        sd: f64,
        /// Standard deviation of the trials of one item, of the first condition
        #[arg(long, default_value_t = 0.0)]
        sd_within_first: f64,
        /// The same of the second
        #[arg(long, default_value_t = 0.0)]
        sd_within_second: f64,
        /// Trials of an item under each condition
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        repeats: u32,
        /// Items in a cluster, on average
        #[arg(long, default_value_t = 1.0)]
        cluster_size: f64,
        /// Coefficient of variation of the sizes of clusters
        #[arg(long, default_value_t = 0.0)]
        cluster_variation: f64,
        /// Correlation of two items of a cluster
        #[arg(long, default_value_t = 0.0)]
        cluster_correlation: f64,
        #[command(flatten)]
        numbers: Numbers,
    },
}

/// Four numbers, of which one is left out and found; the level is 5% unless it is that one.
#[derive(Debug, Args)]
pub(in crate::cli) struct Numbers {
    /// The size: of the first group, in pairs, in items, or in all, as the answer says
    #[arg(long)]
    n: Option<f64>,
    /// The effect that is to be found
    #[arg(long, allow_hyphen_values = true, value_parser = quantity::quantity)]
    effect: Option<Quantity>,
    /// The probability of finding it, such as 80%
    #[arg(long, value_parser = quantity::share)]
    power: Option<f64>,
    /// The level; 5% where absent, or what is found where the others are given
    #[arg(long, value_parser = quantity::level)]
    alpha: Option<f64>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Look::Human)]
    format: Look,
}

/// On which side of zero the effect is looked for.
#[derive(Debug, Clone, Copy, Args)]
pub(in crate::cli) struct Side {
    /// Look on the side of the effect alone
    #[arg(long)]
    one_sided: bool,
}

/// What a test and its numbers are called.
#[derive(Debug, Clone, Copy)]
struct Names {
    test: &'static str,
    effect: &'static str,
    size: &'static str,
    how: &'static str,
}

/// What was asked and found.
struct Answer {
    names: Names,
    question: Solve,
    alternative: Alternative,
    plan: Plan,
    /// The size that can be carried out, and its power.
    whole: Option<(f64, f64)>,
}

impl Power {
    fn numbers(&self) -> &Numbers {
        match self {
            Self::T { numbers, .. }
            | Self::Anova { numbers, .. }
            | Self::Proportions { numbers, .. }
            | Self::Chi2 { numbers, .. }
            | Self::Correlation { numbers, .. }
            | Self::Mcnemar { numbers, .. }
            | Self::Items { numbers, .. } => numbers,
        }
    }

    fn is_one_sided(&self) -> bool {
        match self {
            Self::T { side, .. }
            | Self::Proportions { side, .. }
            | Self::Correlation { side, .. }
            | Self::Mcnemar { side, .. } => side.one_sided,
            Self::Anova { .. } | Self::Chi2 { .. } | Self::Items { .. } => false,
        }
    }

    /// Returns the effect: as given, or of two proportions.
    fn effect(&self) -> Result<Option<f64>, StatsError> {
        let given = self.numbers().effect.map(|effect| effect.value);
        match self {
            Self::Proportions { first: Some(first), second: Some(second), .. } => {
                ProportionPower::effect(*first, *second).map(Some)
            }
            Self::Mcnemar { first: Some(first), second: Some(second), .. } => {
                let apart = first - second;
                // Where size, power and level are given the effect is what is asked.
                let numbers = self.numbers();
                let asked = [numbers.n, numbers.power, numbers.alpha];
                let asked = asked.iter().all(Option::is_some);
                Ok(given.or((!asked).then_some(apart)))
            }
            Self::T { .. }
            | Self::Anova { .. }
            | Self::Proportions { .. }
            | Self::Chi2 { .. }
            | Self::Correlation { .. }
            | Self::Mcnemar { .. }
            | Self::Items { .. } => Ok(given),
        }
    }

    /// Says whether the effect is a difference that may be written in a unit.
    fn takes_units(&self) -> bool {
        matches!(self, Self::Mcnemar { .. } | Self::Items { .. })
    }
}

/// Finds the number that is left out.
pub(super) fn power(test: &Power) -> Result<Exit, Trouble> {
    let numbers = test.numbers();
    if let Some(effect) = numbers.effect
        && effect.unit != Unit::One
        && !test.takes_units()
    {
        return Err(Trouble::Wrong(format!(
            "the effect of this test is a plain number, such as 0.3, not `{effect}`"
        )));
    }
    let effect = test.effect().map_err(|error| Trouble::wrong(&error))?;
    let question = question(numbers, effect)?;
    let toward = effect.is_some_and(|effect| effect < 0.0);
    let alternative = match (test.is_one_sided(), toward) {
        (false, _) => Alternative::TwoSided,
        (true, false) => Alternative::Greater,
        (true, true) => Alternative::Less,
    };
    let solve = |question| {
        test.solve(question, alternative).map_err(|error| Trouble::wrong(&error))
    };
    let plan = solve(question)?;
    let whole = match question {
        Solve::N { effect, alpha, .. } => {
            let n = plan.n.ceil();
            Some((n, solve(Solve::Power { n, effect, alpha })?.power))
        }
        Solve::Effect { .. } | Solve::Power { .. } | Solve::Alpha { .. } => None,
    };
    let answer = Answer { names: test.names(), question, alternative, plan, whole };
    say(&match numbers.format {
        Look::Human => answer.page(),
        Look::Json => format!("{:#}\n", answer.document()),
    });
    Ok(Exit::Complete)
}

/// Reads which number is left out.
fn question(numbers: &Numbers, effect: Option<f64>) -> Result<Solve, Trouble> {
    const USUAL: f64 = 0.05;
    match (numbers.n, effect, numbers.power, numbers.alpha) {
        (None, Some(effect), Some(power), alpha) => {
            Ok(Solve::N { effect, power, alpha: alpha.unwrap_or(USUAL) })
        }
        (Some(n), None, Some(power), alpha) => {
            Ok(Solve::Effect { n, power, alpha: alpha.unwrap_or(USUAL) })
        }
        (Some(n), Some(effect), None, alpha) => {
            Ok(Solve::Power { n, effect, alpha: alpha.unwrap_or(USUAL) })
        }
        (Some(n), Some(effect), Some(power), None) => Ok(Solve::Alpha { n, effect, power }),
        (Some(_), Some(_), Some(_), Some(_)) => Err(Trouble::Wrong(
            "all four numbers are given; leave out the one that is to be found: --n, --effect, --power or --alpha".to_owned(),
        )),
        _ => Err(Trouble::Wrong(
            "two of --n, --effect and --power are due, and the third is found; --alpha is 5% unless it is given".to_owned(),
        )),
    }
}

impl Power {
    /// Finds the missing number.
    fn solve(
        &self,
        question: Solve,
        alternative: Alternative,
    ) -> Result<Plan, StatsError> {
        match self {
            Self::T { paired: true, .. } => {
                TTestPower { design: TDesign::Single, alternative }.solve(question)
            }
            Self::T { ratio, .. } => {
                let design = TDesign::Independent { ratio: *ratio };
                TTestPower { design, alternative }.solve(question)
            }
            Self::Anova { groups, .. } => AnovaPower { groups: *groups }.solve(question),
            Self::Proportions { ratio, .. } => {
                ProportionPower { ratio: *ratio, alternative }.solve(question)
            }
            Self::Chi2 { df, .. } => ChiSquaredPower { df: *df }.solve(question),
            Self::Correlation { .. } => CorrelationPower { alternative }.solve(question),
            Self::Mcnemar { discordance, first, second, mid_p, .. } => {
                let discordance = match (discordance, first, second) {
                    (Some(discordance), _, _) => *discordance,
                    (None, first, second) => McNemarPower::independent(
                        first.unwrap_or(f64::NAN),
                        second.unwrap_or(f64::NAN),
                    )?,
                };
                let rule = if *mid_p { McNemarRule::MidP } else { McNemarRule::Exact };
                McNemarPower { discordance, alternative, rule }.solve(question)
            }
            Self::Items {
                sd,
                sd_within_first,
                sd_within_second,
                repeats,
                cluster_size,
                cluster_variation,
                cluster_correlation,
                ..
            } => {
                let variance = EvalVariance {
                    between: sd * sd,
                    within_a: sd_within_first * sd_within_first,
                    within_b: sd_within_second * sd_within_second,
                    repeats_a: *repeats,
                    repeats_b: *repeats,
                };
                let clusters = Clusters {
                    mean_size: *cluster_size,
                    variation: *cluster_variation,
                    correlation: *cluster_correlation,
                };
                EvalPower { variance, clusters }.solve(question)
            }
        }
    }

    /// Returns what the test and its numbers are called, each approximation as what it is.
    fn names(&self) -> Names {
        let [test, effect, size, how] = match self {
            Self::T { paired, .. } => [
                "t test",
                "d",
                if *paired { "pairs or values" } else { "values in the first group" },
                "exact for normal values of equal variance",
            ],
            Self::Anova { .. } => [
                "analysis of variance",
                "f",
                "values in all groups together",
                "exact for normal values of equal variance",
            ],
            Self::Proportions { .. } => [
                "two proportions",
                "h",
                "values in the first group",
                "the arcsine approximation (Cohen 1988)",
            ],
            Self::Chi2 { .. } => [
                "chi-squared test",
                "w",
                "observations",
                "the limit for large counts (noncentral chi-squared), an approximation",
            ],
            Self::Correlation { .. } => [
                "correlation",
                "r",
                "pairs",
                "Fisher's z with its bias term, an approximation",
            ],
            Self::Mcnemar { mid_p, .. } => [
                if *mid_p { "McNemar mid-p" } else { "exact McNemar" },
                "difference",
                "pairs",
                "exact, by summing over the numbers of discordant pairs (Duffy 1984)",
            ],
            Self::Items { .. } => [
                "paired comparison over items",
                "difference",
                "items",
                "a normal approximation (Miller 2024), of which few clusters fall short",
            ],
        };
        Names { test, effect, size, how }
    }
}

impl Answer {
    /// Says on which sides an effect that has a direction is looked for.
    fn sides(&self) -> Option<&'static str> {
        let directed = !matches!(self.names.effect, "f" | "w");
        directed.then_some(match self.alternative {
            Alternative::TwoSided => "two-sided",
            Alternative::Less | Alternative::Greater => "one-sided",
        })
    }

    fn solved(&self) -> &'static str {
        match self.question {
            Solve::N { .. } => "n",
            Solve::Effect { .. } => "effect",
            Solve::Power { .. } => "power",
            Solve::Alpha { .. } => "alpha",
        }
    }

    fn page(&self) -> String {
        let Names { test, effect, size, how } = self.names;
        let plan = self.plan;
        let shown = report::power(&plan);
        let n = self.whole.map_or(shown.n.clone(), |(n, _)| report::whole(n));
        let found = match self.question {
            Solve::N { .. } => format!("{n} {size} are needed"),
            Solve::Effect { .. } => format!("{effect} = {} is found", shown.effect),
            Solve::Power { .. } => format!("the power is {}", shown.power),
            Solve::Alpha { .. } => format!("the level is {}", shown.alpha),
        };
        let sides = self.sides().map_or(String::new(), |sides| format!(", {sides}"));
        let mut page = format!("{test}{sides}: {found}\n\n");
        for (name, value) in [
            ("n", format!("{n} {size}")),
            ("effect", format!("{effect} = {}", shown.effect)),
            ("power", shown.power),
            ("alpha", shown.alpha),
        ] {
            page += &format!("  {name:8}{value}\n");
        }
        if let Some((whole, power)) = self.whole.filter(|(whole, _)| *whole > plan.n) {
            let reached = report::power(&Plan { power, ..plan }).power;
            let whole = report::whole(whole);
            page += &format!(
                "\nWith {whole} the power is {reached}; not rounded the size is {}.\n",
                shown.n
            );
        }
        page += &format!("\nHow it is computed: {how}.\n");
        page
    }

    fn document(&self) -> serde_json::Value {
        let plan = self.plan;
        json!({
            "test": self.names.test,
            "sides": self.sides(),
            "solved": self.solved(),
            "n": plan.n,
            "n_counts": self.names.size,
            "n_whole": self.whole.map(|(n, _)| n),
            "effect": plan.effect,
            "effect_name": self.names.effect,
            "power": plan.power,
            "power_at_n_whole": self.whole.map(|(_, power)| power),
            "alpha": plan.alpha,
            "how": self.names.how,
        })
    }
}
