//! A value, and what C has in hand of it: room to fill, or a message to read, in place.

use std::ptr::NonNull;

use samemap::Result;

use crate::arguments::invalid;

/// A value that lends one thing at a time, of the type `L`, which borrows from it.
pub(crate) struct Lender<T, L> {
    lent: Option<L>,
    /// A box's. It is not one, because what is lent borrows from it.
    owner: NonNull<T>,
}

impl<T, L> Lender<T, L> {
    pub(crate) fn new(owner: T) -> Self {
        Lender { lent: None, owner: NonNull::from(Box::leak(Box::new(owner))) }
    }

    /// The value, when nothing of it is lent; `refusal` says what comes first otherwise.
    pub(crate) fn owner(&mut self, refusal: &str) -> Result<&mut T> {
        // SAFETY: the borrow ends before anything is lent.
        unsafe { self.lending(refusal) }
    }

    /// The value, for a call whose answer is lent.
    ///
    /// # Safety
    /// Nothing outlives the call but what [`lend`](Self::lend) gets.
    pub(crate) unsafe fn lending<'a>(&mut self, refusal: &str) -> Result<&'a mut T> {
        match self.lent {
            Some(_) => Err(invalid(refusal)),
            // SAFETY: it is ours, and nothing borrows from it.
            None => Ok(unsafe { self.owner.as_mut() }),
        }
    }

    pub(crate) fn lend(&mut self, lent: L) {
        self.lent = Some(lent);
    }

    /// What was lent, given back.
    pub(crate) fn take(&mut self) -> Option<L> {
        self.lent.take()
    }

    pub(crate) fn lent(&self) -> Option<&L> {
        self.lent.as_ref()
    }
}

impl<T, L> Drop for Lender<T, L> {
    fn drop(&mut self) {
        // What borrows goes first.
        self.lent = None;
        // SAFETY: a box's, and dropped once.
        drop(unsafe { Box::from_raw(self.owner.as_ptr()) });
    }
}
