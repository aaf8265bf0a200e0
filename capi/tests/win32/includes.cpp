// C++'s own headers and windows.h go together, and std's functions are the same as those without it.
#include <cmath>
#include <iostream>
#include <string>

#include <windows.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <map>
#include <sstream>
#include <thread>
#include <tchar.h>
#include <vector>

static bool failed = false;

static void check(bool is_so, const char *what)
{
    if (!is_so) {
        std::printf("not so: %s\n", what);
        failed = true;
    }
}

int main()
{
    wchar_t wide[16];
    char narrow[16];
    wchar_t scanned[4] = L"";

    check(std::mbstowcs(wide, "a\xC3\xA9", 16) == 2 && wide[1] == 0xE9, "std::mbstowcs makes UTF-16");
    check(wcstombs(narrow, wide, 16) == 3 && std::strcmp(narrow, "a\xC3\xA9") == 0, "wcstombs makes UTF-8");
    check(std::wcslen(L"four") == 4, "std::wcslen counts units");
    const wchar_t *constant = L"abc";
    check(std::wcschr(constant, L'b') == constant + 1, "std::wcschr finds");
    check(std::wcschr(wide, L'a') == wide, "in what is not constant, too");
    check(std::swprintf(wide, 16, L"%s %ld", L"x", static_cast<LONG>(-1)) == 4, "std::swprintf is Microsoft's");
    check(swprintf_s(wide, L"%d", 42) == 2 && std::wcscmp(wide, L"42") == 0, "an array's size is known");
    check(wcscpy_s(wide, L"text") == 0, "to the copy, too");
    check(std::snprintf(narrow, sizeof narrow, "%lu", static_cast<DWORD>(4000000000u)) == 10, "std::snprintf");
    DWORD number[2] = { 0, 7 };
    check(std::sscanf("12 x", "%lu", &number[0]) == 1 && number[0] == 12 && number[1] == 7, "%lu reads 32 bits");
    check(sscanf("8 ab", "%*d %ls", scanned) == EOF, "wide text is not read");
    check(std::to_string(1.5) == "1.500000" && std::stoi("42") == 42, "strings");
    std::ostringstream stream;
    stream << std::max(1, 2) << _T("") [0];
    std::thread([] { SetLastError(1); }).join();
    std::atomic<DWORD> atomic(GetLastError());
    check(atomic != 1, "a thread's last error is its own");
    _tprintf(_T("includes: %s\n"), failed ? _T("failed") : _T("passed"));
    return failed;
}
