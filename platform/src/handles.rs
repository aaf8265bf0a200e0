//! Sharing by handle (rule C18): with a child that is about to start, and with a running process.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::contract::context::{Context, Operation};
use crate::seam::region::{Kept, Offered as _, RawRegion as _, Sent as _};
use crate::{Access, ErrorKind, PerProcess, Region, Result, Trust, system};

/// # Sharing by handle
/// A region, named or not, can be handed to another process, which then holds it independently: either process may let
/// go first. [`offer_to`](Self::offer_to) and [`adopt`](Self::adopt) are for a child that this process is about to
/// start, and a [`Courier`] is for any running process.
///
/// A process that gets a region for reading only cannot write to it by mistake. A hostile process of another user
/// cannot get more access, either, but a process of the *same* user can get as much as its user may have (rule C20).
///
/// Locks and other objects inside a region work between all its holders, however they got it.
impl Region {
    /// Offers the region to the children that `command` will start, under a key for [adopting](Self::adopt) it. A
    /// command can carry several offers, with different keys.
    ///
    /// The children get the offered regions only, and children of other commands get none. Keep the
    /// [`Offer`] until the child has adopted.
    ///
    /// ```
    /// # use samemap_platform as samemap;
    /// # use samemap::{Access, CreateOptions, Region};
    /// # let mut command = std::process::Command::new("true");
    /// let region = Region::anonymous(&CreateOptions::new(4096))?;
    /// let offer = region.offer_to(&mut command, "frames", Access::ReadWrite)?;
    /// // let child = command.spawn()?; … and in the child: Region::adopt("frames")?
    /// # drop(offer);
    /// # Ok::<(), samemap::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a key that is not 1 to 64 lower-case letters, digits and
    /// underscores of ASCII, or that the command has already; [`AccessDenied`](ErrorKind::AccessDenied) for more access
    /// than the region is held with.
    ///
    /// # Platform-specific behavior
    /// The offer travels in an environment variable, `SAMEMAP_OFFER_` and the key, so
    /// [`Command::env_clear`] must not be called after it.
    ///
    /// - On POSIX the child holds the region from its start, also when this process ends before the child
    ///   adopts. Until the child adopts it, its descriptor also stays open in processes that the child starts, so adopt
    ///   before starting any. The command keeps the region until the command is dropped. The child is started by `fork`
    ///   and `exec`, not by `posix_spawn`.
    /// - On Windows the child takes the region out of this process, because an inheritable handle would reach every
    ///   child that any thread starts at that moment. So this process and the [`Offer`] must live until the child has
    ///   adopted; a process that ends earlier uses a [`Courier`]. The child must be allowed to open this process
    ///   (`PROCESS_DUP_HANDLE`), as children of the same user are, unless only this process is elevated.
    pub fn offer_to(&self, command: &mut Command, key: &str, access: Access) -> Result<Offer> {
        let context = self.0.facts().context(OFFER);
        let Some(variable) = variable_of(key) else { return Err(context.invalid(KEY_RULE)) };
        if command.get_envs().any(|(known, value)| known == variable.as_str() && value.is_some()) {
            return Err(
                context.invalid("the command carries an offer under this key already; use another key")
            );
        }
        self.check_allows(access, context)?;
        let (text, system) = self.0.offer(command, access, context)?;
        command.env(variable, text);
        Ok(Offer { _region: self.clone(), _system: system })
    }

    /// Adopts the region that the parent process [offered](Self::offer_to) under a key. It succeeds once; a failed call
    /// can be repeated.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) when nothing was offered under this key, when it was adopted before, or
    /// when the offer is no longer good; [`InvalidArgument`](ErrorKind::InvalidArgument) for an invalid key;
    /// [`AccessDenied`](ErrorKind::AccessDenied).
    ///
    /// # Platform-specific behavior
    /// See [`offer_to`](Self::offer_to). On POSIX, programs that close all descriptors they do not know (some
    /// daemons do at their start) must adopt before that.
    pub fn adopt(key: &str) -> Result<Region> {
        let context = Context { operation: "adopt the region that was offered", name: None };
        let Some(variable) = variable_of(key) else { return Err(context.invalid(KEY_RULE)) };
        let not_found = |detail: &str| Err(context.error(ErrorKind::NotFound).with_detail(detail));
        let Ok(offer) = std::env::var(&variable) else {
            return not_found(
                "nothing was offered to this process under this key; start it by a Command that Region::offer_to was called on",
            );
        };
        // Locked during the adoption: a region that is adopted twice would be closed twice.
        static ADOPTED: PerProcess<Mutex<BTreeSet<String>>> = PerProcess::new();
        let mut adopted = ADOPTED.get().lock().unwrap_or_else(PoisonError::into_inner);
        if adopted.contains(&variable) {
            return not_found("it was adopted before, in this process; clone the Region in place of that");
        }
        let region = system::Region::adopt(&offer, context)?;
        adopted.insert(variable);
        Ok(Region(region))
    }

    fn check_allows(&self, access: Access, context: Context<'_>) -> Result<()> {
        let held = self.0.facts().access;
        if held.allows(access) {
            return Ok(());
        }
        Err(context.error(ErrorKind::AccessDenied).with_detail(format!(
            "the region is held {held} and would be handed over {access}; open it with more access"
        )))
    }
}

const OFFER: Operation = "offer the region to a child";

const KEY_RULE: &str =
    "a key is made of 1 to 64 lower-case letters, digits and underscores of ASCII; choose such a one";

fn variable_of(key: &str) -> Option<String> {
    let good = (1..=64).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    good.then(|| format!("SAMEMAP_OFFER_{key}"))
}

/// Keeps an offer valid. Keep it until the child reports that it has [adopted](Region::adopt) the region.
#[derive(Debug)]
#[must_use = "on Windows the offer is withdrawn when this is dropped"]
pub struct Offer {
    _region: Region,
    _system: Kept,
}

/// Sends regions to a running process, and receives them.
///
/// A courier is made over a connection in each system's own way, and then used the same way everywhere:
///
/// - On POSIX by `Courier::over`, of a `std::os::unix::net::UnixStream`; one courier sends and
///   receives.
/// - On Windows by `Courier::to_process_id` or `Courier::to_process`, of anything that can be written to and leads
///   to that process, on one side, and by `Courier::receiving`, of anything to be read from, on the other.
///
/// Other data may use the same connection, if both sides agree on the order.
///
/// # Trusted senders
/// The connection must lead to a trusted process. A received region is checked (its form, its size, its owner; on
/// Windows, that its sender put it into this process), but a peer can still do what any holder can: write to the memory
/// while it is used, and on POSIX truncate a file that it sends (see [`Region::over_file`]).
#[derive(Debug)]
pub struct Courier(pub(crate) system::Courier);

impl Courier {
    /// Sends a region with this access. From now on it is held for the receiver, also when this process ends before the
    /// receipt.
    ///
    /// # Errors
    /// [`AccessDenied`](ErrorKind::AccessDenied) for more access than the region is held with, or where the
    /// system does not let this user hand it over; [`TimedOut`](ErrorKind::TimedOut) where the connection has a
    /// timeout; [`Os`](ErrorKind::Os) when the connection fails.
    ///
    /// # Platform-specific behavior
    /// If it is never received: on POSIX the region lives until the connection is closed; on Windows until the
    /// receiving process ends. A failed send takes it back.
    pub fn send(&mut self, region: &Region, access: Access) -> Result<()> {
        let context = region.0.facts().context("send the region");
        region.check_allows(access, context)?;
        region.0.send(&mut self.0, access, context)
    }

    /// Waits for a region and holds it, with the access that it was sent with.
    ///
    /// # Errors
    /// [`UntrustedOwner`](ErrorKind::UntrustedOwner) when its owner is not trusted;
    /// [`InvalidArgument`](ErrorKind::InvalidArgument), [`KindMismatch`](ErrorKind::KindMismatch) or
    /// [`Damaged`](ErrorKind::Damaged) when what arrives is no region; [`TimedOut`](ErrorKind::TimedOut) where the
    /// connection has a timeout; [`Os`](ErrorKind::Os) when the connection fails or ends.
    pub fn receive(&mut self, trust: &Trust) -> Result<Region> {
        let context = Context { operation: "receive a region", name: None };
        system::Region::receive(&mut self.0, trust, context).map(Region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_on_every_system() {
        assert_eq!(variable_of("frames_2").as_deref(), Some("SAMEMAP_OFFER_frames_2"));
        for key in ["", "A", "a b", "a=", "ä", "a\0", &"x".repeat(65)] {
            assert_eq!(variable_of(key), None, "{key}");
        }
        assert!(variable_of(&"x".repeat(64)).is_some());
    }
}
