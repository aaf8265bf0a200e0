//! What only Linux shows.

mod checks;
mod common;
mod holds;
mod others;

/// What children can be.
pub const PARTS: [crate::support::part::Part; 7] = [
    ("middle", holds::middle),
    ("lister", holds::lister),
    ("locker", holds::locker),
    ("crowded", holds::crowded),
    ("other_user", others::other_user),
    ("owner", others::owner),
    ("untrusted", others::untrusted),
];
