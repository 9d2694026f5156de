//! Root keys in the Linux kernel's keyring of our user: `user` keys named `sanaq:<instance>:<closing instant>`.
//!
//! A key gets its timeout *before* it becomes findable: it is made in the thread's own keyring, which dies with the thread, and
//! only then linked into the user's. So there is no moment at which a crash could leave a key that never ends.

#[cfg(target_os = "linux")]
pub(super) use linux::Keyring;
#[cfg(not(target_os = "linux"))]
pub(super) use none::Keyring;

#[cfg(target_os = "linux")]
mod linux {
    use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier};

    use super::super::custody::NoKey;
    use super::super::secret::Secret;

    /// Keys read when listing; far more than there are closing instants at once.
    const MOST_KEYS: usize = 4096;

    pub(in super::super) struct Keyring {
        prefix: String,
    }

    impl Keyring {
        /// `None` when the kernel does not let us make, find, read and destroy a key.
        pub(in super::super) fn open(instance: &str) -> Option<Self> {
            let mut keyring = Self { prefix: format!("sanaq:{instance}:") };
            // A trial key in a slot that no day can have: sandboxes refuse single operations, not all of them.
            let trial = i64::MIN;
            let made = keyring.root(trial, 60).ok()?;
            let found = keyring.find(trial).ok().flatten()?;
            let same = made.expose() == found.expose();
            (keyring.destroy(trial) && same).then_some(keyring)
        }

        pub(in super::super) fn root(&mut self, closes_at: i64, seconds: i64) -> Result<Secret, NoKey> {
            let seconds = usize::try_from(seconds).map_err(|_| NoKey)?;
            // The kernel takes 0 for "never", so a key that should end now is not made.
            if seconds == 0 {
                return Err(NoKey);
            }
            match self.find(closes_at) {
                Ok(Some(secret)) => Ok(secret),
                Ok(None) => {
                    let secret = Secret::random().ok_or(NoKey)?;
                    self.keep(closes_at, seconds, &secret)?;
                    Ok(secret)
                }
                // Timed out by the kernel: that day has closed, whatever our clock says.
                Err(NoKey) => Err(NoKey),
            }
        }

        /// The key of a closing instant, if there is one.
        pub(in super::super) fn held(&self, closes_at: i64) -> Option<Secret> {
            self.find(closes_at).ok().flatten()
        }

        /// Keeps a key that another process made, unless there is one.
        pub(in super::super) fn adopt(
            &mut self,
            closes_at: i64,
            seconds: i64,
            secret: Secret,
        ) -> Result<(), NoKey> {
            let seconds = usize::try_from(seconds).ok().filter(|seconds| *seconds > 0).ok_or(NoKey)?;
            match self.find(closes_at)? {
                Some(_) => Ok(()),
                None => self.keep(closes_at, seconds, &secret),
            }
        }

        pub(in super::super) fn destroy(&mut self, closes_at: i64) -> bool {
            let Ok(ring) = ring() else { return false };
            match ring.search(&self.name(closes_at)) {
                Ok(key) => key.invalidate().is_ok(),
                Err(error) => is_gone(error),
            }
        }

        pub(in super::super) fn closing_instants(&self) -> Vec<i64> {
            let Ok(links) = ring().and_then(|ring| ring.get_links(MOST_KEYS).map_err(|_| NoKey)) else {
                return Vec::new();
            };
            let described = links.iter().filter_map(|link| link.as_key()?.metadata().ok());
            described
                .filter_map(|key| key.get_description().strip_prefix(&self.prefix)?.parse().ok())
                .collect()
        }

        fn name(&self, closes_at: i64) -> String {
            format!("{}{closes_at}", self.prefix)
        }

        fn find(&self, closes_at: i64) -> Result<Option<Secret>, NoKey> {
            let key = match ring()?.search(&self.name(closes_at)) {
                Ok(key) => key,
                // A key that we destroyed is found as "revoked" until the kernel has swept it up.
                Err(KeyError::KeyDoesNotExist | KeyError::KeyRevoked) => return Ok(None),
                Err(_) => return Err(NoKey),
            };
            let mut secret = Secret::blank();
            match key.read(secret.expose_mut()) {
                Ok(32) => Ok(Some(secret)),
                _ => Err(NoKey),
            }
        }

        fn keep(&self, closes_at: i64, seconds: usize, secret: &Secret) -> Result<(), NoKey> {
            let own = KeyRing::from_special_id(KeyRingIdentifier::Thread, true).map_err(|_| NoKey)?;
            let key = own.add_key(&self.name(closes_at), secret.expose()).map_err(|_| NoKey)?;
            let done = key.set_timeout(seconds).map_err(|_| NoKey).and_then(|()| publish(key));
            let unlinked = own.unlink_key(key).is_ok();
            if done.is_err() || !unlinked {
                let _ = key.invalidate();
                return Err(NoKey);
            }
            Ok(())
        }
    }

    fn publish(key: Key) -> Result<(), NoKey> {
        ring()?.link_key(key).map_err(|_| NoKey)
    }

    /// Our user's keyring, made reachable from this thread: only then do we possess, and may read, what is in it.
    fn ring() -> Result<KeyRing, NoKey> {
        let process = KeyRing::from_special_id(KeyRingIdentifier::Process, true).map_err(|_| NoKey)?;
        process.link_keyring_id(KeyRingIdentifier::User).map_err(|_| NoKey)?;
        KeyRing::from_special_id(KeyRingIdentifier::User, false).map_err(|_| NoKey)
    }

    fn is_gone(error: KeyError) -> bool {
        matches!(error, KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked)
    }
}

#[cfg(not(target_os = "linux"))]
mod none {
    use super::super::custody::NoKey;
    use super::super::secret::Secret;

    /// There is no such keyring on this system.
    pub(in super::super) enum Keyring {}

    impl Keyring {
        pub(in super::super) fn open(_instance: &str) -> Option<Self> {
            None
        }

        pub(in super::super) fn root(&mut self, _closes_at: i64, _seconds: i64) -> Result<Secret, NoKey> {
            match *self {}
        }

        pub(in super::super) fn held(&self, _closes_at: i64) -> Option<Secret> {
            match *self {}
        }

        pub(in super::super) fn adopt(
            &mut self,
            _closes_at: i64,
            _seconds: i64,
            _secret: Secret,
        ) -> Result<(), NoKey> {
            match *self {}
        }

        pub(in super::super) fn destroy(&mut self, _closes_at: i64) -> bool {
            match *self {}
        }

        pub(in super::super) fn closing_instants(&self) -> Vec<i64> {
            match *self {}
        }
    }
}
