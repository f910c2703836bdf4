//! The program while it goes on: what it says, files that are saved, signals.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long anything may take on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The program under way. It is ended when this is dropped.
pub(crate) struct Live {
    child: Child,
    said: Arc<Mutex<String>>,
    /// How much of it was waited for already.
    seen: usize,
}

impl Live {
    /// Starts the program in a folder.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_crucible-run"))
            .args(arguments)
            .current_dir(folder)
            .env_remove("RUST_LOG")
            .env_remove("OPENAI_API_KEY")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let out: Box<dyn Read + Send> = Box::new(child.stdout.take().unwrap());
        let err: Box<dyn Read + Send> = Box::new(child.stderr.take().unwrap());
        for mut pipe in [out, err] {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                let mut part = [0; 4096];
                while let Ok(n @ 1..) = pipe.read(&mut part) {
                    said.lock().unwrap().push_str(&String::from_utf8_lossy(&part[..n]));
                }
            });
        }
        Self { child, said, seen: 0 }
    }

    /// Returns all that was said so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until words are said behind those that were waited for last; returns what was
    /// said up to them.
    pub(crate) fn hears(&mut self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let said = self.said();
            if let Some(place) = said[self.seen..].find(words) {
                let end = self.seen + place + words.len();
                let heard = said[self.seen..end].to_owned();
                self.seen = end;
                return heard;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "`{words}` was not said; what was:\n{}",
                &said[self.seen..]
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Returns where the page is.
    pub(crate) fn page(&mut self) -> String {
        self.hears("the page is at ");
        let url = self.hears("\n");
        url.trim().to_owned()
    }

    /// Returns the id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends Ctrl-C and waits for the end.
    pub(crate) fn interrupt(mut self) -> (ExitStatus, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, self.said());
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Saves a file as many editors do: beside it, then in its place.
pub(crate) fn save(path: &Path, text: &str) {
    let beside = path.with_extension("swp");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, path).unwrap();
}
