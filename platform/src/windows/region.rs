//! A region's handle.

use std::sync::Arc;

use super::calls::with_most_rights;
use super::error::Attempt;
use super::machine;
use super::names::WideName;
use super::rights::section_rights;
use super::section::{Section, lies_over_file, objection};
use super::security::check_owner;
use super::view;
use crate::contract::region::RegionFacts;
use crate::{Access, ErrorKind, Found, ObjectKind, ObjectName, Result, Trust, testing};

/// Shared memory: a section backed by the paging file or by a file.
#[derive(Clone)]
pub(crate) struct Region {
    pub(super) section: Arc<Section>,
    /// The section's size; a foreign one may end inside a page.
    pub(super) section_size: u64,
    pub(super) facts: RegionFacts,
}

impl Region {
    pub(super) fn new(
        section: Section,
        name: Option<&ObjectName>,
        size: u64,
        access: Access,
    ) -> Option<Self> {
        let len = machine::whole_pages(size).filter(|&len| len > 0)?;
        let facts = RegionFacts { name: name.cloned(), len, access, is_over_file: false };
        Some(Region { section: Arc::new(section), section_size: size, facts })
    }

    /// A region of any section, with the access that its handle allows.
    pub(super) fn of(
        section: Section,
        name: Option<&ObjectName>,
        access: Access,
        attempt: Attempt<'_>,
    ) -> Result<Self> {
        let facts = section.facts().map_err(|cause| attempt.failed(cause))?;
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
            // Over a file the length is exact, not whole pages.
            region.facts = RegionFacts { len: facts.size, is_over_file: true, ..region.facts };
        }
        view::check_can_be_mapped(&region.section, access, attempt)?;
        Ok(region)
    }
}

pub(super) fn open(name: &ObjectName, access: Access, trust: &Trust, attempt: Attempt<'_>) -> Result<Region> {
    let wide = WideName::new(name);
    let section = with_most_rights(&section_rights(access), |rights| Section::open(&wide, rights))
        .map_err(|cause| attempt.failed(cause))?;
    testing::reached("open: opened");
    check_owner(&section, trust, attempt)?;
    testing::reached("open: owner checked");
    Region::of(section, Some(name), access, attempt)
}
