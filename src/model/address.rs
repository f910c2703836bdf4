//! Where a model's server is, and which key it is shown.

use std::collections::BTreeMap;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::model::lane::complaint;
use crate::model::provider::{BuildError, Surroundings};
use crate::spec::{Call, Complaint};

/// Where an API lives when nobody says otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home {
    /// Its own address.
    pub(super) base: &'static str,
    /// The variable that names another one; empty where there is none.
    pub(super) base_name: &'static str,
    /// The variables that may hold the key, the first found wins.
    pub(super) key_names: &'static [&'static str],
}

/// The server of one model.
#[derive(Debug, Clone)]
pub(super) struct Address {
    /// The base, without a slash at its end.
    pub(super) base: String,
    /// Whether it is the API's own server.
    pub(super) own: bool,
    /// Whether it is on this machine.
    pub(super) loopback: bool,
    /// Whether list prices hold: the API's own server, or one elsewhere that stands for it
    /// in the environment.
    pub(super) listed: bool,
    /// The key, if one is to be sent.
    pub(super) key: Option<SecretString>,
    /// What is missing, if a key must be sent and is not there.
    pub(super) missing: Option<String>,
}

impl Address {
    /// Works the address out: `base_url` of the file, else of the environment, else the
    /// API's own. The key comes from the variable that `key` names, else from the API's own
    /// variables; the latter is never sent unencrypted to another machine.
    pub(super) fn of(
        call: &Call,
        surroundings: &Surroundings<'_>,
        home: &Home,
    ) -> Result<Self, BuildError> {
        let variable = |name: &str| {
            surroundings
                .environment
                .get(name)
                .filter(|value| !value.expose_secret().trim().is_empty())
        };
        let set = variable(home.base_name).map(|value| value.expose_secret().trim());
        let given = call.text("base_url");
        let text = given.or(set).unwrap_or(home.base);
        let url = parse(text).map_err(|problem| {
            let place = if given.is_some() { "base_url" } else { home.base_name };
            BuildError::new(format!("`{place}` {problem}"))
                .with_help("an address such as `http://localhost:8000/v1`")
        })?;
        let loopback = is_loopback(&url);
        // An address of the environment is part of the call once the file is checked.
        let elsewhere =
            given.is_some() && set.and_then(|set| parse(set).ok()).as_ref() != Some(&url);
        let own = Url::parse(home.base).is_ok_and(|base| base.host() == url.host());
        let named = call.text("key");
        let names = || home.key_names.iter().find_map(|name| variable(name));
        let guarded = url.scheme() == "https" || loopback;
        let key = match named {
            Some(name) => variable(name),
            None => names().filter(|_| guarded),
        };
        let missing = match named {
            Some(name) if key.is_none() => Some(unset(&[name])),
            None if own && key.is_none() => Some(unset(home.key_names)),
            Some(_) | None => None,
        };
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            own,
            loopback,
            listed: own || (!elsewhere && !loopback),
            key: key.cloned(),
            missing,
        })
    }
}

/// Returns the address that the environment gives instead of an API's own, if it does. One
/// that cannot be used is left to [`Address::of`], which says what is wrong with it.
pub(super) fn of_environment(
    environment: &BTreeMap<String, SecretString>,
    home: &Home,
) -> Option<String> {
    let url = parse(environment.get(home.base_name)?.expose_secret()).ok()?;
    let base = url.as_str().trim_end_matches('/');
    (base != home.base.trim_end_matches('/')).then(|| base.to_owned())
}

fn unset(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{} is not set in the environment", names.join(" or "))
}

/// Parses an address. What is wrong is said without the address, which may hold a key.
fn parse(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "is not an address")?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("is not an address of http or https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password: keys come from the environment");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("holds a query: keys come from the environment");
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let ip = bare.parse::<std::net::IpAddr>();
        bare == "localhost"
            || bare.ends_with(".localhost")
            || ip.is_ok_and(|ip| ip.is_loopback())
    })
}

/// Finds what is wrong with `base_url` and `key` of the file.
pub(super) fn check(call: &Call) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if let Some(Err(problem)) = call.text("base_url").map(parse) {
        complaints.push(complaint(
            "base_url",
            format!("`base_url` {problem}"),
            "`base_url: \"http://localhost:8000/v1\"`",
        ));
    }
    let variable = |name: &str| {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        !name.is_empty() && name.len() <= 64 && name.chars().all(plain)
    };
    if call.text("key").is_some_and(|name| !variable(name)) {
        complaints.push(complaint(
            "key",
            "`key` is not the name of an environment variable".to_owned(),
            "the variable's name, never the key itself: `key: \"VLLM_API_KEY\"`",
        ));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::call;
    use crate::spec::Value;

    const HOME: Home = Home {
        base: "https://api.example.com/v1",
        base_name: "BASE",
        key_names: &["KEY", "OTHER_KEY"],
    };

    fn address(
        args: &[(&'static str, &str)],
        environment: &[(&str, &str)],
    ) -> Result<Address, BuildError> {
        let args = args.iter().map(|(n, v)| (*n, Value::Text((*v).to_owned()))).collect();
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
            .collect();
        let surroundings = Surroundings { environment, ..Surroundings::default() };
        Address::of(&call("openai", args), &surroundings, &HOME)
    }

    #[test]
    fn the_file_wins_over_the_environment_and_that_over_the_api() {
        let env = [("BASE", "https://proxy.example.org/v1/"), ("OTHER_KEY", "k")];
        let here = [("base_url", "http://127.0.0.1:8000/v1")];
        let file = address(&here, &env).unwrap();
        assert_eq!(file.base, "http://127.0.0.1:8000/v1");
        assert!(file.loopback && !file.listed && file.key.is_some());
        let proxy = address(&[], &env).unwrap();
        assert_eq!(proxy.base, "https://proxy.example.org/v1");
        assert!(proxy.listed && !proxy.own);
        let own = address(&[], &[]).unwrap();
        assert_eq!(
            own.missing.as_deref(),
            Some("`KEY` or `OTHER_KEY` is not set in the environment")
        );
    }

    #[test]
    fn an_address_of_the_environment_stands_for_one_of_the_file() {
        let of = |value: &str| {
            let environment = [("BASE".to_owned(), SecretString::from(value))].into();
            of_environment(&environment, &HOME)
        };
        assert_eq!(of("http://gpu01:8000/v1/ ").as_deref(), Some("http://gpu01:8000/v1"));
        assert_eq!(of("https://api.example.com/v1/"), None, "the API's own");
        assert_eq!(of("https://user:hunter2@x.org/v1"), None, "never kept");
        assert_eq!(of_environment(&BTreeMap::new(), &HOME), None);
        let proxy = "https://proxy.example.org/v1";
        let standing = address(&[("base_url", proxy)], &[("BASE", proxy), ("KEY", "k")]);
        assert!(standing.unwrap().listed, "as if it stood in the environment alone");
    }

    #[test]
    fn a_key_goes_unencrypted_to_another_machine_only_when_it_is_named() {
        let far = ("base_url", "http://gpu01:8000/v1");
        let env = [("KEY", "k"), ("GPU_KEY", "g")];
        assert!(address(&[far], &env).unwrap().key.is_none());
        let named = address(&[far, ("key", "GPU_KEY")], &env).unwrap();
        assert_eq!(named.key.unwrap().expose_secret(), "g");
    }

    #[test]
    fn an_address_that_holds_a_secret_is_refused_without_being_shown() {
        for bad in
            ["https://user:hunter2@x.org/v1", "https://x.org/v1?key=hunter2", "hunter2"]
        {
            let error = address(&[], &[("BASE", bad)]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
            let args = vec![("base_url", Value::Text(bad.to_owned()))];
            let complaints = check(&call("openai", args));
            assert!(!format!("{complaints:?}").contains("hunter2"));
            assert_eq!(complaints.len(), 1);
        }
        let args = vec![("key", Value::Text("sk-hunter2".to_owned()))];
        assert!(!format!("{:?}", check(&call("openai", args))).contains("hunter2"));
    }
}
