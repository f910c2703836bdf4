//! Who may read: nobody but a reader of the page itself.

use std::net::IpAddr;

use hyper::http::request::Parts;
use hyper::{Method, StatusCode, header};

/// Lets requests in.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    /// The word in the address; none where only this machine can ask.
    pub(super) token: Option<String>,
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) why: &'static str,
}

impl Refusal {
    const fn new(status: StatusCode, why: &'static str) -> Self {
        Self { status, why }
    }
}

impl Guard {
    /// Returns the path that is asked for, behind the word in the address.
    pub(super) fn admit<'a>(&self, head: &'a Parts) -> Result<&'a str, Refusal> {
        if head.method != Method::GET && head.method != Method::HEAD {
            let why = "the page is for reading: GET and HEAD";
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, why));
        }
        let host = self.host(head)?;
        same_site(head, host)?;
        let path = head.uri.path();
        let Some(token) = &self.token else {
            return Ok(path);
        };
        let wrong = Refusal::new(StatusCode::NOT_FOUND, "there is nothing here");
        let (word, rest) = path
            .strip_prefix('/')
            .and_then(|path| path.find('/').map(|slash| path.split_at(slash)))
            .ok_or(wrong)?;
        if equal(word.as_bytes(), token.as_bytes()) { Ok(rest) } else { Err(wrong) }
    }

    /// Returns the host by which the server was called. A page of another site that has its
    /// own name lead here still calls it by that name.
    fn host<'a>(&self, head: &'a Parts) -> Result<&'a str, Refusal> {
        let why = "the server is not known by this name";
        let wrong = Refusal::new(StatusCode::MISDIRECTED_REQUEST, why);
        let mut hosts = head.headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(wrong) };
        let host = host.to_str().map_err(|_| wrong)?;
        if self.token.is_none() && !is_loopback(name(host)) {
            return Err(wrong);
        }
        Ok(host)
    }
}

/// Refuses what a page of another site asks for, by what the browser says of it. To follow a
/// link to the page is allowed.
fn same_site(head: &Parts, host: &str) -> Result<(), Refusal> {
    let foreign = Refusal::new(StatusCode::FORBIDDEN, "another site asks");
    let text = |name: &str| head.headers.get(name).map(|value| value.to_str());
    match text("origin") {
        None => {}
        Some(Ok(origin)) if origin == format!("http://{host}") => {}
        Some(_) => return Err(foreign),
    }
    match (text("sec-fetch-site"), text("sec-fetch-mode")) {
        (None | Some(Ok("same-origin" | "none")), _) | (_, Some(Ok("navigate"))) => {
            Ok(())
        }
        (Some(_), _) => Err(foreign),
    }
}

/// Returns a host without its port.
fn name(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    }
}

/// Says whether a name can only mean this machine.
fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Compares without telling by its time where the difference is.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn asked(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn status(guard: &Guard, head: &Parts) -> u16 {
        guard.admit(head).map_or_else(|refusal| refusal.status.as_u16(), |_| 200)
    }

    #[test]
    fn only_a_name_of_this_machine_opens_a_page_without_a_token() {
        let guard = Guard { token: None };
        for (host, wanted) in [
            ("127.0.0.1:4848", 200),
            ("localhost:9000", 200),
            ("LocalHost", 200),
            ("[::1]:4848", 200),
            ("127.0.0.2", 200),
            ("attacker.example:4848", 421),
            ("127.0.0.1.attacker.example", 421),
            ("localhost.attacker.example", 421),
            ("192.168.1.5:4848", 421),
            ("", 421),
        ] {
            assert_eq!(
                status(&guard, &asked("GET", "/", &[("host", host)])),
                wanted,
                "{host}"
            );
        }
        assert_eq!(status(&guard, &asked("GET", "/", &[])), 421);
        let two = [("host", "localhost"), ("host", "attacker.example")];
        assert_eq!(status(&guard, &asked("GET", "/", &two)), 421);
    }

    #[test]
    fn another_site_may_lead_here_and_may_not_read() {
        let guard = Guard { token: None };
        let with = |more: &[(&str, &str)]| {
            let mut headers = vec![("host", "localhost:1")];
            headers.extend(more);
            status(&guard, &asked("GET", "/run", &headers))
        };
        assert_eq!(with(&[("origin", "http://localhost:1")]), 200);
        assert_eq!(with(&[("origin", "http://localhost:2")]), 403);
        assert_eq!(with(&[("origin", "https://attacker.example")]), 403);
        assert_eq!(with(&[("origin", "null")]), 403);
        assert_eq!(with(&[("sec-fetch-site", "same-origin")]), 200);
        assert_eq!(with(&[("sec-fetch-site", "cross-site")]), 403);
        assert_eq!(
            with(&[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors")]),
            403
        );
        assert_eq!(
            with(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]),
            200
        );
    }

    #[test]
    fn a_page_that_others_can_reach_opens_by_its_word_alone() {
        let guard = Guard { token: Some("abc".to_owned()) };
        let host = [("host", "lab.example:80")];
        for (path, wanted) in [
            ("/abc/", Ok("/")),
            ("/abc/trials", Ok("/trials")),
            ("/", Err(404)),
            ("/abc", Err(404)),
            ("/abd/", Err(404)),
            ("/abcd/", Err(404)),
            ("//abc/", Err(404)),
        ] {
            let head = asked("GET", path, &host);
            let found = guard.admit(&head).map_err(|refusal| refusal.status.as_u16());
            assert_eq!(found, wanted, "{path}");
        }
    }

    #[test]
    fn nothing_can_be_written() {
        let guard = Guard { token: None };
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"] {
            let head = asked(method, "/", &[("host", "localhost")]);
            assert_eq!(status(&guard, &head), 405, "{method}");
        }
        assert_eq!(status(&guard, &asked("HEAD", "/", &[("host", "localhost")])), 200);
    }
}
