//! A real browser: Chromium without a window, driven over its pipe.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests start a browser and talk to it"
)]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::ops::Not;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::live::PATIENCE;

/// Names under which Chromium is installed.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// A browser with one tab.
pub(crate) struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    session: Option<String>,
    asked: u64,
    /// Holds its profile and its pipes.
    _folder: TempDir,
}

impl Browser {
    /// Starts a browser and opens an address.
    pub(crate) fn open(url: &str) -> Self {
        let works = |name: &&&str| {
            let version = Command::new(name).arg("--version").output();
            version.is_ok_and(|output| output.status.success())
        };
        let name =
            NAMES.iter().find(works).expect("Chromium is needed: .ci/run installs it");
        let folder = TempDir::new().unwrap();
        let (to, from) = (folder.path().join("to"), folder.path().join("from"));
        assert!(Command::new("mkfifo").args([&to, &from]).status().unwrap().success());
        let script = format!(
            "exec {name} --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
             --no-first-run --disable-extensions --disable-background-networking \
             --remote-debugging-pipe --user-data-dir='{}' about:blank 3<'{}' 4>'{}'",
            folder.path().join("profile").display(),
            to.display(),
            from.display()
        );
        let child = Command::new("sh")
            .args(["-c", &script])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = File::options().write(true).open(&to).unwrap();
        let from = BufReader::new(File::open(&from).unwrap());
        let mut browser =
            Self { child, to, from, session: None, asked: 0, _folder: folder };
        let target = browser.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let attached = browser.ask(
            "Target.attachToTarget",
            &json!({ "targetId": target["targetId"], "flatten": true }),
        );
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        browser.ask("Page.enable", &json!({}));
        browser.ask("Page.navigate", &json!({ "url": url }));
        browser
    }

    /// Asks the browser for something that it gives.
    fn ask(&mut self, method: &str, params: &Json) -> Json {
        self.asks(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Asks the browser for something.
    fn asks(&mut self, method: &str, params: &Json) -> Result<Json, Json> {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        loop {
            let mut part = Vec::new();
            self.from.read_until(0, &mut part).unwrap();
            part.pop();
            let answer: Json = serde_json::from_slice(&part).unwrap();
            if answer["id"] == json!(self.asked) {
                return match answer.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(answer["result"].clone()),
                };
            }
        }
    }

    /// Works out an expression in the page.
    pub(crate) fn eval(&mut self, expression: &str) -> Json {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true,
        });
        let found = self.ask("Runtime.evaluate", &params);
        assert!(found.get("exceptionDetails").is_none(), "{expression}: {found}");
        found["result"]["value"].clone()
    }

    /// Waits until an expression holds.
    pub(crate) fn until(&mut self, expression: &str) {
        let begun = Instant::now();
        let params = json!({ "expression": expression, "returnByValue": true });
        // While a page is loaded there is no place to work it out in.
        while self
            .asks("Runtime.evaluate", &params)
            .is_ok_and(|found| found["result"]["value"] == json!(true))
            .not()
        {
            if begun.elapsed() > PATIENCE {
                let page = self.eval("document.body.innerText");
                panic!("`{expression}` does not hold in:\n{}", page.as_str().unwrap());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses a key.
    pub(crate) fn key(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let code = match key {
                "Enter" => 13,
                "Escape" => 27,
                "Tab" => 9,
                other => panic!("no key `{other}`"),
            };
            let text = if key == "Enter" && kind == "keyDown" { "\r" } else { "" };
            self.ask(
                "Input.dispatchKeyEvent",
                &json!({
                    "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
                    "text": text,
                }),
            );
        }
    }

    /// Shows the page as in the dark or in the light.
    pub(crate) fn scheme(&mut self, scheme: &str) {
        self.ask(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        );
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
