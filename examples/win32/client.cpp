// The second process: opens the memory that the first one made, and reads the message. A server is the program beside
// it, or samemap-server.
#include <windows.h>
#include <stdio.h>

#define REGION L"Local\\" L"SampleMap"
#define VIEW_BYTES 1024

static void complain(PCWSTR call)
{
    wprintf(L"%s failed, error 0x%08lx\n", call, GetLastError());
}

int wmain(void)
{
    int status = 1;
    PVOID view = NULL;
    HANDLE mapping = OpenFileMapping(FILE_MAP_READ, FALSE, REGION);
    if (mapping == NULL) {
        complain(L"OpenFileMapping");
        goto Done;
    }
    wprintf(L"The file mapping (%s) is opened\n", REGION);

    view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, VIEW_BYTES);
    if (view == NULL) {
        complain(L"MapViewOfFile");
        goto Done;
    }
    wprintf(L"The file view is mapped\n");

    // The jumps above pass by it.
    PCWSTR message = (PCWSTR)view;
    wprintf(L"Read from the file mapping:\n\"%s\"\n", message);
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
