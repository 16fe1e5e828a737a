//! The stamp of a file: what `stat` says of it, and the digest it had then.
//!
//! Git cleans one change up to six times. A file whose stamp has not changed has not
//! changed, provided the stamp was old enough when it was taken: a clock tick is up to
//! ten milliseconds long, and two writes in one tick look alike.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::digest::Digest;

/// Files changed more recently than this are not trusted to be told from later versions.
const TICK: Duration = Duration::from_millis(20);
/// The same where times have no fractions: some file systems count whole seconds, or two.
const COARSE: Duration = Duration::from_secs(3);

/// What identifies a version of a file on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(String);

impl Stamp {
    /// The stamp of an open file; `None` if it changed too recently to be trusted.
    #[cfg(unix)]
    pub(super) fn of(file: &File) -> io::Result<Option<Self>> {
        use std::os::unix::fs::MetadataExt;
        let metadata = file.metadata()?;
        let changed = Duration::new(
            u64::try_from(metadata.ctime()).unwrap_or(0),
            u32::try_from(metadata.ctime_nsec()).unwrap_or(0),
        );
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let stamp = format!(
            "{} {} {} {}.{:09} {}.{:09}",
            metadata.dev(),
            metadata.ino(),
            metadata.size(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.ctime(),
            metadata.ctime_nsec(),
        );
        Ok(is_settled(changed, now).then_some(Self(stamp)))
    }

    /// Elsewhere nothing as reliable as a change time is to be had: no file is trusted.
    #[cfg(not(unix))]
    pub(super) fn of(_file: &File) -> io::Result<Option<Self>> {
        Ok(None)
    }
}

/// Whether a file that was `changed` then would have another time if it were changed `now`.
#[cfg_attr(not(unix), allow(dead_code, reason = "only asked where there are change times"))]
fn is_settled(changed: Duration, now: Duration) -> bool {
    let tick = if changed.subsec_nanos() == 0 { COARSE } else { TICK };
    changed + tick < now
}

/// Remembers the digest of each checkpoint by its stamp.
#[derive(Clone, Debug)]
pub struct Stamps {
    /// The directory of this memory, which may be removed at any time.
    pub directory: PathBuf,
}

impl Stamps {
    /// The digest that a file with this stamp had.
    pub(super) fn recall(&self, pathname: &[u8], stamp: &Stamp) -> Option<Digest> {
        let text = fs::read_to_string(self.path(pathname)).ok()?;
        let (found, digest) = text.strip_suffix('\n')?.rsplit_once(' ')?;
        (found == stamp.0).then(|| Digest::parse(digest)).flatten()
    }

    /// Remembers it. Failing to loses nothing but time.
    pub(super) fn remember(&self, pathname: &[u8], stamp: &Stamp, digest: Digest) {
        let path = self.path(pathname);
        let partial = path.with_extension(std::process::id().to_string());
        let _ = fs::create_dir_all(&self.directory);
        let written = fs::write(&partial, format!("{} {digest}\n", stamp.0));
        let _ = written.and_then(|()| fs::rename(&partial, &path));
    }

    fn path(&self, pathname: &[u8]) -> PathBuf {
        self.directory.join(&Digest::of(pathname).to_string()[..32])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_file_is_not_trusted() {
        let changed = Duration::new(1000, 5);
        for (age, settled) in [(0, false), (20, false), (21, true), (60_000, true)] {
            assert_eq!(is_settled(changed, changed + Duration::from_millis(age)), settled);
        }
        assert!(!is_settled(changed, Duration::from_secs(999)), "changed in the future");
    }

    #[test]
    fn whole_seconds_are_trusted_later() {
        let changed = Duration::from_secs(1000);
        for (age, settled) in [(21, false), (3000, false), (3001, true)] {
            assert_eq!(is_settled(changed, changed + Duration::from_millis(age)), settled);
        }
    }

    #[test]
    #[cfg(unix)]
    fn stamps_are_recalled_as_they_were() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let stamps = Stamps { directory: directory.path().join("stamps") };
        let (stamp, other) = (Stamp("1 2 3".into()), Stamp("1 2 4".into()));
        assert_eq!(stamps.recall(b"model", &stamp), None);
        stamps.remember(b"model", &stamp, Digest::of(b"x"));
        assert_eq!(stamps.recall(b"model", &stamp), Some(Digest::of(b"x")));
        assert_eq!(stamps.recall(b"model", &other), None);
        assert_eq!(stamps.recall(b"mode", &stamp), None);
        stamps.remember(b"model", &other, Digest::of(b"y"));
        assert_eq!(stamps.recall(b"model", &stamp), None);
        fs::write(stamps.path(b"model"), "1 2 4 torn")?;
        assert_eq!(stamps.recall(b"model", &other), None);
        Ok(())
    }
}
