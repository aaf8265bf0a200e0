// The first process: makes shared memory with a name, and writes a message there. It is written for Windows, in the way
// that programs of that time are, and compiles on Linux as it stands: see the Makefile. A client is the program beside
// it, or samemap-client.
#include <windows.h>
#include <stdio.h>

#define REGION L"Local\\" L"SampleMap"
#define REGION_BYTES 65536
#define VIEW_BYTES 1024

static void complain(PCWSTR call)
{
    wprintf(L"%s failed, error 0x%08lx\n", call, GetLastError());
}

// server [message]
int wmain(int argc, wchar_t *argv[])
{
    int status = 1;
    LPVOID view = NULL;
    HANDLE mapping = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, REGION_BYTES, REGION);
    if (mapping == NULL) {
        complain(L"CreateFileMapping");
        goto Done;
    }
    if (GetLastError() == ERROR_ALREADY_EXISTS) {
        wprintf(L"Another server has %s\n", REGION);
        goto Done;
    }
    wprintf(L"The file mapping (%s) is created\n", REGION);

    view = MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, VIEW_BYTES);
    if (view == NULL) {
        complain(L"MapViewOfFile");
        goto Done;
    }
    wprintf(L"The file view is mapped\n");

    // The jumps above pass by these.
    PWSTR message = L"Message from the first process.";
    if (argc > 1)
        message = argv[1];
    DWORD bytes = (wcslen(message) + 1) * sizeof(*message);
    if (memcpy_s(view, VIEW_BYTES, message, bytes) != 0) {
        wprintf(L"The message has %lu bytes, and the view %d\n", bytes, VIEW_BYTES);
        goto Done;
    }
    wprintf(L"This message is written to the view:\n\"%s\"\n", message);
    wprintf(L"Press ENTER to clean up resources and quit\n");
    getchar();
    status = 0;

Done:
    if (view != NULL)
        UnmapViewOfFile(view);
    if (mapping != NULL)
        CloseHandle(mapping);
    return status;
}
