//! File mappings, which are regions.

use samemap::regions::FileOptions;
use samemap::{
    Access, CreateOptions, Disposition, ObjectName, OpenOptions, Permissions, Region, Result as Made,
};

use super::codes::{error, page, right};
use super::handle::Handle;
use super::handles::{self, Object};
use super::last_error::HandleOrNull;
use super::made::{is_free, made, opened};
use super::name;
use super::open_file::OpenFile;
use super::pointers::{In, Narrow, Text, Wide};
use super::security::{self, SecurityAttributes};

/// What a program asks for with `CreateFileMapping`.
struct Asked {
    protection: u32,
    high: u32,
    low: u32,
}

impl Asked {
    fn size(&self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }

    /// The access that the pages allow.
    fn access(&self) -> Result<Access, u32> {
        let section = self.protection & !0xFF;
        if section & page::OTHER_SECTIONS != 0 || self.protection & page::EXECUTE != 0 {
            return Err(error::NOT_SUPPORTED);
        }
        match self.protection & 0xFF {
            _ if section & !page::COMMIT != 0 => Err(error::INVALID_PARAMETER),
            page::READONLY => Ok(Access::ReadOnly),
            page::READWRITE => Ok(Access::ReadWrite),
            page::WRITECOPY => Ok(Access::CopyOnWrite),
            _ => Err(error::INVALID_PARAMETER),
        }
    }
}

fn create(
    file: Handle,
    security: &In<SecurityAttributes>,
    asked: &Asked,
    text: &dyn Text,
) -> Result<Handle, u32> {
    let access = asked.access()?;
    let permissions = security::permissions(security)?;
    let name = name::read(text)?;
    // Null is no file either, as on Windows.
    let region = if file == Handle::INVALID || file == Handle::NULL {
        in_memory(asked.size(), access, permissions, name.as_ref())?
    } else {
        over_file(file, asked.size(), access, permissions, name.as_ref())?
    };
    let writes = if access == Access::ReadWrite { right::MAP_WRITE } else { 0 };
    let rights = right::STANDARD | right::MAP_COPY | right::MAP_READ | writes;
    made(region, Object::Mapping, rights)
}

type NewRegion = Made<(Region, Disposition)>;

fn in_memory(
    size: u64,
    access: Access,
    permissions: Permissions,
    name: Option<&ObjectName>,
) -> Result<NewRegion, u32> {
    if size == 0 {
        return Err(error::INVALID_PARAMETER);
    }
    let options = CreateOptions::new(size).permissions(permissions);
    let Some(name) = name else {
        return Ok(Region::anonymous(&options).map(created));
    };
    let trust = name::trust(name);
    if access != Access::ReadWrite {
        // Who only reads needs no more than that of a region that is there.
        match Region::open(name, &OpenOptions::read_only().trust(trust.clone())) {
            Err(cause) if is_free(&cause) => {}
            there => return Ok(there.map(|region| (region, Disposition::Opened))),
        }
    }
    Ok(Region::create_or_open(name, &options.trust(trust)))
}

fn created(region: Region) -> (Region, Disposition) {
    (region, Disposition::Created)
}

fn over_file(
    file: Handle,
    size: u64,
    access: Access,
    permissions: Permissions,
    name: Option<&ObjectName>,
) -> Result<NewRegion, u32> {
    let file = handles::copy(file)?;
    file.check(right::FILE_READ | if access == Access::ReadWrite { right::FILE_WRITE } else { 0 })?;
    let Object::File(file) = &file.object else { return Err(error::INVALID_HANDLE) };
    check_length(file, size, access)?;
    let mut options = FileOptions::new(access).permissions(permissions);
    if size != 0 {
        options = options.size(size);
    }
    let made = match name {
        Some(name) => {
            Region::create_or_open_over_file(name, file.again()?, &options.trust(name::trust(name)))
        }
        None => Region::over_file(file.again()?, &options).map(created),
    };
    match made {
        Err(cause) if matches!(cause.kind(), samemap::ErrorKind::OutOfMemory { .. }) => Err(error::DISK_FULL),
        made => Ok(made),
    }
}

/// What Windows says of lengths that the file does not have.
fn check_length(file: &OpenFile, size: u64, access: Access) -> Result<(), u32> {
    match (file.len()?, size) {
        (0, 0) => Err(error::FILE_INVALID),
        (present, size) if size > present && access != Access::ReadWrite => Err(error::NOT_ENOUGH_MEMORY),
        _ => Ok(()),
    }
}

fn open(access: u32, text: &dyn Text) -> Result<Handle, u32> {
    let name = name::to_open(text)?;
    let trust = name::trust(&name);
    let open = |options: OpenOptions| Region::open(&name, &options.trust(trust.clone()));
    let writes = right::MAP_WRITE | right::GENERIC_WRITE | right::GENERIC_ALL;
    if access & writes != 0 {
        return opened(open(OpenOptions::read_write()), Object::Mapping, access);
    }
    if access & right::MAXIMUM_ALLOWED == 0 {
        return opened(open(OpenOptions::read_only()), Object::Mapping, access);
    }
    match open(OpenOptions::read_write()) {
        Ok(region) => opened(Ok(region), Object::Mapping, right::MAP_ALL),
        Err(_) => opened(open(OpenOptions::read_only()), Object::Mapping, right::MAP_READ | right::MAP_COPY),
    }
}

super::calls! {
    fn CreateFileMappingA(
        file: Handle,
        security: In<SecurityAttributes>,
        protection: u32,
        high: u32,
        low: u32,
        name: Narrow,
    ) -> HandleOrNull {
        create(file, &security, &Asked { protection, high, low }, &name)
    }

    fn CreateFileMappingW(
        file: Handle,
        security: In<SecurityAttributes>,
        protection: u32,
        high: u32,
        low: u32,
        name: Wide,
    ) -> HandleOrNull {
        create(file, &security, &Asked { protection, high, low }, &name)
    }

    fn OpenFileMappingA(access: u32, _inherit: i32, name: Narrow) -> HandleOrNull {
        open(access, &name)
    }

    fn OpenFileMappingW(access: u32, _inherit: i32, name: Wide) -> HandleOrNull {
        open(access, &name)
    }
}
