/* windows_create NAME TEXT: creates the mapping Local\NAME with the token's default DACL, as Microsoft's sample
 * does, and puts the text into it as UTF-16. Prints "created", or "opened" where the name was taken, and holds the
 * mapping until a line, or the end, comes on standard input. Ends with 0, or with the Win32 error code.
 *
 * The 5000 bytes are no whole pages on purpose. */
#define WIN32_LEAN_AND_MEAN
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

enum { BYTES = 5000 };

static int failed(const char *call)
{
    int code = (int)GetLastError();
    fprintf(stderr, "%s: error %d\n", call, code);
    return code;
}

int wmain(int argc, wchar_t **argv)
{
    wchar_t name[512];
    size_t bytes;

    if (argc != 3 || (bytes = (wcslen(argv[2]) + 1) * sizeof(wchar_t)) > BYTES) {
        fputs("usage: windows_create NAME TEXT (short enough for 5000 bytes)\n", stderr);
        return ERROR_INVALID_PARAMETER;
    }
    swprintf(name, sizeof name / sizeof *name, L"Local\\%ls", argv[1]);
    SetLastError(0);
    HANDLE mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, BYTES, name);
    if (mapping == NULL)
        return failed("CreateFileMapping");
    const char *what = GetLastError() == ERROR_ALREADY_EXISTS ? "opened" : "created";
    wchar_t *view = MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    if (view == NULL)
        return failed("MapViewOfFile");
    CopyMemory(view, argv[2], bytes);
    puts(what);
    fflush(stdout);
    getchar();
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    return 0;
}
