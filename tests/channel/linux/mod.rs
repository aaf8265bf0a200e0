//! On Linux: forks, stops, kills in the middle, what is left behind, and what a sleeping pair costs.

mod common;
mod costs;
mod deaths;
mod forks;
mod stops;

/// What children can be.
pub const PARTS: [crate::support::part::Part; 13] = [
    ("forks", forks::forks),
    ("forks_and_is_killed", forks::forks_and_is_killed),
    ("uses_copies", forks::uses_copies),
    ("forks_in_a_storm", forks::forks_in_a_storm),
    ("answers", stops::answers),
    ("asks_and_stops", stops::asks_and_stops),
    ("connects", stops::connects),
    ("holds", stops::holds),
    ("holds elsewhere", stops::holds_elsewhere),
    ("dies_at", deaths::dies_at),
    ("counts", costs::counts),
    ("sleeps", costs::sleeps),
    ("streams", costs::streams),
];
