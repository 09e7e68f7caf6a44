//! Cases that need real programs: a POSIX shell and the usual small tools.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;

use super::stage::{follow, texts, within};
use super::{SmallProgram, SpawnerFixture, Stage};
use crate::sandbox::{
    Channel, MAX_LINE_BYTES, Output, RunEnd, SandboxFile, SandboxPath, Secret, SecretEnv,
    SpawnErrorKind,
};

/// Programs that no sandbox has: by name, by path, and by a path in the repository.
pub const MISSING_PROGRAMS: [&str; 3] = ["no-such-agent", "/no/such/agent", "./no-such-agent"];

/// Guards the macro's arm for real spawners.
pub async fn the_fixture_runs_programs(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    assert!(
        fixture.runs_programs(),
        "call the suite `without programs` for {:?}",
        stage.spawner
    );
}

/// Guards the macro's arm for spawners without programs: nobody is let off by mistake.
pub async fn the_fixture_runs_no_programs(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    assert!(
        !fixture.runs_programs(),
        "call the suite with programs for {:?}, to run the cases that need them",
        stage.spawner
    );
}

/// And what a provider or the shell cannot do without.
pub async fn the_environment_is_what_was_asked_for(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let mut request = stage.program(vec!["env".to_owned()]);
    request
        .env
        .insert("ASKED".to_owned(), "a 'b' \"c\" $d".to_owned());
    request.env.insert("EMPTY".to_owned(), String::new());
    let (lines, _) = stage.complete(&sandbox, &request).await;
    let mut names = BTreeSet::new();
    for line in texts(&lines, Channel::Stdout) {
        let (name, value) = line.split_once('=').unwrap();
        match name {
            "ASKED" => assert_eq!(value, "a 'b' \"c\" $d"),
            "EMPTY" => assert_eq!(value, ""),
            _ => assert!(!value.is_empty() || name == "OLDPWD", "{name} is empty"),
        }
        names.insert(name);
    }
    for needed in ["ASKED", "EMPTY", "HOME", "PATH"] {
        assert!(names.remove(needed), "{needed} is missing");
    }
    let allowed = ["LANG", "OLDPWD", "PWD", "SHLVL", "TMPDIR", "_"];
    names.retain(|name| !allowed.contains(name) && !name.starts_with("SPEC_SANDBOX"));
    assert!(names.is_empty(), "{names:?} were not asked for");
    stage.end().await;
}

/// In the environment of the program; not among anybody's arguments and not in handles.
pub async fn secrets_reach_the_program_and_no_command_line(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (made, sandbox) = stage.spawn().await;
    // The script itself must not hold it, so it looks for the value of its variable.
    let mut request = stage.shell(
        "echo \"has ${#TOKEN}\"\n\
         for file in /proc/[0-9]*/cmdline; do\n\
             case $(tr '\\0' ' ' <\"$file\" 2>/dev/null) in *\"$TOKEN\"*) echo \"in $file\";; esac\n\
         done",
    );
    let value = "s3cr3t-\u{fc}-with 'quotes' and $";
    request.secrets.push(SecretEnv {
        name: "TOKEN".to_owned(),
        value: Secret::new(value),
    });
    let (lines, end) = stage.complete(&sandbox, &request).await;
    let out = texts(&lines, Channel::Stdout);
    let lengths = [value.len(), value.chars().count()].map(|length| format!("has {length}"));
    assert!(
        out.first()
            .is_some_and(|line| lengths.iter().any(|has| has == line)),
        "{out:?}"
    );
    assert_eq!(out.len(), 1, "{out:?}");
    assert_eq!(end, RunEnd::Exited { code: 0 });
    let found = stage.spawner.find(stage.key()).await.unwrap();
    let printed = format!("{made:?} {found:?} {:?} {request:?}", stage.spawner);
    assert!(!printed.contains("s3cr3t"), "{printed}");
    stage.end().await;
}

/// The working folder.
pub async fn a_program_runs_in_the_repository(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (made, sandbox) = stage.spawn().await;
    let request = stage.shell(&format!("pwd -P; cat '{}'", stage.repository.file));
    let (lines, _) = stage.complete(&sandbox, &request).await;
    let out = texts(&lines, Channel::Stdout);
    assert_eq!(out.first(), Some(&made.layout.repository.as_str()));
    let content = String::from_utf8(stage.repository.content.clone()).unwrap();
    assert_eq!(out.get(1).copied(), content.lines().next());
    stage.end().await;
}

/// No shell is involved.
pub async fn arguments_reach_the_program_unchanged(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let arguments = [
        "a b",
        "",
        "'\"$HOME`id`\\",
        "*",
        "two\nlines",
        "--flag=\u{fc}",
    ];
    let mut argv = ["sh", "-c", "printf '<%s>' \"$@\"", "name"]
        .map(str::to_owned)
        .to_vec();
    argv.extend(arguments.map(str::to_owned));
    let (lines, _) = stage.complete(&sandbox, &stage.program(argv)).await;
    let expected = format!("<{}>", arguments.join("><"));
    assert_eq!(texts(&lines, Channel::Stdout).join("\n"), expected);
    stage.end().await;
}

/// By a name, by a path, and the run can be started properly afterwards.
pub async fn a_missing_program_is_named(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    for program in MISSING_PROGRAMS {
        let request = stage.program(vec![program.to_owned()]);
        let error = stage.spawner.start(&sandbox, &request).await.unwrap_err();
        assert_eq!(error.kind(), SpawnErrorKind::ProgramNotFound, "{error:?}");
        assert!(error.to_string().contains(program), "{error}");
    }
    let (lines, _) = stage.complete(&sandbox, &stage.shell("echo up")).await;
    assert_eq!(texts(&lines, Channel::Stdout), ["up"]);
    stage.end().await;
}

/// Also when the program that is started is there; and the run can be started properly afterwards.
/// A spawner without programs can pass too, when it knows [`MISSING_PROGRAMS`].
pub async fn a_missing_program_that_is_needed_is_named_and_nothing_starts(
    fixture: &dyn SpawnerFixture,
) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let mark = stage.in_run("started");
    for program in MISSING_PROGRAMS {
        let mut request = stage.shell(&format!("echo started >>'../{mark}'"));
        request.needs = vec!["sh".to_owned(), program.to_owned()];
        let error = stage.spawner.start(&sandbox, &request).await.unwrap_err();
        assert_eq!(error.kind(), SpawnErrorKind::ProgramNotFound, "{error:?}");
        assert!(error.to_string().contains(program), "{error}");
        let run = stage.spawner.output(&sandbox, &request.key, None).await;
        let error = run.err().unwrap();
        assert_eq!(error.kind(), SpawnErrorKind::NotFound, "{error:?}");
    }
    let up = SmallProgram::prints(["up"]);
    let (lines, _) = stage.complete(&sandbox, &stage.program(up.argv())).await;
    assert_eq!(texts(&lines, Channel::Stdout), ["up"]);
    let mark = stage.spawner.read_file(&sandbox, &mark, 100).await.unwrap();
    assert_eq!(mark, None);
    stage.end().await;
}

/// By a name on the run's own `PATH`, by a path relative to the repository, and one of the system's.
pub async fn a_program_that_is_needed_can_be_called(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (made, sandbox) = stage.spawn().await;
    let (agent, named) = (stage.in_run("agent.sh"), stage.in_run("bin/named tool"));
    let by_path = format!("../{}", stage.in_run("it's a tool"));
    let tool = |path, text: &str| SandboxFile {
        executable: true,
        ..SandboxFile::new(path, format!("#!/bin/sh\necho {text} \"$1\"\n"))
    };
    let script = "'named tool' one && \"$1\" two && printf '%s' three | cat && echo && exit 4";
    let files = [
        SandboxFile::new(agent.clone(), script),
        tool(named.clone(), "named"),
        tool(stage.in_run("it's a tool"), "by path"),
    ];
    stage.spawner.write_files(&sandbox, &files).await.unwrap();
    let argv = vec!["sh".to_owned(), format!("../{agent}"), by_path.clone()];
    let mut request = stage.program(argv);
    request.needs = vec!["named tool".to_owned(), by_path, "cat".to_owned()];
    let named = made.layout.absolute(&named);
    let (folder, _) = named.rsplit_once('/').unwrap();
    let search_path = format!("{folder}:/usr/local/bin:/usr/bin:/bin");
    request.env.insert("PATH".to_owned(), search_path);
    let (lines, end) = stage.complete(&sandbox, &request).await;
    assert_eq!(
        texts(&lines, Channel::Stdout),
        ["named one", "by path two", "three"],
        "{lines:?}"
    );
    assert_eq!(end, RunEnd::Exited { code: 4 });
    stage.end().await;
}

/// One process, however often and at once it is asked for.
pub async fn racing_starts_with_one_run_key_run_the_program_once(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let count = format!(
        "../{}",
        SandboxPath::in_run(&stage.run(0), "count").unwrap()
    );
    let request = stage.shell(&format!("echo started >>'{count}'"));
    let starts = (0..6).map(|_| stage.spawner.start(&sandbox, &request));
    for started in within(join_all(starts)).await {
        started.unwrap();
    }
    follow(&stage.spawner, &sandbox, &stage.run(0), None).await;
    stage.spawner.start(&sandbox, &request).await.unwrap();
    let path = stage.in_run("count");
    let count = stage
        .spawner
        .read_file(&sandbox, &path, 1000)
        .await
        .unwrap();
    assert_eq!(count.unwrap(), b"started\n");
    stage.end().await;
}

/// And is still a line.
pub async fn the_last_line_may_lack_its_end(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let request = stage.shell("printf 'one\\r\\ntwo'; printf 'trouble' >&2");
    let (lines, end) = stage.complete(&sandbox, &request).await;
    assert_eq!(texts(&lines, Channel::Stdout), ["one", "two"]);
    assert_eq!(texts(&lines, Channel::Stderr), ["trouble"]);
    assert_eq!(end, RunEnd::Exited { code: 0 });
    let last = lines.last().unwrap();
    let (rest, _) = follow(&stage.spawner, &sandbox, &stage.run(0), Some(&last.cursor)).await;
    assert!(rest.is_empty(), "{rest:?}");
    stage.end().await;
}

/// 137 is not 9.
pub async fn an_exit_code_is_told_from_a_signal(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let ends = [
        ("exit 0", RunEnd::Exited { code: 0 }),
        ("exit 7", RunEnd::Exited { code: 7 }),
        ("exit 124", RunEnd::Exited { code: 124 }),
        ("exit 137", RunEnd::Exited { code: 137 }),
        ("kill -KILL $$", RunEnd::Signaled { signal: 9 }),
        ("kill -TERM $$", RunEnd::Signaled { signal: 15 }),
    ];
    for (repair, (script, expected)) in (0..).zip(ends) {
        let mut request = stage.shell(script);
        request.key = stage.run(repair);
        let (_, end) = stage.complete(&sandbox, &request).await;
        assert_eq!(end, expected, "{script}");
    }
    stage.end().await;
}

/// Also one that does not listen.
pub async fn a_run_is_ended_when_its_time_is_up(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let scripts = [
        "echo up; sleep 600",
        "trap '' TERM; echo up; while :; do sleep 1; done",
    ];
    for (repair, script) in (0..).zip(scripts) {
        let mut request = stage.shell(script);
        request.key = stage.run(repair);
        request.timeout = Duration::from_secs(1);
        let (lines, end) = stage.complete(&sandbox, &request).await;
        assert_eq!(texts(&lines, Channel::Stdout), ["up"]);
        assert_eq!(end, RunEnd::TimedOut, "{script}");
    }
    stage.end().await;
}

/// The program goes on only when the reader has seen what it printed.
pub async fn lines_are_seen_while_the_program_runs(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let go = format!("../{}", stage.in_run("go"));
    let request = stage.shell(&format!(
        "echo waiting; until [ -e '{go}' ]; do sleep 0.05; done; echo went"
    ));
    stage.spawner.start(&sandbox, &request).await.unwrap();
    let run = stage.run(0);
    let mut stream = stage.spawner.output(&sandbox, &run, None).await.unwrap();
    let Some(Ok(Output::Line(line))) = within(stream.next()).await else {
        panic!("no line came");
    };
    assert_eq!(line.text, "waiting");
    let go = SandboxFile::new(stage.in_run("go"), "");
    stage.spawner.write_files(&sandbox, &[go]).await.unwrap();
    let rest: Vec<_> = within(stream.collect()).await;
    let [Ok(Output::Line(went)), Ok(Output::Ended(end))] = rest.as_slice() else {
        panic!("{rest:?}");
    };
    assert_eq!(went.text, "went");
    assert_eq!(*end, RunEnd::Exited { code: 0 });
    stage.end().await;
}

/// Its loss is counted and the next line is whole.
pub async fn a_long_line_is_cut(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let length = MAX_LINE_BYTES + 5;
    let request = stage.shell(&format!(
        "head -c {length} /dev/zero | tr '\\0' x; echo; echo next"
    ));
    let (lines, _) = stage.complete(&sandbox, &request).await;
    let [long, next] = lines.as_slice() else {
        panic!("{} lines", lines.len());
    };
    assert_eq!(long.text.len(), MAX_LINE_BYTES);
    assert_eq!(long.dropped, 5);
    assert_eq!(next.text, "next");
    let (rest, _) = follow(&stage.spawner, &sandbox, &stage.run(0), Some(&long.cursor)).await;
    assert_eq!(texts(&rest, Channel::Stdout), ["next"]);
    stage.end().await;
}

/// With its output and its exit code.
pub async fn a_run_outlives_the_spawner_that_started_it(fixture: &dyn SpawnerFixture) {
    let mut stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let go = format!("../{}", stage.in_run("go"));
    let request = stage.shell(&format!(
        "echo one; until [ -e '{go}' ]; do sleep 0.05; done; echo two; exit 5"
    ));
    stage.spawner.start(&sandbox, &request).await.unwrap();
    let run = stage.run(0);
    let mut stream = stage.spawner.output(&sandbox, &run, None).await.unwrap();
    let Some(Ok(Output::Line(one))) = within(stream.next()).await else {
        panic!("no line came");
    };
    drop(stream);
    let Some(reopened) = fixture.reopen(Arc::clone(&stage.spawner)).await else {
        assert!(
            !stage.spawner.capabilities().detached_runs,
            "runs that outlive a spawner need a second spawner to be followed by"
        );
        stage.end().await;
        return;
    };
    stage.spawner = reopened;
    stage.spawner.start(&sandbox, &request).await.unwrap();
    let go = SandboxFile::new(stage.in_run("go"), "");
    stage.spawner.write_files(&sandbox, &[go]).await.unwrap();
    let (lines, end) = follow(&stage.spawner, &sandbox, &run, Some(&one.cursor)).await;
    assert_eq!(texts(&lines, Channel::Stdout), ["two"]);
    assert_eq!(end, RunEnd::Exited { code: 5 });
    stage.end().await;
}

/// And one that is not executable is not a program.
pub async fn an_executable_file_can_be_run(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let script = |name, executable| SandboxFile {
        executable,
        ..SandboxFile::new(stage.in_run(name), "#!/bin/sh\necho from a file\n")
    };
    let files = [script("tool", true), script("text", false)];
    stage.spawner.write_files(&sandbox, &files).await.unwrap();
    let program = |name: &str| vec![format!("../{}", stage.in_run(name))];
    let refused = stage
        .spawner
        .start(&sandbox, &stage.program(program("text")))
        .await;
    assert_eq!(refused.unwrap_err().kind(), SpawnErrorKind::ProgramNotFound);
    let (lines, end) = stage
        .complete(&sandbox, &stage.program(program("tool")))
        .await;
    assert_eq!(texts(&lines, Channel::Stdout), ["from a file"]);
    assert_eq!(end, RunEnd::Exited { code: 0 });
    stage.end().await;
}

/// Neither a file nor a folder, nor what is no file at all.
pub async fn a_link_that_leads_out_of_the_sandbox_is_not_read(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let folder = format!("../{}", SandboxPath::run_folder(&stage.run(0)));
    let request = stage.shell(&format!(
        "mkdir -p '{folder}' && cd '{folder}' && ln -s /etc/passwd file && ln -s / folder && \
         ln -s ../../../../../../../../../etc/passwd relative && mkfifo pipe"
    ));
    let (lines, end) = stage.complete(&sandbox, &request).await;
    assert_eq!(end, RunEnd::Exited { code: 0 }, "{lines:?}");
    for name in ["file", "folder/etc/passwd", "relative", "pipe"] {
        let path = stage.in_run(name);
        let read = within(stage.spawner.read_file(&sandbox, &path, 1 << 20)).await;
        let error = read.unwrap_err();
        assert_eq!(error.kind(), SpawnErrorKind::Rejected, "{name}: {error:?}");
    }
    stage.end().await;
}

/// Such as its result.
pub async fn a_file_that_a_program_leaves_is_read(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (made, sandbox) = stage.spawn().await;
    let path = stage.in_run("result.json");
    let mut request =
        stage.shell("mkdir -p \"$(dirname \"$RESULT\")\" && printf '{}' >\"$RESULT\"");
    let absolute = made.layout.absolute(&path);
    request.env.insert("RESULT".to_owned(), absolute);
    stage.complete(&sandbox, &request).await;
    let result = stage.spawner.read_file(&sandbox, &path, 100).await.unwrap();
    assert_eq!(result.unwrap(), b"{}");
    stage.end().await;
}
