//! Repositories and what can be wrong with them.

use std::fs;

use spec_core::SandboxSpawner;
use spec_core::sandbox::{CheckoutRef, Secret, SpawnErrorKind};
use spec_core::testing::git;

use crate::world::{World, with_program};

#[tokio::test]
async fn a_repository_without_a_commit_is_rejected() {
    let world = World::new();
    let empty = world.folder().join("empty");
    fs::create_dir(&empty).unwrap();
    git(&empty, &["init", "--quiet"]);
    let mut request = world.request();
    request.checkout.url = empty.display().to_string();
    let error = world.spawner().spawn(&request).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Rejected);
    assert!(error.to_string().contains("no commit"), "{error}");
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_machine_without_git_says_so() {
    let world = World::new();
    let bin = world.folder().join("none");
    fs::create_dir(&bin).unwrap();
    let spawner = world.spawner().with_search_path(bin);
    let error = spawner.spawn(&world.request()).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Rejected);
    assert!(
        error.to_string().contains("git is not installed"),
        "{error}"
    );
}

#[tokio::test]
async fn branches_and_tags_are_checked_out_by_name() {
    let world = World::new();
    let known = world.repository.known();
    git(
        world.repository.path(),
        &["branch", "feature/old", known.earlier.as_str()],
    );
    git(
        world.repository.path(),
        &["tag", "v1", known.earlier.as_str()],
    );
    let spawner = world.spawner();
    for name in ["feature/old", "v1"] {
        let mut request = world.request();
        request.checkout.reference = CheckoutRef::Name(name.to_owned());
        let sandbox = spawner.spawn(&request).await.unwrap();
        assert_eq!(sandbox.commit, known.earlier, "{name}");
        spawner.terminate(&world.reference()).await.unwrap();
    }
    let mut request = world.request();
    request.checkout.reference = CheckoutRef::Name("--upload-pack=x".to_owned());
    let error = spawner.spawn(&request).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Rejected, "{error:?}");
}

#[tokio::test]
async fn a_commit_that_no_branch_leads_to_is_still_found() {
    let world = World::new();
    let repository = world.repository.path();
    let known = world.repository.known();
    git(
        repository,
        &["reset", "--quiet", "--hard", known.earlier.as_str()],
    );
    let mut request = world.request();
    request.checkout.reference = CheckoutRef::Commit(known.head.clone());
    let spawner = world.spawner();
    let sandbox = spawner.spawn(&request).await.unwrap();
    assert_eq!(sandbox.commit, known.head);
    spawner.terminate(&world.reference()).await.unwrap();
}

#[tokio::test]
async fn a_password_reaches_git_by_its_prompt_alone() {
    let world = World::new();
    let seen = world.folder().join("seen");
    let path = with_program(
        world.folder(),
        "git",
        &format!(
            "tr '\\0' ' ' </proc/$$/cmdline >'{seen}'; \
             echo \"|$($GIT_ASKPASS 'Username for x')|$($GIT_ASKPASS 'Password for x')\" >>'{seen}'; \
             cp \"$GIT_ASKPASS\" '{seen}.askpass'; \
             echo \"fatal: Authentication failed, you sent s3cr3t\" >&2; exit 128",
            seen = seen.display()
        ),
    );
    let mut request = world.request();
    request.checkout.username = Some("me".to_owned());
    request.checkout.password = Some(Secret::new("s3cr3t"));
    let spawner = world.spawner().with_search_path(path);
    let error = spawner.spawn(&request).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Unauthorized);
    assert!(!error.to_string().contains("s3cr3t"), "{error}");
    let seen_text = fs::read_to_string(&seen).unwrap();
    let (command_line, prompted) = seen_text.split_once('|').unwrap();
    assert!(!command_line.contains("s3cr3t"), "{command_line}");
    assert_eq!(prompted, "me|s3cr3t\n");
    let askpass = fs::read_to_string(seen.with_extension("askpass")).unwrap();
    assert!(!askpass.contains("s3cr3t"), "{askpass}");
}

#[tokio::test]
async fn a_token_for_the_user_name_of_a_url_is_not_told_and_not_left_to_agents() {
    let world = World::new();
    let seen = world.folder().join("seen");
    let path = with_program(
        world.folder(),
        "git",
        &format!(
            "tr '\\0' ' ' </proc/$$/cmdline >'{seen}'; \
             echo \"|$($GIT_ASKPASS 'Username for x')|$($GIT_ASKPASS 'Password for x')\" >>'{seen}'; \
             echo \"fatal: could not read Password for 'https://t0ken@example.org'\" >&2; exit 128",
            seen = seen.display()
        ),
    );
    let mut request = world.request();
    request.checkout.url = "https://t0ken@example.org/r/a@b".to_owned();
    let spawner = world.spawner().with_search_path(path);
    let error = spawner.spawn(&request).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Unauthorized);
    assert!(!format!("{error:?}").contains("t0ken"), "{error:?}");
    let seen_text = fs::read_to_string(&seen).unwrap();
    let (command_line, prompted) = seen_text.split_once('|').unwrap();
    // What git is given, it writes to the clone's configuration.
    assert!(
        command_line.contains(" https://example.org/r/a@b "),
        "{command_line}"
    );
    assert_eq!(prompted, "t0ken|\n");
}

#[tokio::test]
async fn a_password_in_a_url_is_refused_without_being_told() {
    let world = World::new();
    let mut request = world.request();
    request.checkout.url = "https://me:s3cr3t@example.org/repository".to_owned();
    let error = world.spawner().spawn(&request).await.unwrap_err();
    assert_eq!(error.kind(), SpawnErrorKind::Rejected);
    assert!(
        !format!("{error:?} {error}").contains("s3cr3t"),
        "{error:?}"
    );
}
