/* Names, file mappings, their views, and files. */
#include "table.h"

#include <string.h>

static HANDLE memory(const wchar_t *name, DWORD size)
{
    return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, size, name);
}

void names(void)
{
    HANDLE held, again;
    wchar_t bare[64];
    wchar_t longest[300];
    int at;

    KEEP("create Local\\", held, memory(named("T1"), 4096), YES, ERROR_SUCCESS);
    wcscpy_s(bare, 64, named("T1") + 6);
    GIVES("open it without its prefix", OpenFileMappingW(FILE_MAP_READ, FALSE, bare), YES, ANY);
    GIVES("open it in small letters", OpenFileMappingW(FILE_MAP_READ, FALSE, named("t1")), NO, ERROR_FILE_NOT_FOUND);
    GIVES("create what exists", memory(named("T1"), 4096), YES, ERROR_ALREADY_EXISTS);
    GIVES("create a small prefix", memory(L"local\\T1", 4096), NO, ERROR_PATH_NOT_FOUND);
    GIVES("create two backslashes", memory(L"Local\\a\\b", 4096), NO, ERROR_PATH_NOT_FOUND);
    GIVES("create a backslash", memory(L"a\\b", 4096), NO, ERROR_PATH_NOT_FOUND);
    GIVES("create a prefix alone", memory(L"Local\\", 4096), NO, ERROR_INVALID_NAME);
    GIVES("open nothing", OpenFileMappingW(FILE_MAP_READ, FALSE, named("none")), NO, ERROR_FILE_NOT_FOUND);
    GIVES("open a null name", OpenFileMappingW(FILE_MAP_READ, FALSE, NULL), NO, ERROR_INVALID_PARAMETER);
    GIVES("open an empty name", OpenFileMappingW(FILE_MAP_READ, FALSE, L""), NO, ERROR_INVALID_HANDLE);
    GIVES("create an empty name", memory(L"", 4096), YES, ERROR_SUCCESS);
    GIVES("create an empty name twice", memory(L"", 4096), YES, ERROR_SUCCESS);
    for (at = 0; at < 270; at++)
        longest[at] = L'x';
    longest[at] = 0;
    GIVES("open a name of 270", OpenMutexW(SYNCHRONIZE, FALSE, longest), NO, ANY);

    GIVES("a mutex of a mapping's name", CreateMutexW(NULL, FALSE, named("T1")), NO, ERROR_INVALID_HANDLE);
    GIVES("an event of a mapping's name", CreateEventW(NULL, FALSE, FALSE, named("T1")), NO, ERROR_INVALID_HANDLE);
    GIVES("a semaphore of a mapping's name", CreateSemaphoreW(NULL, 0, 1, named("T1")), NO, ERROR_INVALID_HANDLE);
    GIVES("a timer of a mapping's name", CreateWaitableTimerW(NULL, FALSE, named("T1")), NO, ERROR_INVALID_HANDLE);
    GIVES("open a mutex of a mapping's name", OpenMutexW(SYNCHRONIZE, FALSE, named("T1")), NO, ERROR_INVALID_HANDLE);
    GIVES("open an event of a mapping's name", OpenEventW(SYNCHRONIZE, FALSE, named("T1")), NO, ERROR_INVALID_HANDLE);
    NUMBER("close the mapping", CloseHandle(held), TRUE, NONE);
    GIVES("open it after that", OpenFileMappingW(FILE_MAP_READ, FALSE, named("T1")), NO, ERROR_FILE_NOT_FOUND);

    KEEP("a mutex", held, CreateMutexW(NULL, FALSE, named("M")), YES, ERROR_SUCCESS);
    GIVES("a mapping of a mutex's name", memory(named("M"), 4096), NO, ERROR_INVALID_HANDLE);
    GIVES("open a mapping of a mutex's name", OpenFileMappingW(FILE_MAP_READ, FALSE, named("M")), NO,
          ERROR_INVALID_HANDLE);
    KEEP("a second handle", again, OpenMutexW(SYNCHRONIZE, FALSE, named("M")), YES, ANY);
    CloseHandle(held);
    GIVES("the name stays with the second handle", OpenMutexW(SYNCHRONIZE, FALSE, named("M")), YES, ANY);
    CloseHandle(again);
    GIVES("and goes with the last", OpenMutexW(SYNCHRONIZE, FALSE, named("M")), NO, ERROR_FILE_NOT_FOUND);

    KEEP("create by a narrow name", held, CreateEventA(NULL, TRUE, FALSE, "Local\\table-narrow"), YES, ERROR_SUCCESS);
    GIVES("open it by a wide one", OpenEventW(SYNCHRONIZE, FALSE, L"Local\\table-narrow"), YES, ANY);
    GIVES("and by the macro's", OpenEvent(SYNCHRONIZE, FALSE, TEXT("Local\\table-narrow")), YES, ANY);
    CloseHandle(held);
}

void mappings(void)
{
    HANDLE held, reader;
    void *view;

    GIVES("size 0", memory(named("zero"), 0), NO, ERROR_INVALID_PARAMETER);
    GIVES("size 0, no name", memory(NULL, 0), NO, ERROR_INVALID_PARAMETER);
    GIVES("64 TiB", CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0x4000, 0, named("huge")), NO,
          ERROR_NOT_ENOUGH_MEMORY);
    GIVES("no protection", CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, 0, 0, 4096, named("p0")), NO,
          ERROR_INVALID_PARAMETER);
    GIVES("an odd protection", CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, 3, 0, 4096, named("p3")), NO,
          ERROR_INVALID_PARAMETER);
    GIVES("no handle is no file", CreateFileMappingW(NULL, NULL, PAGE_READWRITE, 0, 4096, named("h0")), YES,
          ERROR_SUCCESS);
    GIVES("a mutex is no file", CreateFileMappingW(CreateMutexW(NULL, FALSE, NULL), NULL, PAGE_READWRITE, 0, 4096, NULL),
          NO, ANY);
    GIVES("committed", CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_COMMIT, 0, 4096, NULL), YES,
          ERROR_SUCCESS);

    KEEP("create 5000 bytes", held, memory(named("size"), 5000), YES, ERROR_SUCCESS);
    GIVES("create it with another size", memory(named("size"), 100000), YES, ERROR_ALREADY_EXISTS);
    KEEP("open it for reading", reader, OpenFileMappingW(FILE_MAP_READ, FALSE, named("size")), YES, ANY);
    GIVES("map that for writing", MapViewOfFile(reader, FILE_MAP_WRITE, 0, 0, 0), NO, ERROR_ACCESS_DENIED);
    GIVES("map that for all", MapViewOfFile(reader, FILE_MAP_ALL_ACCESS, 0, 0, 0), NO, ERROR_ACCESS_DENIED);
    KEEP("map that for reading", view, MapViewOfFile(reader, FILE_MAP_READ, 0, 0, 0), YES, ANY);
    NUMBER("unmap that", UnmapViewOfFile(view), TRUE, NONE);
    KEEP("map that copy-on-write", view, MapViewOfFile(reader, FILE_MAP_COPY, 0, 0, 0), YES, ANY);
    *(char *)view = 'c';
    UnmapViewOfFile(view);
    KEEP("map it anew", view, MapViewOfFile(reader, FILE_MAP_READ, 0, 0, 0), YES, ANY);
    NUMBER("the copy reached nobody", *(char *)view, 0, NONE);
    UnmapViewOfFile(view);
    CloseHandle(reader);
    KEEP("open it for writing alone", reader, OpenFileMappingW(FILE_MAP_WRITE, FALSE, named("size")), YES, ANY);
    GIVES("map that for reading alone", MapViewOfFile(reader, FILE_MAP_READ, 0, 0, 0), NO, ERROR_ACCESS_DENIED);
    KEEP("and for writing", view, MapViewOfFile(reader, FILE_MAP_WRITE, 0, 0, 0), YES, ANY);
    UnmapViewOfFile(view);
    CloseHandle(reader);
    NUMBER("a mapping is not waited for", WaitForSingleObject(held, 0), WAIT_FAILED, ANY);
    CloseHandle(held);

    KEEP("create read-only", held, CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READONLY, 0, 4096, NULL), YES,
         ERROR_SUCCESS);
    GIVES("map that for writing too", MapViewOfFile(held, FILE_MAP_WRITE, 0, 0, 0), NO, ERROR_ACCESS_DENIED);
    CloseHandle(held);
}

/* What VirtualQuery says of an address. */
static SIZE_T size_at(const void *address)
{
    MEMORY_BASIC_INFORMATION facts;
    memset(&facts, 0, sizeof facts);
    return VirtualQuery(address, &facts, sizeof facts) == sizeof facts ? facts.RegionSize : 0;
}

void views(void)
{
    HANDLE held;
    char *view, *second;
    MEMORY_BASIC_INFORMATION facts;
    char *free_base;

    held = memory(named("view"), 5000);
    KEEP("map all", view, (char *)MapViewOfFile(held, FILE_MAP_ALL_ACCESS, 0, 0, 0), YES, ANY);
    NUMBER("its size is whole pages", size_at(view), 8192, ANY);
    NUMBER("from its second page on", size_at(view + 5000), 4096, ANY);
    memset(&facts, 0, sizeof facts);
    NUMBER("the facts", VirtualQuery(view + 4100, &facts, sizeof facts), sizeof facts, ANY);
    NUMBER("where it begins", (char *)facts.AllocationBase - view, 0, NONE);
    NUMBER("where the page begins", (char *)facts.BaseAddress - view, 4096, NONE);
    NUMBER("what it allows", facts.Protect, PAGE_READWRITE, NONE);
    NUMBER("what it allowed at first", facts.AllocationProtect, PAGE_READWRITE, NONE);
    NUMBER("its state", facts.State, MEM_COMMIT, NONE);
    NUMBER("its kind", facts.Type, MEM_MAPPED, NONE);
    NUMBER("facts that do not fit", VirtualQuery(view, &facts, 8), 0, 24);
    KEEP("map 8192 bytes of 5000", second, (char *)MapViewOfFile(held, FILE_MAP_READ, 0, 0, 8192), YES, ANY);
    view[8191] = 'x';
    NUMBER("both see the last page", second[8191], 'x', NONE);
    NUMBER("a view for reading", VirtualQuery(second, &facts, sizeof facts), sizeof facts, ANY);
    NUMBER("allows reading", facts.Protect, PAGE_READONLY, NONE);
    NUMBER("unmap one", UnmapViewOfFile(second), TRUE, NONE);
    NUMBER("unmap it twice", UnmapViewOfFile(second), FALSE, ERROR_INVALID_ADDRESS);
    NUMBER("unmap null", UnmapViewOfFile(NULL), FALSE, ERROR_INVALID_ADDRESS);
    GIVES("map past the end", MapViewOfFile(held, FILE_MAP_READ, 0, 0, 8193), NO, ERROR_ACCESS_DENIED);
    GIVES("map behind the end", MapViewOfFile(held, FILE_MAP_READ, 0, 65536, 0), NO, ERROR_INVALID_PARAMETER);
    GIVES("an odd offset", MapViewOfFile(held, FILE_MAP_READ, 0, 4096, 0), NO, ERROR_MAPPED_ALIGNMENT);
    GIVES("a mutex is not mapped", MapViewOfFile(CreateMutexW(NULL, FALSE, NULL), FILE_MAP_READ, 0, 0, 0), NO,
          ERROR_INVALID_HANDLE);
    GIVES("no handle is not mapped", MapViewOfFile(NULL, FILE_MAP_READ, 0, 0, 0), NO, ERROR_INVALID_HANDLE);

    NUMBER("a view's address can be a base", (ULONG_PTR)view % 65536, 0, NONE);
    GIVES("but not twice", MapViewOfFileEx(held, FILE_MAP_READ, 0, 0, 0, view), NO, ERROR_INVALID_ADDRESS);
    GIVES("an odd base", MapViewOfFileEx(held, FILE_MAP_READ, 0, 0, 0, (void *)(ULONG_PTR)0x10001000), NO,
          ERROR_MAPPED_ALIGNMENT);
    free_base = (char *)(ULONG_PTR)0x200000000000ull;
    KEEP("a free base", second, (char *)MapViewOfFileEx(held, FILE_MAP_READ, 0, 0, 0, free_base), YES, ANY);
    NUMBER("is honoured", second - free_base, 0, NONE);
    UnmapViewOfFile(second);

    NUMBER("flush memory", FlushViewOfFile(view, 0), TRUE, NONE);
    UnmapViewOfFile(view);
    CloseHandle(held);

    held = memory(named("offset"), 3 * 65536);
    KEEP("map the second part", view, (char *)MapViewOfFile(held, FILE_MAP_WRITE, 0, 65536, 0), YES, ANY);
    NUMBER("it goes to the end", size_at(view), 2 * 65536, ANY);
    view[0] = '2';
    KEEP("map 10 bytes of it", second, (char *)MapViewOfFile(held, FILE_MAP_READ, 0, 65536, 10), YES, ANY);
    NUMBER("they are a page", size_at(second), 4096, ANY);
    NUMBER("with the same bytes", second[0], '2', NONE);
    UnmapViewOfFile(second);
    NUMBER("close the mapping under its view", CloseHandle(held), TRUE, NONE);
    NUMBER("the view stays", view[0], '2', NONE);
    UnmapViewOfFile(view);
}

#define FILE_NAME "table-file.bin"

static LONGLONG size_of(HANDLE file)
{
    LARGE_INTEGER size;
    size.QuadPart = -1;
    return GetFileSizeEx(file, &size) ? size.QuadPart : -2;
}

static HANDLE over(HANDLE file, DWORD protection, DWORD size, const wchar_t *name)
{
    return CreateFileMappingW(file, NULL, protection, 0, size, name);
}

void files(void)
{
    HANDLE file, mapping, reader;
    LARGE_INTEGER to, at;
    DWORD done = 0;
    char *view, *second, bytes[8];
    const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE;

    remove(FILE_NAME);
    GIVES("open a missing file", CreateFileA(FILE_NAME, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL), INVALID,
          ERROR_FILE_NOT_FOUND);
    GIVES("open in a missing folder", CreateFileA("no-folder/x", GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL),
          INVALID, ERROR_PATH_NOT_FOUND);
    KEEP("create a file", file,
         CreateFileW(TEXT(FILE_NAME), GENERIC_READ | GENERIC_WRITE, share, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL),
         YES, ANY);
    GIVES("create it twice", CreateFileA(FILE_NAME, GENERIC_WRITE, share, NULL, CREATE_NEW, 0, NULL), INVALID,
          ERROR_FILE_EXISTS);
    GIVES("open it always", CreateFileA(FILE_NAME, GENERIC_READ, share, NULL, OPEN_ALWAYS, 0, NULL), YES,
          ERROR_ALREADY_EXISTS);
    GIVES("map an empty file", over(file, PAGE_READWRITE, 0, NULL), NO, ERROR_FILE_INVALID);
    to.QuadPart = 5000;
    NUMBER("seek", SetFilePointerEx(file, to, &at, FILE_BEGIN), TRUE, NONE);
    NUMBER("the place", at.QuadPart, 5000, NONE);
    NUMBER("end it there", SetEndOfFile(file), TRUE, NONE);
    NUMBER("its size", size_of(file), 5000, NONE);
    NUMBER("its size in halves", GetFileSize(file, NULL), 5000, ANY);
    to.QuadPart = -1;
    NUMBER("seek before the beginning", SetFilePointerEx(file, to, NULL, FILE_BEGIN), FALSE, ERROR_NEGATIVE_SEEK);
    to.QuadPart = 0;
    SetFilePointerEx(file, to, NULL, FILE_BEGIN);
    NUMBER("write", WriteFile(file, "hello", 5, &done, NULL), TRUE, NONE);
    NUMBER("so many bytes", done, 5, NONE);

    KEEP("map the file", mapping, over(file, PAGE_READWRITE, 0, named("file")), YES, ERROR_SUCCESS);
    KEEP("view it", view, (char *)MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, 0), YES, ANY);
    NUMBER("it has the bytes", memcmp(view, "hello", 5), 0, NONE);
    memcpy(view, "HELLO", 5);
    NUMBER("flush it", FlushViewOfFile(view, 5), TRUE, NONE);
    SetFilePointerEx(file, to, NULL, FILE_BEGIN);
    NUMBER("read the file", ReadFile(file, bytes, 5, &done, NULL), TRUE, NONE);
    NUMBER("it has what was written", memcmp(bytes, "HELLO", 5), 0, NONE);
    GIVES("map past a file's end", MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 5001), NO, ERROR_ACCESS_DENIED);
    KEEP("open its name", reader, OpenFileMappingW(FILE_MAP_READ, FALSE, named("file")), YES, ANY);
    KEEP("view that", second, (char *)MapViewOfFile(reader, FILE_MAP_READ, 0, 0, 0), YES, ANY);
    NUMBER("the same bytes", memcmp(second, "HELLO", 5), 0, NONE);
    UnmapViewOfFile(second);
    CloseHandle(reader);
    UnmapViewOfFile(view);
    CloseHandle(mapping);

    KEEP("map more than the file", mapping, over(file, PAGE_READWRITE, 10000, NULL), YES, ERROR_SUCCESS);
    NUMBER("the file grows", size_of(file), 10000, NONE);
    CloseHandle(mapping);
    GIVES("a read-only file does not", over(file, PAGE_READONLY, 20000, NULL), NO, ERROR_NOT_ENOUGH_MEMORY);
    KEEP("map it for copies", mapping, over(file, PAGE_WRITECOPY, 0, NULL), YES, ERROR_SUCCESS);
    GIVES("that is not written to", MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0), NO, ERROR_ACCESS_DENIED);
    KEEP("but copied", view, (char *)MapViewOfFile(mapping, FILE_MAP_COPY, 0, 0, 0), YES, ANY);
    view[0] = 'c';
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    CloseHandle(file);

    KEEP("open it to read", file, CreateFileA(FILE_NAME, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL), YES, ANY);
    GIVES("a reader does not map for writing", over(file, PAGE_READWRITE, 0, NULL), NO, ERROR_ACCESS_DENIED);
    NUMBER("nor writes", WriteFile(file, "x", 1, &done, NULL), FALSE, ERROR_ACCESS_DENIED);
    NUMBER("nor ends the file", SetEndOfFile(file), FALSE, ERROR_ACCESS_DENIED);
    KEEP("but maps for reading", mapping, over(file, PAGE_READONLY, 0, NULL), YES, ERROR_SUCCESS);
    KEEP("and reads", view, (char *)MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0), YES, ANY);
    NUMBER("the same", memcmp(view, "HELLO", 5), 0, NONE);
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    NUMBER("close the file", CloseHandle(file), TRUE, NONE);
    KEEP("empty it", file, CreateFileA(FILE_NAME, GENERIC_WRITE, share, NULL, CREATE_ALWAYS, 0, NULL), YES,
         ERROR_ALREADY_EXISTS);
    NUMBER("it is empty", size_of(file), 0, NONE);
    CloseHandle(file);
    remove(FILE_NAME);
}
