/// Seals of memory without a name.
#[derive(Clone, Copy, Debug)]
pub(in crate::posix) struct Seals {
    /// No process can make it shorter.
    pub(in crate::posix) against_shrinking: bool,
    /// No process can write to it any more.
    pub(in crate::posix) against_writing: bool,
}
