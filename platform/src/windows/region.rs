//! Shared memory with a name, or without one.

use std::fmt;
use std::os::windows::io::AsHandle;
use std::sync::Arc;

use super::error::{Attempt, is_denied, is_not_found};
use super::machine;
use super::names::WideName;
use super::nt::section_facts;
use super::rights::{READ_CONTROL, READ_RIGHTS, READ_WRITE_RIGHTS};
use super::section::{Created, Section, lies_over_file, objection};
use super::security::{Security, is_trusted, owner_of};
use super::user::token_user;
use super::view;
use crate::{
    Access, CreateOptions, Disposition, Error, ErrorKind, Found, MapRequest, NameSpace, ObjectKind,
    ObjectName, OpenOptions, Result, SharedRegion, Trust, View, check_map_request, testing,
};

/// How often a call starts over because the name changed hands under it. Every round is the end of somebody
/// else's object, so it does not come to this; but no caller waits without a bound (C6).
pub(super) const ROUNDS: usize = 64;

/// Shared memory: the system's own, a section backed by the paging file, or by a file.
///
/// A clone shares the handle: the object is held until the last clone and the last view are gone.
#[derive(Clone)]
pub struct Region {
    pub(super) section: Arc<Section>,
    name: Option<ObjectName>,
    /// The section's own size; a foreign one may end inside a page.
    section_size: u64,
    /// The same in whole pages, but of a file, which has an exact length.
    len: u64,
    over_file: bool,
    access: Access,
}

impl Region {
    fn new(section: Section, name: Option<&ObjectName>, size: u64, access: Access) -> Option<Self> {
        let len = machine::whole_pages(size).filter(|&len| len > 0)?;
        let (section, name) = (Arc::new(section), name.cloned());
        Some(Region { section, name, section_size: size, len, over_file: false, access })
    }

    /// From any section that this process has a handle of, with what the handle allows.
    pub(super) fn of(
        section: Section,
        name: Option<&ObjectName>,
        access: Access,
        attempt: Attempt<'_>,
    ) -> Result<Self> {
        let facts = section_facts(section.as_handle()).map_err(|cause| attempt.failed(cause))?;
        let foreign = |what| {
            let found = Found::Foreign(what);
            attempt.error(ErrorKind::KindMismatch { wanted: ObjectKind::Region, found })
        };
        if let Some(objection) = objection(facts) {
            return Err(foreign(objection));
        }
        let region = Region::new(section, name, facts.size, access);
        let mut region = region.ok_or_else(|| foreign("a section without a size"))?;
        if lies_over_file(facts) {
            region.over_file = true;
            region.len = facts.size;
            view::check_can_be_mapped(&region.section, access).map_err(|cause| attempt.failed(cause))?;
        }
        Ok(region)
    }

    pub(super) fn lies_over_file(&self) -> bool {
        self.over_file
    }
}

// SAFETY: `map` maps memory with the view's access and gives it a keeper that alone unmaps it; pages of a
// section cannot be taken away while it is mapped; no reference to its bytes is made, and `len` is fixed.
unsafe impl SharedRegion for Region {
    fn create(name: &ObjectName, options: &CreateOptions) -> Result<Self> {
        let attempt = Attempt::new("create the region", Some(name)).of_bytes(options.size());
        match make(name, options, attempt)? {
            Made::New(region) => Ok(region),
            Made::Taken(_) => Err(attempt.error(ErrorKind::AlreadyExists)),
        }
    }

    fn create_or_open(name: &ObjectName, options: &CreateOptions) -> Result<(Self, Disposition)> {
        let attempt = Attempt::new("create or open the region", Some(name)).of_bytes(options.size());
        check_not_zero(options.size(), attempt)?;
        // Opening comes first: Windows commits the size that a create call asks for before it looks at the
        // name, and so an existing object could be refused for a size that is to be ignored.
        let mut _living = None;
        for _ in 0..ROUNDS {
            match open(name, Access::ReadWrite, options.accepted(), attempt) {
                Err(error) if *error.kind() == ErrorKind::NotFound => {}
                opened => return opened.map(|region| (region, Disposition::Opened)),
            }
            match make(name, options, attempt)? {
                Made::New(region) => return Ok((region, Disposition::Created)),
                // Somebody was faster. Held until the next round has opened it.
                Made::Taken(section) => _living = section,
            }
        }
        Err(attempt
            .error(ErrorKind::TimedOut)
            .with_detail("the name changed hands again and again; try again"))
    }

    fn open(name: &ObjectName, options: &OpenOptions) -> Result<Self> {
        open(name, options.access(), options.accepted(), Attempt::new("open the region", Some(name)))
    }

    fn anonymous(options: &CreateOptions) -> Result<Self> {
        let attempt = Attempt::new("create an anonymous region", None).of_bytes(options.size());
        let size = whole_pages(options.size(), attempt)?;
        let made = Security::new(options.asked_permissions())
            .and_then(|security| Section::create(None, size, &security))
            .map_err(|cause| attempt.failed(cause))?;
        let (Created::New(section) | Created::Existing(section)) = made;
        Region::new(section, None, size, Access::ReadWrite).ok_or_else(|| attempt.out_of_memory())
    }

    fn name(&self) -> Option<&ObjectName> {
        self.name.as_ref()
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn access(&self) -> Access {
        self.access
    }

    fn map(&self, request: &MapRequest) -> Result<View> {
        check_map_request(self, request)?;
        let attempt = Attempt::new("map a view of the region", self.name()).of_bytes(request.len());
        view::map(&self.section, self.section_size, request, attempt)
    }
}

/// There is no fork, and so no copy that holds nothing.
#[expect(clippy::unnecessary_wraps, reason = "on other systems it may fail")]
pub(crate) fn hold_again(_region: &Region) -> Result<()> {
    Ok(())
}

/// A name lives as long as its object.
pub(crate) fn has_its_name(region: &Region) -> bool {
    region.name().is_some()
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("name", &self.name)
            .field("len", &self.len)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// What became of an attempt to make a section under a name.
enum Made {
    New(Region),
    /// A living section has the name; this one, where we may hold it at all.
    Taken(Option<Section>),
}

fn make(name: &ObjectName, options: &CreateOptions, attempt: Attempt<'_>) -> Result<Made> {
    let size = whole_pages(options.size(), attempt)?;
    let security = Security::new(options.asked_permissions()).map_err(|cause| attempt.failed(cause))?;
    let wide = WideName::new(name);
    let mut rounds = 1..ROUNDS;
    loop {
        let denial = match Section::create(Some(&wide), size, &security) {
            Ok(Created::New(section)) => {
                testing::reached("create: made");
                let region = Region::new(section, Some(name), size, Access::ReadWrite);
                return region.map(Made::New).ok_or_else(|| attempt.out_of_memory());
            }
            Ok(Created::Existing(section)) => return Ok(Made::Taken(Some(section))),
            Err(cause) if is_denied(&cause) => cause,
            Err(cause) => return Err(attempt.failed(cause)),
        };
        // Denied: either by the DACL of an object that has the name, or the name may not be made at all.
        match Section::open(&wide, READ_RIGHTS) {
            Ok(section) => return Ok(Made::Taken(Some(section))),
            Err(cause) if is_denied(&cause) => return Ok(Made::Taken(None)),
            Err(cause) if !is_not_found(&cause) => return Err(attempt.failed(cause)),
            // Free: again, in case that object went between the two calls.
            Err(_) if rounds.next().is_some() => {}
            Err(_) => return Err(may_not_create(name, attempt).with_source(denial)),
        }
    }
}

/// The error for a name that nobody has and that still may not be made.
fn may_not_create(name: &ObjectName, attempt: Attempt<'_>) -> Error {
    let error = attempt.error(ErrorKind::AccessDenied);
    match name.name_space() {
        NameSpace::Global => error.with_detail(
            "creating a Global\\ region outside session 0 needs the privilege SeCreateGlobalPrivilege \
             (\"Create global objects\"); run the creator as a service or as an elevated administrator, grant \
             its user the privilege, or use a Local\\ name",
        ),
        NameSpace::Local => error.with_detail(
            "this process may not create names in its session; run it outside its sandbox or with its user's \
             full token",
        ),
    }
}

pub(super) fn open(name: &ObjectName, access: Access, trust: &Trust, attempt: Attempt<'_>) -> Result<Region> {
    let section = open_section(&WideName::new(name), access).map_err(|cause| attempt.failed(cause))?;
    testing::reached("open: opened");
    check_owner(&section, trust, attempt)?;
    testing::reached("open: owner checked");
    Region::of(section, Some(name), access, attempt)
}

/// With the right to see the owner, or without it where the object's DACL does not grant that: then the
/// owner stays unknown, and the caller's trust decides.
fn open_section(name: &WideName, access: Access) -> std::io::Result<Section> {
    let rights = if access.writes_object() { READ_WRITE_RIGHTS } else { READ_RIGHTS };
    match Section::open(name, rights | READ_CONTROL) {
        Err(cause) if is_denied(&cause) => Section::open(name, rights),
        answer => answer,
    }
}

/// Refuses the object of somebody who was not accepted (C20).
pub(super) fn check_owner(object: &impl AsHandle, trust: &Trust, attempt: Attempt<'_>) -> Result<()> {
    if *trust == Trust::Anyone {
        return Ok(());
    }
    let me = token_user().map_err(|cause| attempt.failed(cause))?;
    let owner = owner_of(object.as_handle()).ok().flatten();
    if is_trusted(owner.as_ref(), &me, trust) {
        return Ok(());
    }
    Err(attempt.error(ErrorKind::UntrustedOwner { owner }))
}

fn whole_pages(size: u64, attempt: Attempt<'_>) -> Result<u64> {
    check_not_zero(size, attempt)?;
    machine::whole_pages(size).ok_or_else(|| attempt.out_of_memory())
}

fn check_not_zero(size: u64, attempt: Attempt<'_>) -> Result<()> {
    if size > 0 {
        return Ok(());
    }
    Err(attempt.error(ErrorKind::InvalidArgument).with_detail("the size is zero; ask for one byte or more"))
}
