//! The contract as a test suite, for any [`SharedRegion`](crate::traits::SharedRegion).
//!
//! Every rule of `docs/contract.md` that regions can show is one public function or several here, named
//! after its rule: [`c16_name_is_free_after_kill`](lifetime::c16_name_is_free_after_kill). Rules about
//! processes start real ones: the test program itself is run again as a [`Puppet`] that does what it is
//! told over its standard streams, and is killed where the rule says so. Every wait has a watchdog.
//!
//! To test a backend of your own, put this into a file in `tests/`:
//!
//! ```
//! # use samemap_platform as samemap;
//! samemap::conformance_suite!(my_backend, samemap::Region);
//! ```
//!
//! It becomes a module with one `#[test]` a rule. [`sync_conformance_suite!`](crate::sync_conformance_suite) does
//! the same for a family of objects to wait for ([`SyncObjects`]: rules C5, C6, C16, C22 to C24, C26, C27, C31), and
//! [`native_conformance_suite!`](crate::native_conformance_suite) for what only the system's own objects show:
//! names that every kind shares, timers, and regions that are handed over. [`run_all`] gives the same as a table, each rule in a
//! process of its own, so that a backend that crashes, hangs or aborts gets its table, too.
//!
//! # Environment
//! - `SAMEMAP_ASIDE_LOG`: a file to which a test that steps aside appends one line, its name and the reason.
//! - `SAMEMAP_WATCHDOG_SECONDS`: how long a rule may take before it aborts the
//!   program with the rule's name, 60 s by default.
//! - `SAMEMAP_PATIENCE_SECONDS`: how long a rule waits for a wake-up that has to come, 15 s by default.
//! - `SAMEMAP_CONFORMANCE_TAG`: the beginning of the objects' names, `conformance` by default.

mod child;
mod family;
mod native_child;
mod process;
mod puppet;
mod random;
mod storm;
mod suite;
mod support;
mod sync_child;
mod sync_support;
mod system;
mod thing;
mod watchdog;

pub mod addresses;
pub mod all;
pub mod errors;
pub mod events;
pub mod handing;
pub mod kinds;
pub mod lifetime;
pub mod locks;
pub mod making;
pub mod names;
pub mod opening;
pub mod semaphores;
pub mod sizes;
pub mod timers;
pub mod trust;
pub mod views;
pub mod waits;
pub mod wakeups;

pub use child::child_entry;
pub use family::{Inside, Making, Named, SyncObjects};
pub use native_child::native_child_entry;
pub use puppet::{Harness, Puppet};
pub use suite::{Outcome, Rule, RuleReport, check, native_rules, rules, run_all, run_all_sync, sync_rules};
pub use sync_child::sync_child_entry;
pub use watchdog::Watchdog;

/// Parts of the suite, for the project's own tests.
#[doc(hidden)]
pub mod tools {
    pub use super::process::{PROGRAM, program, rerun, spawn};
    pub use super::random::Random;
    pub use super::suite::note_aside;
    pub use super::support::unique_text;
    pub use super::system::{Meeting, Squatter};
    pub use super::watchdog::{Watchdog, limit};
}

#[doc(no_inline)]
pub use crate::{
    conformance_child, conformance_suite, native_conformance_suite, sync_conformance_child,
    sync_conformance_suite,
};
