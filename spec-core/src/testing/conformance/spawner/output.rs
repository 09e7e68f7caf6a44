//! Cases about runs and what they print.

use futures_util::StreamExt;

use super::stage::{follow, texts, within};
use super::{SmallProgram, SpawnerFixture, Stage};
use crate::sandbox::{Channel, Output, RunEnd, SpawnErrorKind};

fn talkative() -> SmallProgram {
    SmallProgram::prints(["one", "", "it's \"two\" $HOME", "drei ü", "{\"five\": 5}"])
        .err("first trouble")
        .err("second trouble")
        .exits(3)
}

/// Each channel in its order, then one end, then nothing.
pub async fn lines_come_in_order_and_the_end_comes_last(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let request = stage.program(talkative().argv());
    let (lines, end) = stage.complete(&sandbox, &request).await;
    assert_eq!(
        texts(&lines, Channel::Stdout),
        ["one", "", "it's \"two\" $HOME", "drei ü", "{\"five\": 5}"]
    );
    assert_eq!(
        texts(&lines, Channel::Stderr),
        ["first trouble", "second trouble"]
    );
    assert!(lines.iter().all(|line| line.dropped == 0));
    assert_eq!(end, RunEnd::Exited { code: 3 });
    stage.end().await;
}

/// Nothing is skipped or repeated after any cursor.
pub async fn following_resumes_after_every_line(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let request = stage.program(talkative().argv());
    let (lines, end) = stage.complete(&sandbox, &request).await;
    let mut rest = lines.as_slice();
    while let Some((line, after)) = rest.split_first() {
        let run = stage.run(0);
        let (again, same_end) = follow(&stage.spawner, &sandbox, &run, Some(&line.cursor)).await;
        for channel in [Channel::Stdout, Channel::Stderr] {
            let expected = texts(after, channel);
            assert_eq!(texts(&again, channel), expected, "after {:?}", line.cursor);
        }
        assert_eq!(same_end, end);
        rest = after;
    }
    stage.end().await;
}

/// A second start changes nothing, even if it asks for something else.
pub async fn a_run_is_started_once_per_run_key(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let first = stage.program(SmallProgram::prints(["first"]).argv());
    let second = stage.program(SmallProgram::prints(["second"]).exits(9).argv());
    let (lines, end) = stage.complete(&sandbox, &first).await;
    assert_eq!(texts(&lines, Channel::Stdout), ["first"]);
    assert_eq!(end, RunEnd::Exited { code: 0 });
    for again in [&first, &second] {
        let (lines, end) = stage.complete(&sandbox, again).await;
        assert_eq!(texts(&lines, Channel::Stdout), ["first"]);
        assert_eq!(end, RunEnd::Exited { code: 0 });
    }
    stage.end().await;
}

/// A repair is a run of its own.
pub async fn runs_with_different_keys_are_different_runs(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    for (repair, text) in [(0, "first"), (1, "repaired")] {
        let mut request = stage.program(SmallProgram::prints([text]).argv());
        request.key = stage.run(repair);
        let (lines, _) = stage.complete(&sandbox, &request).await;
        assert_eq!(texts(&lines, Channel::Stdout), [text]);
    }
    stage.end().await;
}

/// `NotFound`.
pub async fn a_run_that_was_never_started_is_not_found(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let stream = stage.spawner.output(&sandbox, &stage.run(0), None).await;
    let error = stream.err().unwrap();
    assert_eq!(error.kind(), SpawnErrorKind::NotFound, "{error:?}");
    stage.end().await;
}

/// The run goes on without a reader.
pub async fn a_stream_may_be_dropped_and_followed_again(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let request = stage.program(SmallProgram::prints(["one", "two"]).argv());
    stage.spawner.start(&sandbox, &request).await.unwrap();
    let run = stage.run(0);
    let mut stream = stage.spawner.output(&sandbox, &run, None).await.unwrap();
    let Some(Ok(Output::Line(line))) = within(stream.next()).await else {
        panic!("no line came");
    };
    drop(stream);
    assert_eq!(line.text, "one");
    let (lines, end) = follow(&stage.spawner, &sandbox, &run, Some(&line.cursor)).await;
    assert_eq!(texts(&lines, Channel::Stdout), ["two"]);
    assert_eq!(end, RunEnd::Exited { code: 0 });
    stage.end().await;
}
