//! Regions over files: the calls that make them.

use super::commit;
use super::errors::Context;
use super::lifetime::Object;
use super::object::{Contents, Plan};
use super::opened_file::Opened;
use super::record::Record;
use super::region::{Held, Region};
use super::shared_region;
use crate::testing::reached;
use crate::{
    Disposition, ErrorKind, FileOptions, FileSource, ObjectKind, ObjectName, OpenOptions, Result, Trust,
};

pub(crate) fn anonymous(source: FileSource, options: &FileOptions) -> Result<Region> {
    let context = Context { operation: "make a region over the file", name: None };
    let (file, len) = Opened::new(source, options.access(), context)?.sized(options, context)?;
    Ok(Region::of(Held::File { file, object: None }, None, len, options.access()))
}

pub(crate) fn create(name: &ObjectName, source: FileSource, options: &FileOptions) -> Result<Region> {
    let context = Context { operation: "create the region over a file", name: Some(name) };
    // Before the file grows in vain.
    let anybodys = OpenOptions::read_only().trust(Trust::Anyone);
    if Object::open(name, ObjectKind::Region, &anybodys).is_ok() {
        return Err(context.error(ErrorKind::AlreadyExists));
    }
    create_new(name, Opened::new(source, options.access(), context)?, options, context)
}

pub(crate) fn create_or_open(
    name: &ObjectName,
    source: FileSource,
    options: &FileOptions,
) -> Result<(Region, Disposition)> {
    let context = Context { operation: "create or open the region over a file", name: Some(name) };
    let opening = OpenOptions::new(options.access()).trust(options.accepted().clone());
    let mut file = Some(source);
    for _ in 0..TURNS {
        match shared_region::open(name, &opening) {
            Err(error) if *error.kind() == ErrorKind::NotFound => {}
            opened => return Ok((opened?, Disposition::Opened)),
        }
        let opened = match file.take() {
            Some(source) => Opened::new(source, options.access(), context)?,
            None => break,
        };
        let again = opened.try_clone(context)?;
        match create_new(name, opened, options, context) {
            Err(error) if *error.kind() == ErrorKind::AlreadyExists => file = Some(again),
            created => return Ok((created?, Disposition::Created)),
        }
    }
    Err(context.error(ErrorKind::TimedOut).with_detail("the name changed hands again and again; try again"))
}

/// How often a name may change hands under a creator. Each turn is the end of somebody else's object.
const TURNS: u32 = 64;

fn create_new(
    name: &ObjectName,
    opened: Opened,
    options: &FileOptions,
    context: Context<'_>,
) -> Result<Region> {
    let path = opened.absolute_path(context)?;
    let identity = opened.identity;
    let (file, len) = opened.sized(options, context)?;
    reached("create: file ready");
    let record = Record { access: options.access(), file: identity, len, path };
    let object_len = commit::rounded_to_pages(1).expect("a page");
    let object = Object::create(Plan {
        name,
        kind: ObjectKind::Region,
        asked: object_len,
        len: object_len,
        permissions: options.asked_permissions(),
        contents: Contents::LeadTo(&record.encoded()),
    })?;
    let held = Held::File { file, object: Some(object) };
    Ok(Region::of(held, Some(name), len, options.access()))
}

pub(crate) fn is_over_file(region: &Region) -> bool {
    matches!(&**region.held(), Held::File { .. })
}
