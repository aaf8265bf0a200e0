//! What the ends of channels, newest values and topics have in common: how an end takes its seat, finds memory that is
//! laid out, looks, sleeps until its peer has done something or has ended, and lends messages.

pub(crate) mod in_vain;
pub(crate) mod laid_out;
pub(crate) mod message;
pub(crate) mod seat;
pub(crate) mod spin;
pub(crate) mod wait;
pub(crate) mod watch;
