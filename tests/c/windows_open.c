/* windows_open NAME: opens the mapping Local\NAME, as Microsoft's sample does, and prints the UTF-16 text in it
 * as UTF-8. Ends with 0, or with the Win32 error code.
 *
 * Knows nothing of samemap: what it reads is there for any Win32 program. */
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

static int print_text(const wchar_t *text)
{
    char bytes[4096];
    int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
    if (length == 0)
        return failed("WideCharToMultiByte");
    puts(bytes);
    return 0;
}

int wmain(int argc, wchar_t **argv)
{
    wchar_t name[512];
    int status;

    if (argc != 2) {
        fputs("usage: windows_open NAME\n", stderr);
        return ERROR_INVALID_PARAMETER;
    }
    swprintf(name, sizeof name / sizeof *name, L"Local\\%ls", argv[1]);
    HANDLE mapping = OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, name);
    if (mapping == NULL)
        return failed("OpenFileMapping");
    const wchar_t *view = MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    if (view == NULL)
        return failed("MapViewOfFile");
    status = print_text(view);
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    return status;
}
