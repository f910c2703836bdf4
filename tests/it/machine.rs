//! Runs on a machine that fails: signals, full and read-only disks, no names, no TLS, proxies,
//! sleep and a clock that jumps.
//!
//! What needs a tool or a right that is not there is skipped, and says so.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the program on real files"
)]

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::crash::{ITEMS, experiment, program};
use crate::standin::{Config, Standin};

fn slow(milliseconds: u64) -> Standin {
    let latency = Duration::from_millis(milliseconds);
    Standin::spawn(Config { latency, ..Config::default() })
}

fn folder(url: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("fire.crucible"), experiment(url)).unwrap();
    folder
}

fn document(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", told(output)))
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn signal(name: &str, id: u32) {
    let status =
        Command::new("kill").args([format!("-{name}"), id.to_string()]).status().unwrap();
    assert!(status.success());
}

fn wait_for(server: &Standin, requests: usize) {
    while server.requests().len() < requests {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs what is left and expects every trial done, none of them asked in full twice.
fn goes_on(folder: &Path, server: &Standin) {
    let output = program(folder).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let document = document(&output);
    assert_eq!(document["trials"]["done"], ITEMS);
    assert_eq!(document["trials"]["failed"], 0);
    assert!(server.requests().len() >= ITEMS as usize);
}

#[test]
fn a_signal_that_ends_a_run_ends_it_as_ctrl_c_does() {
    for name in ["TERM", "HUP"] {
        let server = slow(20);
        let folder = folder(&server.url());
        let child = program(folder.path()).spawn().unwrap();
        wait_for(&server, 60);
        signal(name, child.id());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{name}: {}", told(&output));
        let document = document(&output);
        let done = document["trials"]["done"].as_u64().unwrap();
        assert!(done >= 30 && done < u64::from(ITEMS), "{name}: {done}");
        goes_on(folder.path(), &server);
    }
}

#[test]
fn a_second_process_on_a_run_is_told_and_asks_nothing() {
    let server = slow(100);
    let folder = folder(&server.url());
    let first = program(folder.path()).spawn().unwrap();
    wait_for(&server, 20);
    let second = program(folder.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(1), "{}", told(&second));
    assert!(told(&second).contains("another process"), "{}", told(&second));
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.requests().len(), ITEMS as usize);
}

#[test]
fn a_machine_that_slept_goes_on_over_new_connections() {
    let server = slow(150);
    let folder = folder(&server.url());
    let child = program(folder.path()).spawn().unwrap();
    wait_for(&server, 40);
    signal("STOP", child.id());
    // Longer than the timeout of a call, and every connection dies meanwhile.
    std::thread::sleep(Duration::from_millis(300));
    server.hang_up();
    std::thread::sleep(Duration::from_secs(6));
    signal("CONT", child.id());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(document(&output)["trials"]["failed"], 0);
}

/// Runs a script in a mount namespace of its own; `None` where that is not allowed.
fn mounted(folder: &Path, script: &str) -> Option<Output> {
    let allowed = Command::new("unshare")
        .args(["--mount", "sh", "-c", "mount -t tmpfs none /mnt"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !allowed {
        eprintln!("skipped: no mount namespace can be made here");
        return None;
    }
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .current_dir(folder)
        .env("OPENAI_API_KEY", "sk-test-never-shown")
        .env("PROGRAM", env!("CARGO_BIN_EXE_crucible-run"))
        .output()
        .unwrap();
    Some(output)
}

#[test]
fn a_full_disk_ends_the_run_and_with_room_it_goes_on() {
    let server = slow(0);
    let folder = folder(&server.url());
    let path = folder.path().join("fire.crucible");
    // Questions of 8 kB each fill the disk soon.
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text
        .replace("input: `What is", &format!("input: `{}What is", "so ".repeat(2_700)));
    std::fs::write(&path, text).unwrap();
    let script = "mkdir runs && mount -t tmpfs -o size=6m none runs || exit 99
        $PROGRAM fire.crucible --yes --format json > first.json 2> first.txt; echo $?
        mount -o remount,size=60m none runs
        $PROGRAM fire.crucible --yes --format json > second.json 2> second.txt; echo $?";
    let Some(output) = mounted(folder.path(), script) else { return };
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (first, second) = (read("first.txt"), read("second.txt"));
    let codes = String::from_utf8_lossy(&output.stdout);
    assert_eq!(codes, "1\n0\n", "{first}{second}");
    assert!(first.contains("no space left"), "{first}");
    let document: Json = serde_json::from_str(&read("second.json")).unwrap();
    assert_eq!(document["trials"]["done"], ITEMS);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_asked() {
    let server = slow(0);
    let folder = folder(&server.url());
    let script = "mkdir runs && mount -t tmpfs -o ro none runs || exit 99
        $PROGRAM fire.crucible --yes > first.json 2> first.txt; echo $?";
    let Some(output) = mounted(folder.path(), script) else { return };
    let first = std::fs::read_to_string(folder.path().join("first.txt")).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n", "{first}");
    assert!(first.contains("runs"), "{first}");
    assert_eq!(server.requests().len(), 0);
}

/// A server that knows only plain HTTP, called by an address that wants TLS.
fn plain() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut hello = [0; 512];
            let _read = std::io::Read::read(&mut stream, &mut hello);
            let words = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
            let _written = std::io::Write::write_all(&mut stream, words);
        }
    });
    format!("https://127.0.0.1:{port}")
}

#[test]
fn nobody_at_the_address_is_told_within_a_minute() {
    let cases = [
        ("a name that is not known", "http://no-such-host.invalid".to_owned()),
        ("no server", "http://127.0.0.1:9".to_owned()),
        ("no TLS there", plain()),
    ];
    let started: Vec<_> = cases
        .iter()
        .map(|(name, url)| {
            let folder = folder(url);
            let child = program(folder.path()).env_remove("ALL_PROXY").spawn().unwrap();
            (name, folder, child)
        })
        .collect();
    for (name, folder, child) in started {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{name}: {}", told(&output));
        let words = told(&output);
        assert!(words.contains("a model was given up"), "{name}: {words}");
        assert!(words.contains("connection failed"), "{name}: {words}");
        let document = document(&output);
        assert_eq!(document["trials"]["done"], 0, "{name}: nothing is called a failure");
        drop(folder);
    }
}

#[test]
fn a_proxy_of_the_environment_is_used() {
    let server = slow(0);
    let folder = folder("http://models.invalid");
    let output = program(folder.path()).env("HTTP_PROXY", server.url()).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.requests().len(), ITEMS as usize);
}

/// Makes a certificate for `models.invalid` that nobody but a test trusts.
fn certificate(folder: &Path) -> bool {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=models.invalid"])
        .args(["-addext", "subjectAltName=DNS:models.invalid"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .output();
    made.is_ok_and(|output| output.status.success())
}

/// A proxy that opens tunnels, all of them to one server that speaks TLS in front of the
/// stand-in. Returns its address and the lines with which tunnels were asked for.
async fn tunnel(
    folder: &Path,
    to: String,
) -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(&read("cert.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&read("key.pem")).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(async move {
        let mut tunnels = tokio::task::JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, seen, to) = (acceptor.clone(), Arc::clone(&seen), to.clone());
            tunnels.spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut first = String::new();
                stream.read_line(&mut first).await.unwrap();
                seen.lock().unwrap().push(first);
                let mut line = String::new();
                while stream.read_line(&mut line).await.unwrap() > 2 {
                    line.clear();
                }
                stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
                let Ok(mut secure) = acceptor.accept(stream).await else { return };
                let mut server = TcpStream::connect(to).await.unwrap();
                let _closed = copy_bidirectional(&mut secure, &mut server).await;
            });
        }
    });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_tunnels_what_is_encrypted() {
    let server = slow(0);
    let folder = folder("https://models.invalid");
    if !certificate(folder.path()) {
        eprintln!("skipped: there is no openssl to make a certificate with");
        return;
    }
    let to = server.url().trim_start_matches("http://").to_owned();
    let (proxy, asked) = tunnel(folder.path(), to).await;
    let mut trusting = program(folder.path());
    trusting.env("HTTPS_PROXY", &proxy);
    trusting.env("SSL_CERT_FILE", folder.path().join("cert.pem"));
    let output = tokio::task::spawn_blocking(move || trusting.output().unwrap());
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(server.requests().len(), ITEMS as usize);
    let lines = asked.lock().unwrap().clone();
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|line| line.starts_with("CONNECT models.invalid:443 ")));
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    let server = slow(5);
    let folder = folder(&server.url());
    let child = program(folder.path()).spawn().unwrap();
    wait_for(&server, 50);
    signal("INT", child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", told(&output));
    // A day earlier, and an hour later with every look at the clock.
    let jumping = Command::new("faketime")
        .args(["-f", "-1d i3600.0", env!("CARGO_BIN_EXE_crucible-run")])
        .args(["fire.crucible", "--yes", "--format", "json"])
        .current_dir(folder.path())
        .env("OPENAI_API_KEY", "sk-test-never-shown")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1")
        .output();
    let Ok(output) = jumping else {
        eprintln!("skipped: there is no faketime to make the clock jump with");
        return;
    };
    assert!(output.status.success(), "{}", told(&output));
    let found = document(&output);
    assert_eq!(
        (&found["trials"]["done"], &found["trials"]["failed"]),
        (&ITEMS.into(), &0.into())
    );
    let runs = std::fs::read_dir(folder.path().join("runs/fire")).unwrap();
    assert_eq!(runs.count(), 1, "the run is found by what it holds, not by its date");
}
