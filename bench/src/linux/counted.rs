//! The benches of how cost grows: their names, what their sizes count, and their plots.

pub const CREATE: &str = "objects in the name space: create and close one more";
pub const OPEN: &str = "objects in the name space: open and close one";
pub const LIST: &str = "objects in the name space: list all";
pub const SWEEP: &str = "objects in the name space: sweep (nothing is dead)";
pub const OPENING: &str = "processes open one region at once: open, view, read, close";
pub const HOLDING: &str = "processes open one region at once: until all hold it";
pub const SET_ALL: &str = "waiters for one event: set, until all are through";
pub const SET_ONE: &str = "waiters for one event: set, until one is through";
pub const SIZES: &str = "growth: create, write every page, close";

/// The benches whose size is a number of something, and of what.
pub const COUNTED: &[(&str, &str)] = &[
    (CREATE, "objects"),
    (OPEN, "objects"),
    (LIST, "objects"),
    (SWEEP, "objects"),
    (OPENING, "processes"),
    (HOLDING, "processes"),
    (SET_ALL, "waiters"),
    (SET_ONE, "waiters"),
];

/// The plots of all this: the file, what stands above it, and the benches in it.
pub const PLOTS: &[(&str, &str, &[&str])] = &[
    ("growth-by-objects.svg", "Growth with the objects in the name space", &[CREATE, OPEN, LIST, SWEEP]),
    (
        "growth-by-processes.svg",
        "Growth with the processes that open one region at once",
        &[OPENING, HOLDING],
    ),
    ("growth-by-waiters.svg", "Growth with the waiters for one event", &[SET_ALL, SET_ONE]),
    ("growth-by-size.svg", "Create a region, write every page, close", &[SIZES]),
];
