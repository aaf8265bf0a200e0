//! The contract as a test suite, for any [`SharedRegion`](crate::SharedRegion).
//!
//! Every rule of `docs/contract.md` that regions can show is one public function or several here, named
//! after its rule: [`c16_name_is_free_after_kill`](lifetime::c16_name_is_free_after_kill). Rules about
//! processes start real ones: the test program itself is run again as a [`Puppet`] that does what it is
//! told over its standard streams, and is killed where the rule says so. Every wait has a watchdog.
//!
//! To test a backend of your own, put this into a file in `tests/`:
//!
//! ```
//! samemap_platform::conformance_suite!(my_backend, samemap_platform::Region);
//! ```
//!
//! It becomes a module with one `#[test]` a rule. [`run_all`] gives the same as a table, each rule in a
//! process of its own, so that a backend that crashes, hangs or aborts can be tabled too.
//!
//! # Environment
//! - `SAMEMAP_ASIDE_LOG`: a file to which a test that steps aside appends one line, its name and why.
//! - `SAMEMAP_WATCHDOG_SECONDS`: how long a rule may take, 60 s unless told, before it aborts the
//!   program with the rule's name.
//! - `SAMEMAP_CONFORMANCE_TAG`: with what the objects' names begin; `conformance` unless told.

mod child;
mod puppet;
mod storm;
mod suite;
mod support;
mod system;
mod watchdog;

pub mod addresses;
pub mod errors;
pub mod lifetime;
pub mod names;
pub mod opening;
pub mod sizes;
pub mod trust;
pub mod views;

pub use child::child_entry;
pub use puppet::{Harness, Puppet};
pub use suite::{Outcome, Rule, RuleReport, check, rules, run_all};
pub use watchdog::Watchdog;

#[doc(no_inline)]
pub use crate::{conformance_child, conformance_suite};
