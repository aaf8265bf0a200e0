//! The list of rules, and the two ways to run them.

use std::any::Any;
use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::family::SyncObjects;
use super::puppet::{Harness, Puppet};
use super::watchdog::Watchdog;
use crate::SharedRegion;

/// The outcome of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The backend keeps the rule.
    Kept,
    /// The backend breaks the rule, as this text says.
    Failed(String),
    /// The rule cannot be shown here, for this reason.
    Aside(String),
}

impl Outcome {
    /// Steps aside, with the reason.
    pub fn aside(reason: impl Into<String>) -> Self {
        Outcome::Aside(reason.into())
    }
}

impl From<()> for Outcome {
    /// A rule that only asserts is kept when it returns.
    fn from((): ()) -> Self {
        Outcome::Kept
    }
}

impl From<Result<(), Outcome>> for Outcome {
    /// A rule that had to step aside says so with `?`.
    fn from(result: Result<(), Outcome>) -> Self {
        result.err().unwrap_or(Outcome::Kept)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Kept => f.write_str("kept"),
            Outcome::Failed(message) => write!(f, "failed: {message}"),
            Outcome::Aside(reason) => write!(f, "stepped aside: {reason}"),
        }
    }
}

/// One rule function of the suite, for one backend.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// The function's name, which begins with the rule's number.
    pub name: &'static str,
    run: fn(&Harness) -> Outcome,
}

impl Rule {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, run: fn(&Harness) -> Outcome) -> Self {
        Rule { name, run }
    }

    /// The rule's number in the contract, such as `C6` or `C16`.
    #[must_use]
    pub fn number(&self) -> String {
        let digits: String = self.name.chars().skip(1).take_while(char::is_ascii_digit).collect();
        format!("C{}", digits.trim_start_matches('0'))
    }

    /// Runs the rule in this process. A failed assertion is [`Outcome::Failed`].
    pub fn run(&self, harness: &Harness) -> Outcome {
        catch_unwind(AssertUnwindSafe(|| (self.run)(harness)))
            .unwrap_or_else(|panic| Outcome::Failed(message_of(&*panic)))
    }
}

/// One line of the table that [`run_all`] makes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleReport {
    /// The rule's number in the contract, such as `C16`.
    pub rule: String,
    /// The rule function's name.
    pub name: &'static str,
    /// Its outcome.
    pub outcome: Outcome,
}

/// Runs every rule over a backend, each in a process of its own: one that crashes, hangs or aborts has
/// failed, and the others go on.
///
/// The harness is that of a module made by [`conformance_child!`](crate::conformance_child) or
/// [`conformance_suite!`](crate::conformance_suite) for the same backend.
///
/// # Panics
/// When the test program cannot be started again.
#[must_use]
pub fn run_all<R: SharedRegion>(harness: &Harness) -> Vec<RuleReport> {
    run_each(harness, rules::<R>())
}

/// The same over a family of objects to wait for, with the harness of
/// [`sync_conformance_child!`](crate::sync_conformance_child) or
/// [`sync_conformance_suite!`](crate::sync_conformance_suite).
///
/// # Panics
/// As for [`run_all`].
#[must_use]
pub fn run_all_sync<O: SyncObjects>(harness: &Harness) -> Vec<RuleReport> {
    run_each(harness, sync_rules::<O>())
}

/// Several at a time: a rule that fails may have waited for long.
fn run_each(harness: &Harness, mut rules: Vec<Rule>) -> Vec<RuleReport> {
    const AT_A_TIME: usize = 4;
    rules.sort_by_key(|rule| rule.name);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut reports = Vec::new();
        while let Some(rule) = rules.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = run_apart(harness, rule.name);
            reports.push(RuleReport { rule: rule.number(), name: rule.name, outcome });
        }
        reports
    };
    let mut reports: Vec<RuleReport> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        let reports =
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        reports.flatten().collect()
    });
    reports.sort_by_key(|report| report.name);
    reports
}

fn run_apart(harness: &Harness, rule: &str) -> Outcome {
    match Puppet::run_rule(harness, rule).answer_or_end() {
        Ok(Ok(text)) => match text.split_once(' ') {
            Some(("aside", reason)) => Outcome::aside(reason),
            _ => Outcome::Kept,
        },
        Ok(Err(message)) => Outcome::Failed(message),
        Err(status) => Outcome::Failed(format!("the process crashed or hung: {status}")),
    }
}

/// Runs one rule and panics with its message when it fails: what the tests of
/// [`conformance_suite!`](crate::conformance_suite) do.
///
/// # Panics
/// When the rule fails.
pub fn check(harness: &Harness, rule: &str, run: fn(&Harness) -> Outcome) {
    let test = harness.test_name(rule);
    let _watchdog = Watchdog::start(test.as_str());
    match run(harness) {
        Outcome::Kept => {}
        Outcome::Failed(message) => panic!("{message}"),
        Outcome::Aside(reason) => note_aside(&test, &reason),
    }
}

/// Reports that a test, or a part of one, cannot be shown here: on standard output, and in the file that
/// `SAMEMAP_ASIDE_LOG` names.
///
/// # Panics
/// When that file cannot be written to.
pub fn note_aside(test: &str, reason: &str) {
    println!("{test} steps aside: {reason}");
    let Some(path) = std::env::var_os("SAMEMAP_ASIDE_LOG") else { return };
    // One write a line: tests of many processes append to the same file.
    let line = format!("{test}: {reason}\n");
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut log| log.write_all(line.as_bytes()))
        .unwrap_or_else(|error| panic!("cannot append to {}: {error}", path.to_string_lossy()));
}

/// A panic's message.
pub(super) fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Hands the list of rules to a macro: `then! { { context } theme: rule, rule; … }`.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_rules {
    ($then:ident $context:tt) => {
        $crate::$then! {
            $context
            names: c01_good_names_are_accepted, c01_prefix_is_spelled_exactly, c01_empty_name_is_refused, c01_nul_is_refused, c01_length_is_counted_in_utf16_units, c01_odd_names_name_objects, c01_longest_names_name_objects, c02_names_are_case_sensitive, c03_bare_name_is_a_local_name, c03_local_and_global_are_apart, c04_name_of_another_kind_is_kind_mismatch;
            opening: c05_create_wants_a_free_name, c05_create_or_open_says_which, c05_size_is_ignored_on_opening, c05_contents_are_kept_on_opening, c05_open_wants_an_object, c05_openers_share_the_memory, c06_one_of_many_creators_wins, c06_many_that_create_or_open_meet, c06_half_made_object_is_never_seen, c06_killed_creators_are_in_nobodys_way;
            sizes: c07_size_is_whole_pages_for_everybody, c07_rounded_up_bytes_can_be_used, c07_zero_size_is_an_error, c07_sizes_near_the_limit_do_not_wrap, c08_what_cannot_be_had_is_refused_at_creation, c08_memory_is_committed_at_creation, c09_new_region_reads_as_zeros, c09_new_region_has_nothing_of_an_old_one;
            views: c10_any_byte_range_is_a_view, c10_view_writes_its_own_bytes_only, c10_all_kinds_of_ranges, c10_empty_range_is_an_error, c10_range_outside_is_out_of_range, c10_access_ends_with_the_view, c11_view_has_at_most_its_regions_access, c11_read_only_view_refuses_writes, c11_read_only_view_is_read_only_to_the_mmu, c11_copy_on_write_reaches_nobody, c11_copy_on_write_keeps_its_own, c11_opened_for_reading_reads, c13_any_drop_order, c13_view_alone_keeps_its_object, c14_safe_access_copies_or_is_atomic, c14_threads_share_regions_and_views;
            addresses: c12_free_base_is_honoured_exactly, c12_base_in_use_is_refused, c12_own_memory_is_not_replaced, c12_impossible_base_is_refused, c12_base_and_offset_lie_on_the_grid;
            lifetime: c15_creator_may_leave_first, c15_lives_while_anybody_holds, c15_passing_openers_end_nothing, c15_reader_keeps_the_object, c15_handles_of_one_process_count_singly, c15_live_process_holds_only_what_it_holds, c16_name_is_free_after_drop, c16_name_is_free_after_end, c16_name_is_free_after_exit, c16_name_is_free_after_panic, c16_name_is_free_after_abort, c16_name_is_free_after_kill, c16_name_is_free_after_the_last_of_many_is_killed, c16_new_object_after_kill_is_new, c16_killed_beside_living_holders, c17_nothing_is_left_after_an_orderly_end, c17_leftovers_go_at_the_next_open_or_create, c17_sweep_removes_the_dead_only, c18_anonymous_region_has_no_name, c18_anonymous_region_keeps_the_rules;
            trust: c03_local_names_of_two_users_are_apart, c19_object_is_for_its_owner_alone, c19_another_user_is_kept_out, c20_permissions_become_mode_bits, c20_own_object_is_always_accepted, c20_another_users_object_must_be_accepted, c20_read_only_share_keeps_others_from_writing, c21_scribbling_peer_harms_nobody, c21_text_from_outside_stays_inside;
            errors: c28_error_tells_operation_and_name, c28_error_is_one_line_with_a_remedy, c28_cause_is_the_systems_and_told_once, c28_error_goes_anywhere, c28_odd_name_stays_on_the_line, c28_region_tells_of_itself;
        }
    };
}

/// The same for rules over a family of objects to wait for.
#[doc(hidden)]
#[macro_export]
macro_rules! __sync_conformance_rules {
    ($then:ident $context:tt) => {
        $crate::$then! {
            $context
            making: c05_object_is_made_once, c06_one_of_many_makes_it, c06_killed_maker_is_in_nobodys_way, c16_state_goes_with_the_last_holder;
            locks: c22_one_owner_at_a_time, c22_owner_may_lock_once_more, c22_ownership_is_a_threads, c22_owners_death_is_told_once, c22_death_is_told_until_release, c22_ended_thread_is_told, c22_forgotten_guard_is_a_lock_held, c22_panic_gives_it_up, c22_opening_changes_nothing;
            events: c23_new_event_is_as_asked, c23_set_stays_until_taken_or_reset, c23_auto_reset_lets_one_through, c23_manual_reset_lets_all_through, c23_any_process_sets_and_resets, c23_opening_ignores_what_is_asked;
            semaphores: c24_numbers_that_make_no_semaphore_are_refused, c24_release_returns_the_count_before, c24_release_past_the_maximum_changes_nothing, c24_each_permit_is_had_once, c24_release_lets_as_many_through, c24_opening_ignores_what_is_asked;
            waits: c26_timeout_of_zero_polls_an_event, c26_timeout_of_zero_polls_a_mutex, c26_timeout_of_zero_polls_a_semaphore, c26_timed_out_wait_takes_nothing, c26_timed_out_lock_owns_nothing, c26_timed_out_wait_takes_no_permit, c26_endless_timeouts_wait, c26_lowest_index_and_only_that_one, c26_mixed_kinds_are_waited_for, c26_one_to_64_objects, c26_any_of_many_wakes, c26_lock_waits_until_it_is_free;
            all: c31_takes_all_or_none, c31_waits_until_the_last_is_there, c31_reserves_nothing_while_it_waits, c31_timed_out_wait_takes_nothing, c31_one_to_64_different_objects, c31_own_mutex_counts_as_free, c31_dead_owners_mutex_is_told, c31_manual_reset_event_stays_set, c31_overlapping_sets_in_any_order, c31_killed_waiter_takes_all_or_none, c31_signals_one_and_waits_for_another;
            wakeups: c27_no_signal_is_lost_on_the_way, c27_killed_waiter_loses_nobodys_signal, c27_killed_waiter_loses_nobodys_permit, c27_killed_waiter_loses_nobodys_turn, c27_killed_setter_leaves_nobody_asleep;
        }
    };
}

/// The same for rules over the system's own objects.
#[doc(hidden)]
#[macro_export]
macro_rules! __native_conformance_rules {
    ($then:ident $context:tt) => {
        $crate::$then! {
            $context
            kinds: c04_every_kind_refuses_the_names_of_every_other, c04_free_name_is_free_for_every_kind, c05_three_calls_for_every_kind, c06_one_of_many_creates_every_kind, c06_killed_creators_of_every_kind_are_in_nobodys_way, c15_every_kind_outlives_its_creator, c16_name_of_every_kind_is_free_with_the_last_holder, c17_nothing_is_left_of_any_kind, c19_every_kind_is_for_its_owner_alone, c19_another_user_is_kept_out_of_every_kind, c20_another_users_object_of_every_kind_must_be_accepted;
            timers: c25_new_timer_is_not_set, c25_relative_due_time, c25_absolute_due_time, c25_period, c25_cancelled_timer_is_never_due, c25_setting_replaces, c25_lets_one_or_all_through, c25_setter_may_be_gone, c25_setting_wakes_who_sleeps, c26_every_named_kind_together, c31_every_named_kind_at_one_moment;
            handing: c18_child_adopts_what_it_is_offered, c18_child_holds_in_its_own_right, c18_child_that_goes_takes_nothing, c18_nothing_else_reaches_a_child, c18_running_process_receives, c18_receiver_holds_in_its_own_right, c18_sender_may_be_gone_before_the_receipt, c18_longest_names_arrive;
        }
    };
}

/// Makes a module `$module` with one `#[test]` for every rule of the contract, over the backend
/// `$region`, a type that implements [`SharedRegion`](crate::traits::SharedRegion).
///
/// It goes into a test program (a file in `tests/`), which then starts itself again as the processes
/// that the rules are about.
///
/// ```
/// # use samemap_platform as samemap;
/// samemap::conformance_suite!(native, samemap::Region);
/// ```
#[macro_export]
macro_rules! conformance_suite {
    ($module:ident, $region:ty) => {
        $crate::__conformance_rules!(__conformance_module { $module, [child_entry::<$region>], <$region> });
    };
}

/// Makes a module `$module` with one `#[test]` for every rule that objects to wait for keep, over the family
/// `$objects`, a type that implements [`SyncObjects`](crate::conformance::SyncObjects).
///
/// ```
/// # use samemap_platform as samemap;
/// samemap::sync_conformance_suite!(named, samemap::conformance::Named);
/// ```
#[macro_export]
macro_rules! sync_conformance_suite {
    ($module:ident, $objects:ty) => {
        $crate::__sync_conformance_rules!(__conformance_module { $module, [sync_child_entry::<$objects>], <$objects> });
    };
}

/// Makes a module `$module` with one `#[test]` for every rule that the system's own objects alone can show: one name
/// space for all kinds, timers, and regions that are handed over.
///
/// ```
/// # use samemap_platform as samemap;
/// samemap::native_conformance_suite!(native);
/// ```
#[macro_export]
macro_rules! native_conformance_suite {
    ($module:ident) => {
        $crate::__native_conformance_rules!(__conformance_module { $module, [native_child_entry] });
    };
}

/// Makes a module `$module` with the test `conformance_child` and the function `harness`, all that
/// [`run_all`](crate::conformance::run_all) needs, but no test for the single rules.
#[macro_export]
macro_rules! conformance_child {
    ($module:ident, $region:ty) => {
        $crate::__conformance_module!({ $module, [child_entry::<$region>] });
    };
}

/// The same for [`run_all_sync`](crate::conformance::run_all_sync).
#[macro_export]
macro_rules! sync_conformance_child {
    ($module:ident, $objects:ty) => {
        $crate::__conformance_module!({ $module, [sync_child_entry::<$objects>] });
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_module {
    ({ $module:ident, [$($entry:tt)+] $(, <$over:ty>)? } $($theme:ident: $($rule:ident),+;)*) => {
        mod $module {
            #[allow(unused_imports, reason = "the type may be named by a path that needs it, or not")]
            use super::*;

            /// How rules start this program again.
            pub fn harness() -> $crate::conformance::Harness {
                $crate::conformance::Harness::new(module_path!())
            }

            /// The entry for this program's children. Started as a test, it checks that children obey.
            #[test]
            fn conformance_child() {
                $crate::conformance::$($entry)+(&harness());
            }

            $crate::__conformance_tests!({ $(<$over>)? } $($($theme $rule)+)*);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ($over:tt $($theme:ident $rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                $crate::conformance::check(&harness(), stringify!($rule), |harness| {
                    $crate::__conformance_call!($over $theme $rule harness).into()
                });
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_call {
    ({ <$over:ty> } $theme:ident $rule:ident $harness:ident) => {
        $crate::conformance::$theme::$rule::<$over>($harness)
    };
    ({} $theme:ident $rule:ident $harness:ident) => {
        $crate::conformance::$theme::$rule($harness)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_list {
    ($over:tt $($theme:ident: $($rule:ident),+;)+) => {
        $crate::__conformance_rows!($over $($($theme $rule)+)+)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_rows {
    ($over:tt $($theme:ident $rule:ident)+) => {
        vec![$($crate::conformance::Rule::new(stringify!($rule), |harness| {
            $crate::__conformance_call!($over $theme $rule harness).into()
        })),+]
    };
}

/// Every rule function of the suite, for the backend `R`.
#[must_use]
pub fn rules<R: SharedRegion>() -> Vec<Rule> {
    crate::__conformance_rules!(__conformance_list { <R> })
}

/// Every rule function over the family `O` of objects to wait for.
#[must_use]
pub fn sync_rules<O: SyncObjects>() -> Vec<Rule> {
    crate::__sync_conformance_rules!(__conformance_list { <O> })
}

/// Every rule function over the system's own objects.
#[must_use]
pub fn native_rules() -> Vec<Rule> {
    crate::__native_conformance_rules!(__conformance_list {})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::family::Named;
    use super::{native_rules, rules, sync_rules};

    /// A rule function that is not listed would never run.
    #[test]
    fn every_rule_function_is_listed() {
        let source = concat!(
            include_str!("addresses.rs"),
            include_str!("all.rs"),
            include_str!("errors.rs"),
            include_str!("events.rs"),
            include_str!("handing.rs"),
            include_str!("kinds.rs"),
            include_str!("lifetime.rs"),
            include_str!("locks.rs"),
            include_str!("making.rs"),
            include_str!("names.rs"),
            include_str!("opening.rs"),
            include_str!("semaphores.rs"),
            include_str!("sizes.rs"),
            include_str!("timers.rs"),
            include_str!("trust.rs"),
            include_str!("views.rs"),
            include_str!("waits.rs"),
            include_str!("wakeups.rs"),
        );
        let mut written: Vec<&str> = source
            .lines()
            .filter_map(|line| line.strip_prefix("pub fn ")?.split(['<', '(']).next())
            .collect();
        let lists = [rules::<crate::Region>(), sync_rules::<Named>(), native_rules()];
        let mut listed: Vec<&str> = lists.iter().flatten().map(|rule| rule.name).collect();
        written.sort_unstable();
        listed.sort_unstable();
        assert_eq!(written, listed);
        assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "two rules of one name");
    }
}
