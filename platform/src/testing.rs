//! Hooks for this project's own tests. They are not part of the contract; without the feature `testing` only the names
//! of the steps are left.

mod step;

pub use step::Step;

#[cfg(feature = "testing")]
mod hooks {
    use std::sync::OnceLock;

    static AT_STOP_POINT: OnceLock<fn(&'static str)> = OnceLock::new();

    /// Calls `hook` at every stop point from now on: between any two system calls that create, open or
    /// close an object, with the point's name.
    ///
    /// # Panics
    /// When a hook was set before.
    pub fn at_stop_points(hook: fn(&'static str)) {
        assert!(AT_STOP_POINT.set(hook).is_ok(), "a hook was set before");
    }

    pub(crate) fn reached(point: impl Into<&'static str>) {
        if let Some(hook) = AT_STOP_POINT.get() {
            hook(point.into());
        }
    }
}

#[cfg(feature = "testing")]
pub use hooks::at_stop_points;

#[cfg(feature = "testing")]
pub(crate) use hooks::reached;

/// Marks a stop point; does nothing without the feature `testing`.
#[cfg(not(feature = "testing"))]
#[inline(always)]
pub(crate) fn reached(_point: impl Into<&'static str>) {}
