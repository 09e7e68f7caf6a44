//! Cases about files.

use super::{SpawnerFixture, Stage};
use crate::sandbox::{SandboxFile, SandboxPath, SandboxRef, SpawnErrorKind};

/// With parent folders that did not exist, and bytes that are not text.
pub async fn a_written_file_is_read_back(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let bytes = [0, 255, 10, 13, 0];
    let files = [
        SandboxFile::new(stage.in_run("deep/er/data"), bytes),
        SandboxFile::new(stage.in_run("with space ü.json"), "{}"),
        SandboxFile::new(stage.in_run("empty"), ""),
        SandboxFile::new(SandboxPath::in_repository("added/file").unwrap(), "new"),
    ];
    stage.spawner.write_files(&sandbox, &files).await.unwrap();
    for file in &files {
        assert_eq!(
            read(&stage, &sandbox, &file.path).await.unwrap(),
            file.content
        );
    }
    stage.end().await;
}

/// Longer or shorter, and repeated.
pub async fn a_written_file_replaces_the_one_before(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let path = stage.in_run("data");
    for content in ["a longer text", "short", "short"] {
        let file = SandboxFile::new(path.clone(), content);
        stage.spawner.write_files(&sandbox, &[file]).await.unwrap();
        assert_eq!(
            read(&stage, &sandbox, &path).await.unwrap(),
            content.as_bytes()
        );
    }
    stage.end().await;
}

/// `None`, also below folders that do not exist.
pub async fn an_absent_file_is_no_error(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    for name in ["absent", "no/such/folder"] {
        assert_eq!(read(&stage, &sandbox, &stage.in_run(name)).await, None);
    }
    stage.end().await;
}

/// A file of exactly the limit is fine.
pub async fn a_file_beyond_the_limit_is_too_large(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let path = stage.in_run("data");
    let file = SandboxFile::new(path.clone(), "12345");
    stage.spawner.write_files(&sandbox, &[file]).await.unwrap();
    let whole = stage.spawner.read_file(&sandbox, &path, 5).await.unwrap();
    assert_eq!(whole.unwrap(), b"12345");
    for limit in [4, 0] {
        let error = stage.spawner.read_file(&sandbox, &path, limit).await;
        assert_eq!(error.unwrap_err().kind(), SpawnErrorKind::TooLarge);
    }
    stage.end().await;
}

/// `Rejected`.
pub async fn a_folder_is_not_read(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let file = SandboxFile::new(stage.in_run("folder/file"), "text");
    stage.spawner.write_files(&sandbox, &[file]).await.unwrap();
    let folder = stage.in_run("folder");
    let error = stage.spawner.read_file(&sandbox, &folder, 100).await;
    assert_eq!(error.unwrap_err().kind(), SpawnErrorKind::Rejected);
    stage.end().await;
}

/// Below `repo/`.
pub async fn files_of_the_repository_are_read(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, sandbox) = stage.spawn().await;
    let path = SandboxPath::in_repository(&stage.repository.file).unwrap();
    let content = read(&stage, &sandbox, &path).await.unwrap();
    assert_eq!(content, stage.repository.content);
    stage.end().await;
}

/// `NotFound`, by id and by key, after the end and before the beginning.
pub async fn files_of_a_gone_sandbox_are_not_found(fixture: &dyn SpawnerFixture) {
    let stage = Stage::new(fixture).await;
    let (_, with_id) = stage.spawn().await;
    stage.end().await;
    let path = stage.in_run("data");
    let file = SandboxFile::new(path.clone(), "text");
    for sandbox in [with_id, stage.by_key()] {
        let read = stage.spawner.read_file(&sandbox, &path, 100).await;
        assert_eq!(read.unwrap_err().kind(), SpawnErrorKind::NotFound);
        let written = stage
            .spawner
            .write_files(&sandbox, std::slice::from_ref(&file));
        assert_eq!(written.await.unwrap_err().kind(), SpawnErrorKind::NotFound);
    }
    assert_eq!(stage.spawner.find(stage.key()).await.unwrap(), None);
}

async fn read(stage: &Stage, sandbox: &SandboxRef, path: &SandboxPath) -> Option<Vec<u8>> {
    let content = stage.spawner.read_file(sandbox, path, 1 << 20).await;
    content.unwrap()
}
