/* What printf and its kin make of text and numbers. */
#include "table.h"

#include <string.h>

static void is_wide(const char *what, const wchar_t *made, const wchar_t *wanted)
{
    NUMBER(what, wcscmp(made, wanted), 0, NONE);
}

static void is_narrow(const char *what, const char *made, const char *wanted)
{
    NUMBER(what, strcmp(made, wanted), 0, NONE);
}

static void wide(void)
{
    WCHAR text[64];
    DWORD code = 0xDEADBEEF;

    NUMBER("length", swprintf_s(text, 64, L"%s|%S|%ls|%hs", L"a", "b", L"c", "d"), 7, NONE);
    is_wide("widths", text, L"a|b|c|d");
    swprintf_s(text, 64, L"%08lx %lu %ld", code, code, -1);
    is_wide("longs have 32 bits", text, L"deadbeef 3735928559 -1");
    swprintf_s(text, 64, L"%I64d %I64x %lld %Iu", -5LL, 255LL, 1LL << 40, (SIZE_T)7);
    is_wide("64 bits", text, L"-5 ff 1099511627776 7");
    swprintf_s(text, 64, L"%5s|%-5s|%.2s|%05d|%+d|%#x|%*d", L"ab", L"cd", L"xyz", 42, 7, 255, 4, 9);
    is_wide("paddings", text, L"   ab|cd   |xy|00042|+7|0xff|   9");
    swprintf_s(text, 64, L"%c%C%hc%lc %%", L'w', 'n', 'h', L'l');
    is_wide("characters", text, L"wnhl %");
    swprintf_s(text, 64, L"%.2f %g %8.3f", 3.14159, 0.5, -1.5);
    is_wide("reals", text, L"3.14 0.5   -1.500");
    swprintf_s(text, 64, L"%p", (void *)(ULONG_PTR)0xBEEF);
    is_wide("a pointer", text, sizeof(void *) == 8 ? L"000000000000BEEF" : L"0000BEEF");
    swprintf_s(text, 64, L"%hd %hu", 70000, 70000);
    is_wide("short ones", text, L"4464 4464");
    NUMBER("_snwprintf cuts", _snwprintf(text, 4, L"%s", L"abcdef"), -1, NONE);
    NUMBER("without a zero", wcsncmp(text, L"abcd", 4), 0, NONE);
}

static void narrow(void)
{
    char text[64];
    DWORD code = 0xDEADBEEF;

    sprintf_s(text, 64, "%s|%S|%ls|%hs", "a", L"b", L"c", "d");
    is_narrow("narrow widths", text, "a|b|c|d");
    sprintf_s(text, 64, "%08lx %lu %ld", code, code, -1);
    is_narrow("narrow longs", text, "deadbeef 3735928559 -1");
    sprintf_s(text, 64, "%I64u %3d|%-3d|", 18446744073709551615ULL, 1, 2);
    is_narrow("narrow numbers", text, "18446744073709551615   1|2  |");
    NUMBER("_snprintf fills", _snprintf(text, 3, "%s", "abc"), 3, NONE);
    NUMBER("_snprintf cuts", _snprintf(text, 3, "%s", "abcd"), -1, NONE);
    NUMBER("snprintf says how much", snprintf(text, 3, "%s", "abcd"), 4, NONE);
}

static void strings(void)
{
    WCHAR text[16] = L"abc", *rest = NULL;

    NUMBER("wcslen", wcslen(L"four"), 4, NONE);
    NUMBER("wcscpy_s", wcscpy_s(text, 16, L"abc"), 0, NONE);
    NUMBER("wcscat_s", wcscat_s(text, 16, L"def"), 0, NONE);
    is_wide("joined", text, L"abcdef");
    NUMBER("wcschr", wcschr(text, L'c') - text, 2, NONE);
    NUMBER("wcsrchr", wcsrchr(text, L'z') == NULL, TRUE, NONE);
    NUMBER("wcsstr", wcsstr(text, L"de") - text, 3, NONE);
    NUMBER("_wcsicmp", _wcsicmp(text, L"ABCDEF"), 0, NONE);
    NUMBER("wcsncmp", wcsncmp(text, L"abcx", 3), 0, NONE);
    NUMBER("wcstol", wcstol(L"  -42x", &rest, 10), -42, NONE);
    NUMBER("and the rest", *rest, L'x', NONE);
    NUMBER("memcpy_s", memcpy_s(text, sizeof text, L"xyz", 8), 0, NONE);
    is_wide("copied", text, L"xyz");
    NUMBER("sizeof a character", sizeof(WCHAR), 2, NONE);
    NUMBER("sizeof a DWORD", sizeof(DWORD), 4, NONE);
    NUMBER("SecureZeroMemory", SecureZeroMemory(text, sizeof text) == (void *)text && text[0] == 0, TRUE, NONE);
}

void texts(void)
{
    wide();
    narrow();
    strings();
    wprintf(L"wide: %s, %08lx\n", L"text", 0xABCu);
    printf("narrow: %s, %ls, %lu\n", "text", L"wide", 4000000000u);
}
