//! Files below a sandbox's root, whatever links a program has put there.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2, renameat};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use spec_core::clock::{IdGenerator, UuidV7Generator};
use spec_core::sandbox::{SandboxFile, SandboxPath, SpawnError, SpawnErrorKind};

use crate::failure;

/// Reads a file; `None` when there is none.
pub(crate) fn read(
    root: &Path,
    path: &SandboxPath,
    max_bytes: u64,
) -> Result<Option<Vec<u8>>, SpawnError> {
    let root = open_root(root)?;
    // Without blocking: a pipe would wait for a writer before it could be recognised as one.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = match beneath(&root, path.as_str(), flags) {
        Ok(file) => File::from(file),
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
        Err(errno) => return Err(refusal(path, errno)),
    };
    let metadata = file
        .metadata()
        .map_err(failure::io(format_args!("look at `{path}`")))?;
    if !metadata.is_file() {
        return Err(failure::rejected(format!("`{path}` is not a regular file")));
    }
    let mut content = Vec::new();
    // It may grow between the look and the read.
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(failure::io(format_args!("read `{path}`")))?;
    if content.len() as u64 > max_bytes {
        return Err(SpawnError::new(
            SpawnErrorKind::TooLarge,
            format!("`{path}` is longer than {max_bytes} bytes"),
        ));
    }
    Ok(Some(content))
}

/// Makes a folder and its parents, below the root.
pub(crate) fn folder(root: &Path, path: &SandboxPath) -> Result<(), SpawnError> {
    let root = open_root(root)?;
    make_folder(&root, path, path.as_str()).map(drop)
}

/// Writes a file whole, making its parent folders.
pub(crate) fn write(root: &Path, file: &SandboxFile) -> Result<(), SpawnError> {
    let path = &file.path;
    let root = open_root(root)?;
    let (parent, name) = match path.as_str().rsplit_once('/') {
        Some((parent, name)) => (make_folder(&root, path, parent)?, name),
        None => (root, path.as_str()),
    };
    let next = format!(".{}.next", UuidV7Generator.uuid());
    let flags =
        OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let written = openat(&parent, next.as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR)
        .map_err(std::io::Error::from)
        .and_then(|fd| {
            let mut target = File::from(fd);
            target.write_all(&file.content)?;
            if file.executable {
                fchmod(&target, Mode::S_IRWXU)?;
            }
            renameat(&parent, next.as_str(), &parent, name)?;
            Ok(())
        });
    written.map_err(|error| {
        // Best effort: the failure to write is what matters.
        let _left = unlinkat(&parent, next.as_str(), UnlinkatFlags::NoRemoveDir);
        if error.kind() == std::io::ErrorKind::IsADirectory {
            failure::rejected(format!("`{path}` is a folder"))
        } else {
            failure::io(format_args!("write `{path}`"))(error)
        }
    })
}

fn open_root(root: &Path) -> Result<OwnedFd, SpawnError> {
    match File::open(root) {
        Ok(root) => Ok(root.into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(failure::not_found("the sandbox is gone"))
        }
        Err(error) => Err(failure::io("open the sandbox")(error)),
    }
}

fn make_folder(root: &OwnedFd, path: &SandboxPath, folder: &str) -> Result<OwnedFd, SpawnError> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
    let ends = folder
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([folder.len()]);
    let mut parent = root.try_clone().map_err(failure::io("open the sandbox"))?;
    let mut begin = 0;
    for end in ends {
        let name = folder.get(begin..end).unwrap_or_default();
        let so_far = folder.get(..end).unwrap_or_default();
        match mkdirat(&parent, name, Mode::S_IRWXU) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(refusal(path, errno)),
        }
        // From the root again, because links may lead up as long as they stay below it.
        parent = beneath(root, so_far, flags).map_err(|errno| refusal(path, errno))?;
        begin = end + 1;
    }
    Ok(parent)
}

/// Opens `path` without ever leaving `root`, also when a program swaps a link in meanwhile.
fn beneath(root: &OwnedFd, path: &str, flags: OFlag) -> nix::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(flags | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    loop {
        match openat2(root, path, how) {
            // A rename elsewhere in the tree made the kernel unsure.
            Err(Errno::EAGAIN) => {}
            other => return other,
        }
    }
}

fn refusal(path: &SandboxPath, errno: Errno) -> SpawnError {
    if errno == Errno::EXDEV {
        failure::rejected(format!("`{path}` leads out of the sandbox"))
    } else if errno == Errno::ELOOP {
        failure::rejected(format!("`{path}` is a link that leads nowhere"))
    } else if matches!(errno, Errno::ENXIO | Errno::EISDIR | Errno::ENOTDIR) {
        failure::rejected(format!("`{path}` is not a regular file"))
    } else if errno == Errno::ENOSYS {
        failure::internal("this kernel is older than Linux 5.6")
    } else {
        failure::io(format_args!("open `{path}`"))(errno.into())
    }
}
