//! A browser without a window, driven by its developer tools over a socket.

#![expect(clippy::disallowed_methods, reason = "these tests start a browser")]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// The names under which Chromium is known.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one page.
pub(crate) struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    number: u64,
    /// What the page did by itself since it was opened: events by method.
    pub(crate) events: Vec<Json>,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Browser {
    /// Starts a browser; says so where there is none.
    pub(crate) fn start() -> Option<Self> {
        let profile = TempDir::new().unwrap();
        let started = NAMES.iter().find_map(|name| {
            Command::new(name)
                .args([
                    "--headless=new",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--no-first-run",
                ])
                .args(["--disable-dev-shm-usage", "--remote-debugging-port=0"])
                // These tests change the address more often than a reader would.
                .arg("--disable-ipc-flooding-protection")
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg("about:blank")
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .ok()
        });
        let Some(mut process) = started else {
            println!("skipped: there is no chromium");
            return None;
        };
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines
            .find_map(|line| {
                Some(line.unwrap().strip_prefix("DevTools listening on ")?.to_owned())
            })
            .expect("the browser says where it listens");
        // What it says further is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let place = address.strip_prefix("ws://").unwrap().split('/').next().unwrap();
        let stream = TcpStream::connect(place).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(address.as_str(), stream).unwrap();
        let mut browser = Self {
            process,
            socket,
            session: String::new(),
            number: 0,
            events: Vec::new(),
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attached = browser.ask(
            "Target.attachToTarget",
            json!({"targetId": target["targetId"], "flatten": true}),
        );
        attached["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Sends a command and returns its answer; keeps the events that come before it.
    pub(crate) fn ask(&mut self, method: &str, params: Json) -> Json {
        self.number += 1;
        let mut command = json!({"id": self.number, "method": method, "params": params});
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(command.to_string())).unwrap();
        loop {
            let message = self.next();
            if message["id"] == json!(self.number) {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn next(&mut self) -> Json {
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else { continue };
            let message: Json = serde_json::from_str(&text).unwrap();
            if message.get("method").is_some() {
                self.events.push(message.clone());
            }
            return message;
        }
    }

    /// Opens a file, with what stands behind it in the address, and waits until it is loaded.
    pub(crate) fn open(&mut self, file: &Path, fragment: &str) {
        // Another fragment of the same page would not load it again.
        self.go("about:blank");
        self.events.clear();
        let file = file.canonicalize().unwrap();
        self.go(&format!("file://{}{fragment}", file.display()));
    }

    fn go(&mut self, address: &str) {
        self.events.clear();
        self.ask("Page.navigate", json!({"url": address}));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            self.next();
        }
    }

    /// Evaluates an expression in the page; a promise is waited for.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Json {
        let answer = self.ask(
            "Runtime.evaluate",
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true}),
        );
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer:#}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) fn until(&mut self, expression: &str) {
        let found = self.evaluate(&format!(
            "new Promise((done) => {{
                const end = performance.now() + 60000;
                const look = () => {{
                    if ({expression}) done(true);
                    else if (performance.now() > end) done(false);
                    else setTimeout(look, 10);
                }};
                look();
            }})"
        ));
        assert_eq!(found, json!(true), "{expression} never came true");
    }

    /// Presses a key, by its name.
    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            other => panic!("what key is {other}?"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        let mut event = json!({"type": "keyDown", "key": key, "code": key,
            "windowsVirtualKeyCode": code});
        if !text.is_empty() {
            event["text"] = json!(text);
        }
        self.ask("Input.dispatchKeyEvent", event.clone());
        event["type"] = json!("keyUp");
        self.ask("Input.dispatchKeyEvent", event);
    }

    /// Types text where the focus is.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.ask("Input.insertText", json!({"text": text}));
    }

    /// Says which colours the reader prefers: `light` or `dark`.
    pub(crate) fn prefer(&mut self, scheme: &str) {
        self.ask(
            "Emulation.setEmulatedMedia",
            json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        );
    }

    /// Returns the addresses that the page asked for, itself left out, and the messages that
    /// it caused.
    pub(crate) fn reached_out(&self) -> Vec<String> {
        let mut found = Vec::new();
        for event in &self.events {
            let params = &event["params"];
            match event["method"].as_str().unwrap_or_default() {
                "Network.requestWillBeSent" if params["type"] != "Document" => {
                    found.push(params["request"]["url"].to_string());
                }
                "Page.javascriptDialogOpening" => found.push(params.to_string()),
                "Log.entryAdded" => found.push(params["entry"]["text"].to_string()),
                "Runtime.exceptionThrown" => found.push(params.to_string()),
                _ => {}
            }
        }
        found
    }
}
