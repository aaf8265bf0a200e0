//! The seam's traits for a region.

use super::calls::{self, Created};
use super::error::Attempt;
use super::handles::{Client, Gate};
use super::names::WideName;
use super::region::{Region, open};
use super::rights::READ_RIGHTS;
use super::section::Section;
use super::security::Security;
use super::{file, machine, view};
use crate::contract::context::{Context, Operation};
use crate::contract::region::{Bytes, RegionFacts};
use crate::seam::ask::{Ask, Made, open_or_make};
use crate::seam::gate::{RawClient, RawGate};
use crate::seam::region::{AskRegion, RawRegion};
use crate::{Access, CreateOptions, Disposition, MapRequest, NameSpace, ObjectName, Result, View};

// SAFETY: `map` maps memory with the view's access and gives it a keeper that alone unmaps it; pages of a
// section cannot be taken away while it is mapped; no reference to its bytes is made, and the facts are fixed.
unsafe impl RawRegion for Region {
    fn named(name: &ObjectName, ask: AskRegion<'_>, operation: Operation) -> Result<(Region, Disposition)> {
        let attempt = Attempt::new(operation, Some(name));
        let context = attempt.context;
        match ask {
            Ask::Create(Bytes::Zeros(options)) => {
                let made = make(name, options, attempt)?.or_taken(context)?;
                Ok((made, Disposition::Created))
            }
            Ask::CreateOrOpen(Bytes::Zeros(options)) => open_or_make(
                context,
                || open(name, Access::ReadWrite, options.accepted(), attempt),
                || make(name, options, attempt),
            ),
            Ask::Create(Bytes::OfFile(source, options)) => {
                Ok((file::create(name, source, options, attempt)?, Disposition::Created))
            }
            Ask::CreateOrOpen(Bytes::OfFile(source, options)) => {
                file::create_or_open(name, source, options, attempt)
            }
            Ask::Open(options) => {
                Ok((open(name, options.access(), options.accepted(), attempt)?, Disposition::Opened))
            }
        }
    }

    fn nameless(bytes: Bytes<'_>, operation: Operation) -> Result<Region> {
        let attempt = Attempt::new(operation, None);
        match bytes {
            Bytes::Zeros(options) => anonymous(options, attempt.of_bytes(options.size())),
            Bytes::OfFile(source, options) => file::anonymous(source, options, attempt),
        }
    }

    fn facts(&self) -> &RegionFacts {
        &self.facts
    }

    fn open_gate(&self) -> Option<Box<dyn RawGate<Region>>> {
        Some(Box::new(Gate))
    }

    fn come_to_gate(&self) -> Result<Option<Box<dyn RawClient<Region>>>> {
        Ok(Some(Box::new(Client)))
    }

    fn map(&self, request: &MapRequest, context: Context<'_>) -> Result<View> {
        let attempt = Attempt::of(context).of_bytes(request.len());
        view::map(&self.section, self.section_size, request, attempt)
    }
}

fn anonymous(options: &CreateOptions, attempt: Attempt<'_>) -> Result<Region> {
    let size = machine::whole_pages(options.size()).ok_or_else(|| attempt.out_of_memory())?;
    let made = Security::new(options.asked_permissions())
        .and_then(|security| Section::create(None, size, &security))
        .map_err(|cause| attempt.failed(cause))?;
    let (Created::New(section) | Created::Existing(section)) = made;
    Region::new(section, None, size, Access::ReadWrite).ok_or_else(|| attempt.out_of_memory())
}

/// Makes the region, or returns the section with the name, if this process may hold it.
fn make(
    name: &ObjectName,
    options: &CreateOptions,
    attempt: Attempt<'_>,
) -> Result<Made<Region, Option<Section>>> {
    let attempt = attempt.of_bytes(options.size());
    let size = machine::whole_pages(options.size()).ok_or_else(|| attempt.out_of_memory())?;
    let security = Security::new(options.asked_permissions()).map_err(|cause| attempt.failed(cause))?;
    let wide = WideName::new(name);
    let made = calls::make(
        attempt,
        || Section::create(Some(&wide), size, &security),
        || Section::open(&wide, READ_RIGHTS),
        forbidden(name),
    )?;
    made.map(|section| {
        Region::new(section, Some(name), size, Access::ReadWrite).ok_or_else(|| attempt.out_of_memory())
    })
}

/// The error text for a free name that this process may not use.
fn forbidden(name: &ObjectName) -> &'static str {
    match name.name_space() {
        NameSpace::Global => {
            "creating a Global\\ region outside session 0 needs the privilege SeCreateGlobalPrivilege \
             (\"Create global objects\"); run the creator as a service or as an elevated administrator, grant \
             its user the privilege, or use a Local\\ name"
        }
        NameSpace::Local => {
            "this process may not create names in its session; run it outside its sandbox or with its user's \
             full token"
        }
    }
}
