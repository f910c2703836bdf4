//! The watcher: which files are looked at, and when one of them has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::print::Print;

/// How long it must be quiet after an event: an editor saves in several steps.
const QUIET: Duration = Duration::from_millis(20);

/// After this long the files are looked at although it is not quiet.
const PATIENCE: Duration = Duration::from_millis(200);

/// How often files are looked at without an event: some disks tell nothing.
const POLL: Duration = Duration::from_secs(1);

/// How often where the system gives no events at all.
const POLL_ALONE: Duration = Duration::from_millis(150);

/// Looks at files, whether they are there or not.
///
/// Files are followed by the folders they stand in, so that one which is replaced, deleted or
/// made anew is followed on.
#[derive(Debug)]
pub struct Watcher {
    /// `None` where the system gives no events.
    system: Option<RecommendedWatcher>,
    woken: Arc<Notify>,
    files: BTreeMap<PathBuf, Option<Print>>,
    folders: BTreeSet<PathBuf>,
    /// Whether every folder is watched by the system.
    heard: bool,
}

impl Default for Watcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Watcher {
    /// Makes a watcher that follows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let woken = Arc::new(Notify::new());
        let wake = Arc::clone(&woken);
        let heard = move |event: notify::Result<notify::Event>| {
            // To read a file is an event, too, and no change.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                wake.notify_one();
            }
        };
        let system = notify::recommended_watcher(heard)
            .inspect_err(|error| tracing::debug!(%error, "no events of files"))
            .ok();
        Self {
            heard: system.is_some(),
            system,
            woken,
            files: BTreeMap::new(),
            folders: BTreeSet::new(),
        }
    }

    /// Follows these files from now on, and no others. What is known of those that were
    /// followed before stays, so that no change between is lost. Says whether one was not:
    /// what was read of it may be older than what is followed.
    pub fn follow(&mut self, files: impl IntoIterator<Item = PathBuf>) -> bool {
        let mut known = std::mem::take(&mut self.files);
        let mut new = false;
        for file in files {
            let print = match known.remove(&file) {
                Some(print) => print,
                None => {
                    new = true;
                    Print::of(&file)
                }
            };
            self.files.insert(file, print);
        }
        self.follow_folders();
        new
    }

    fn follow_folders(&mut self) {
        let folders: BTreeSet<PathBuf> =
            self.files.keys().flat_map(|file| folders_of(file)).collect();
        let Some(system) = &mut self.system else { return };
        for gone in self.folders.difference(&folders) {
            drop(system.unwatch(gone));
        }
        self.heard = true;
        for folder in &folders {
            // Again for those that are watched: another folder may stand there by now.
            if let Err(error) = system.watch(folder, RecursiveMode::NonRecursive) {
                tracing::debug!(folder = %folder.display(), %error, "not watched");
                self.heard = false;
            }
        }
        self.folders = folders;
    }

    /// Returns how many files are followed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Says whether none is followed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Waits until files that are followed have changed, and it has become quiet; returns
    /// which. It may be dropped at any time, and nothing is lost.
    pub async fn changed(&mut self) -> BTreeSet<PathBuf> {
        loop {
            let found = self.look();
            if !found.is_empty() {
                self.settle().await;
                return found.into_iter().chain(self.take()).collect();
            }
            let poll = if self.heard { POLL } else { POLL_ALONE };
            if timeout(poll, self.woken.notified()).await.is_ok() {
                self.settle().await;
            }
        }
    }

    /// Waits until there have been no events for a moment.
    async fn settle(&self) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            tokio::select! {
                () = sleep(QUIET) => return,
                () = self.woken.notified() => {}
            }
        }
    }

    /// Returns the files that are not as they were, and forgets nothing.
    fn look(&self) -> BTreeSet<PathBuf> {
        let other = |(file, print): (&PathBuf, &Option<Print>)| {
            (Print::of(file) != *print).then(|| file.clone())
        };
        self.files.iter().filter_map(other).collect()
    }

    /// Returns the files that are not as they were, and keeps how they are.
    fn take(&mut self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for (file, print) in &mut self.files {
            let now = Print::of(file);
            if now != *print {
                *print = now;
                found.insert(file.clone());
            }
        }
        found
    }
}

/// Returns the folders whose events speak of a file: its own and, behind a link, that of what
/// the link leads to. Where there is no such folder, the nearest one above that is there.
fn folders_of(file: &Path) -> Vec<PathBuf> {
    let mut folders = vec![parent(file)];
    if let Ok(real) = file.canonicalize() {
        let real = parent(&real);
        if folders.iter().all(|own| own.canonicalize().ok().as_ref() != Some(&real)) {
            folders.push(real);
        }
    }
    for folder in &mut folders {
        while !folder.is_dir() {
            *folder = parent(folder);
        }
    }
    folders
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => PathBuf::from(if path.has_root() { "/" } else { "." }),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files are saved to be followed")]
mod tests {
    use super::*;

    /// Waits for a change, and not for ever.
    async fn next(watcher: &mut Watcher) -> Option<BTreeSet<PathBuf>> {
        timeout(Duration::from_secs(5), watcher.changed()).await.ok()
    }

    async fn quiet(watcher: &mut Watcher) -> bool {
        timeout(Duration::from_millis(400), watcher.changed()).await.is_err()
    }

    #[tokio::test]
    async fn a_file_is_followed_through_every_way_of_saving_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.crucible");
        let one = BTreeSet::from([file.clone()]);
        let mut watcher = Watcher::new();
        watcher.follow([file.clone()]);
        assert!(quiet(&mut watcher).await, "it is not there, and that is no change");
        std::fs::write(&file, "made").unwrap();
        assert_eq!(next(&mut watcher).await, Some(one.clone()), "made");
        std::fs::write(&file, "in place").unwrap();
        assert_eq!(next(&mut watcher).await, Some(one.clone()), "written in place");
        let beside = dir.path().join(".a.swp");
        std::fs::write(&beside, "by rename").unwrap();
        std::fs::rename(&beside, &file).unwrap();
        assert_eq!(next(&mut watcher).await, Some(one.clone()), "saved by rename");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(next(&mut watcher).await, Some(one.clone()), "deleted");
        std::fs::write(&file, "again").unwrap();
        assert_eq!(next(&mut watcher).await, Some(one), "made again");
        std::fs::write(dir.path().join("other"), "x").unwrap();
        drop(std::fs::read(&file));
        assert!(quiet(&mut watcher).await, "others change, and it is read");
    }

    #[tokio::test]
    async fn a_save_in_many_steps_is_one_change() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        std::fs::write(&file, "").unwrap();
        let mut watcher = Watcher::new();
        watcher.follow([file.clone()]);
        let writer = std::thread::spawn({
            let file = file.clone();
            move || (0..10).for_each(|n| std::fs::write(&file, "x".repeat(n)).unwrap())
        });
        assert!(next(&mut watcher).await.is_some());
        writer.join().unwrap();
        assert!(quiet(&mut watcher).await);
    }

    #[tokio::test]
    async fn a_folder_that_is_replaced_is_followed_on() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("data");
        let file = folder.join("d.jsonl");
        let mut watcher = Watcher::new();
        watcher.follow([file.clone()]);
        for round in 0..3 {
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(&file, "x").unwrap();
            assert!(next(&mut watcher).await.is_some(), "made, round {round}");
            watcher.follow([file.clone()]);
            std::fs::remove_dir_all(&folder).unwrap();
            assert!(next(&mut watcher).await.is_some(), "removed, round {round}");
            watcher.follow([file.clone()]);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_behind_a_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (there, here) = (dir.path().join("there"), dir.path().join("here"));
        for folder in [&there, &here] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(there.join("d"), "x").unwrap();
        std::os::unix::fs::symlink(there.join("d"), here.join("d")).unwrap();
        let mut watcher = Watcher::new();
        watcher.follow([here.join("d")]);
        std::fs::write(there.join("d"), "xy").unwrap();
        assert_eq!(next(&mut watcher).await, Some([here.join("d")].into()));
    }
}
