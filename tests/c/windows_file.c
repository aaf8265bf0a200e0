/* windows_file NAME PATH TEXT: creates the mapping Local\NAME over the whole of a file that exists, and puts the text
 * into it as UTF-16. Prints "created", or "opened" where the name was taken, and holds the mapping until a line, or the
 * end, comes on standard input. Ends with 0, or with the Win32 error code. */
#define WIN32_LEAN_AND_MEAN
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

static int failed(const char *call)
{
    int code = (int)GetLastError();
    fprintf(stderr, "%s: error %d\n", call, code);
    return code;
}

int wmain(int argc, wchar_t **argv)
{
    wchar_t name[512];

    if (argc != 4) {
        fputs("usage: windows_file NAME PATH TEXT\n", stderr);
        return ERROR_INVALID_PARAMETER;
    }
    swprintf(name, sizeof name / sizeof *name, L"Local\\%ls", argv[1]);
    HANDLE file = CreateFileW(argv[2], GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return failed("CreateFile");
    SetLastError(0);
    HANDLE mapping = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, name);
    if (mapping == NULL)
        return failed("CreateFileMapping");
    const char *what = GetLastError() == ERROR_ALREADY_EXISTS ? "opened" : "created";
    wchar_t *view = MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    if (view == NULL)
        return failed("MapViewOfFile");
    CopyMemory(view, argv[3], (wcslen(argv[3]) + 1) * sizeof(wchar_t));
    puts(what);
    fflush(stdout);
    getchar();
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    CloseHandle(file);
    return 0;
}
