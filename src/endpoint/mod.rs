//! What the ends of channels, newest values and topics have in common: how an end takes its seat, finds memory that is
//! laid out, looks, sleeps until its peer has done something or has ended, lends messages, and is waited for by event loops.

pub(crate) mod laid_out;
pub(crate) mod message;
pub(crate) mod readiness;
pub(crate) mod seat;
pub(crate) mod spin;
pub(crate) mod wait;
