//! A process, what it writes, and how it ends.

use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;

use crate::daytona::answer::now;
use crate::daytona::process;
use crate::daytona::toolbox::Here;

/// How long output is awaited from children that outlive a process.
const DRAIN: Duration = Duration::from_millis(200);

/// A process and what it has written.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) id: String,
    pub(super) leader: u32,
    pub(super) input: Option<UnboundedSender<Input>>,
    pub(super) kept: Mutex<Kept>,
    /// Wakes who waits for more; what it holds only has to change.
    pub(super) changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Kept {
    frames: Vec<Frame>,
    pub(super) end: Option<End>,
    /// Nothing more will be written.
    pub(super) is_closed: bool,
}

#[derive(Debug)]
pub(super) struct Frame {
    channel: &'static str,
    bytes: Vec<u8>,
    time: String,
}

#[derive(Debug)]
pub(super) struct End {
    pub(super) reason: &'static str,
    pub(super) code: Option<i32>,
    pub(super) signal: Option<&'static str>,
}

#[derive(Debug)]
pub(super) enum Input {
    Data(Vec<u8>),
    End,
}

impl Run {
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change(&self, act: impl FnOnce(&mut Kept)) {
        self.with(act);
        self.changed.send_modify(|count| *count += 1);
    }

    pub(super) fn whole(&self) -> Value {
        self.with(|kept| match &kept.end {
            None => json!({ "id": self.id, "state": "running" }),
            Some(end) => {
                let mut whole = json!({ "id": self.id, "state": "terminal", "reason": end.reason });
                if let (Some(code), Some(fields)) = (end.code, whole.as_object_mut()) {
                    fields.insert("exitCode".to_owned(), code.into());
                }
                if let (Some(signal), Some(fields)) = (end.signal, whole.as_object_mut()) {
                    fields.insert("signal".to_owned(), signal.into());
                }
                whole
            }
        })
    }

    /// What comes at a cursor, and whether it is the last.
    pub(super) fn frame(&self, cursor: usize) -> (Option<Value>, bool) {
        self.with(|kept| {
            let frame = kept.frames.get(cursor).map(|frame| {
                let (data, encoding) = match std::str::from_utf8(&frame.bytes) {
                    Ok(text) => (text.to_owned(), "utf-8"),
                    Err(_) => (BASE64_STANDARD.encode(&frame.bytes), "base64"),
                };
                json!({
                    "channel": frame.channel,
                    "seq": cursor,
                    "cursor": (cursor + 1).to_string(),
                    "timestamp": frame.time,
                    "data": data,
                    "encoding": encoding,
                })
            });
            let is_last = frame.is_none() && kept.is_closed;
            (frame, is_last)
        })
    }
}

pub(super) async fn feed(mut stdin: ChildStdin, mut inputs: UnboundedReceiver<Input>) {
    while let Some(Input::Data(bytes)) = inputs.recv().await {
        if stdin.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// Keeps what a process writes, and how it ends.
pub(super) async fn watch_over(
    here: Here,
    run: Arc<Run>,
    mut child: Child,
    limit: Option<Duration>,
) {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reading =
        async { tokio::join!(read(&run, "stdout", stdout), read(&run, "stderr", stderr)) };
    let ending = async {
        let late = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        // What ends the sandbox says so before it kills anything.
        let reason = tokio::select! {
            biased;
            () = here.running.cancelled() => "sandbox_stopped",
            status = child.wait() => return record(&run, status.ok(), None),
            () = late => "timed_out",
        };
        process::signal_group(run.leader, Signal::SIGKILL);
        record(&run, child.wait().await.ok(), Some(reason));
    };
    tokio::join!(reading, ending);
    run.change(|kept| kept.is_closed = true);
}

fn record(run: &Run, status: Option<ExitStatus>, reason: Option<&'static str>) {
    use std::os::unix::process::ExitStatusExt;

    let signal = status
        .and_then(|status| status.signal())
        .and_then(|number| Signal::try_from(number).ok())
        .map(Signal::as_str);
    let natural = if signal.is_some() {
        "signaled"
    } else {
        "exited"
    };
    run.change(|kept| {
        kept.end = Some(End {
            reason: reason.unwrap_or(natural),
            code: status.and_then(|status| status.code()),
            signal,
        });
    });
}

async fn read(run: &Run, channel: &'static str, output: Option<impl AsyncRead + Unpin>) {
    let Some(mut output) = output else { return };
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let has_ended = run.with(|kept| kept.end.is_some());
        let reading = output.read(&mut buffer);
        let read = if has_ended {
            // A child in the background may keep it open for as long as it likes.
            tokio::time::timeout(DRAIN, reading).await.unwrap_or(Ok(0))
        } else {
            let mut changed = run.changed.subscribe();
            let ended = changed.wait_for(|_| run.with(|kept| kept.end.is_some()));
            tokio::select! {
                biased;
                read = reading => read,
                _ = ended => continue,
            }
        };
        let Ok(read @ 1..) = read else { return };
        let bytes = buffer.get(..read).unwrap_or_default().to_vec();
        let time = now();
        run.change(|kept| {
            kept.frames.push(Frame {
                channel,
                bytes,
                time,
            });
        });
    }
}
