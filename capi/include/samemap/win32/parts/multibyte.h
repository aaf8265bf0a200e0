/* Strings of one width from strings of the other, as stdlib.h has them. Narrow text is UTF-8, in every locale. */
#ifndef SAMEMAP_WIN32_MULTIBYTE_H
#define SAMEMAP_WIN32_MULTIBYTE_H
#pragma GCC system_header

#include "unicode.h"

SAMEMAP_WIN32_INLINE size_t mbstowcs(wchar_t *to, const char *from, size_t most) SAMEMAP_WIN32_OWN(mbstowcs);
SAMEMAP_WIN32_INLINE size_t mbstowcs(wchar_t *to, const char *from, size_t most)
{
    size_t left = __builtin_strlen(from), length = 0, count, at;
    wchar_t units[2];

    while (left > 0) {
        count = samemap_win32_to_utf16(samemap_win32_from_utf8(&from, &left), units);
        if (to != NULL && length + count > most)
            return length;
        for (at = 0; to != NULL && at < count; at++)
            to[length + at] = units[at];
        length += count;
    }
    if (to != NULL && length < most)
        to[length] = 0;
    return length;
}

SAMEMAP_WIN32_INLINE size_t wcstombs(char *to, const wchar_t *from, size_t most) SAMEMAP_WIN32_OWN(wcstombs);
SAMEMAP_WIN32_INLINE size_t wcstombs(char *to, const wchar_t *from, size_t most)
{
    size_t left = 0, length = 0, count;
    char bytes[4];

    while (from[left] != 0)
        left++;
    while (left > 0) {
        count = samemap_win32_to_utf8(samemap_win32_from_utf16(&from, &left), bytes);
        if (to != NULL && length + count > most)
            return length;
        if (to != NULL)
            __builtin_memcpy(to + length, bytes, count);
        length += count;
    }
    if (to != NULL && length < most)
        to[length] = 0;
    return length;
}

SAMEMAP_WIN32_INLINE int mbtowc(wchar_t *to, const char *from, size_t most) SAMEMAP_WIN32_OWN(mbtowc);
SAMEMAP_WIN32_INLINE int mbtowc(wchar_t *to, const char *from, size_t most)
{
    size_t left = most;
    unsigned character;

    if (from == NULL)
        return 0;
    if (most == 0)
        return -1;
    character = samemap_win32_from_utf8(&from, &left);
    if (character > 0xFFFF)
        return -1;
    if (to != NULL)
        *to = (wchar_t)character;
    return character == 0 ? 0 : (int)(most - left);
}

SAMEMAP_WIN32_INLINE int wctomb(char *to, wchar_t character) SAMEMAP_WIN32_OWN(wctomb);
SAMEMAP_WIN32_INLINE int wctomb(char *to, wchar_t character)
{
    return to == NULL ? 0 : character >= 0xD800 && character < 0xE000 ? -1 : (int)samemap_win32_to_utf8(character, to);
}

#endif
