/* The C library's functions on wide strings, for characters of 16 bits. */
#ifndef SAMEMAP_WIN32_STRINGS_H
#define SAMEMAP_WIN32_STRINGS_H
#pragma GCC system_header

#include <stdlib.h>

#include "compiler.h"

#define SAMEMAP_WIN32_WIDE(type, name, parameters) \
    SAMEMAP_WIN32_INLINE type name parameters SAMEMAP_WIN32_OWN(name); \
    SAMEMAP_WIN32_INLINE type name parameters

SAMEMAP_WIN32_WIDE(size_t, wcsnlen, (const wchar_t *text, size_t most))
{
    size_t length = 0;
    while (length < most && text[length] != 0)
        length++;
    return length;
}

SAMEMAP_WIN32_WIDE(size_t, wcslen, (const wchar_t *text))
{
    return wcsnlen(text, (size_t)-1);
}

SAMEMAP_WIN32_WIDE(wchar_t *, wmemcpy, (wchar_t *to, const wchar_t *from, size_t count))
{
    return (wchar_t *)__builtin_memcpy(to, from, count * sizeof *to);
}

SAMEMAP_WIN32_WIDE(wchar_t *, wmemmove, (wchar_t *to, const wchar_t *from, size_t count))
{
    return (wchar_t *)__builtin_memmove(to, from, count * sizeof *to);
}

SAMEMAP_WIN32_WIDE(wchar_t *, wmemset, (wchar_t *to, wchar_t character, size_t count))
{
    size_t at;
    for (at = 0; at < count; at++)
        to[at] = character;
    return to;
}

SAMEMAP_WIN32_WIDE(int, wmemcmp, (const wchar_t *left, const wchar_t *right, size_t count))
{
    size_t at;
    for (at = 0; at < count; at++)
        if (left[at] != right[at])
            return left[at] < right[at] ? -1 : 1;
    return 0;
}

SAMEMAP_WIN32_WIDE(wchar_t *, wcscpy, (wchar_t *to, const wchar_t *from))
{
    return wmemcpy(to, from, wcslen(from) + 1);
}

SAMEMAP_WIN32_WIDE(wchar_t *, wcsncpy, (wchar_t *to, const wchar_t *from, size_t count))
{
    size_t length = wcsnlen(from, count);
    wmemcpy(to, from, length);
    wmemset(to + length, 0, count - length);
    return to;
}

SAMEMAP_WIN32_WIDE(wchar_t *, wcsncat, (wchar_t *to, const wchar_t *from, size_t most))
{
    size_t length = wcsnlen(from, most);
    wchar_t *end = to + wcslen(to);
    wmemcpy(end, from, length);
    end[length] = 0;
    return to;
}

SAMEMAP_WIN32_WIDE(wchar_t *, wcscat, (wchar_t *to, const wchar_t *from))
{
    return wcsncat(to, from, (size_t)-1);
}

SAMEMAP_WIN32_WIDE(int, wcsncmp, (const wchar_t *left, const wchar_t *right, size_t most))
{
    size_t at;
    for (at = 0; at < most; at++) {
        if (left[at] != right[at])
            return left[at] < right[at] ? -1 : 1;
        if (left[at] == 0)
            return 0;
    }
    return 0;
}

SAMEMAP_WIN32_WIDE(int, wcscmp, (const wchar_t *left, const wchar_t *right))
{
    return wcsncmp(left, right, (size_t)-1);
}

/* Of the letters of ASCII, as Microsoft's does in its first locale. */
SAMEMAP_WIN32_INLINE wchar_t samemap_win32_small(wchar_t letter)
{
    return letter >= 'A' && letter <= 'Z' ? (wchar_t)(letter + 'a' - 'A') : letter;
}

SAMEMAP_WIN32_WIDE(int, wcsncasecmp, (const wchar_t *left, const wchar_t *right, size_t most))
{
    size_t at;
    for (at = 0; at < most; at++) {
        wchar_t one = samemap_win32_small(left[at]), other = samemap_win32_small(right[at]);
        if (one != other)
            return one < other ? -1 : 1;
        if (one == 0)
            return 0;
    }
    return 0;
}

SAMEMAP_WIN32_WIDE(int, wcscasecmp, (const wchar_t *left, const wchar_t *right))
{
    return wcsncasecmp(left, right, (size_t)-1);
}

SAMEMAP_WIN32_WIDE(size_t, wcsspn, (const wchar_t *text, const wchar_t *set))
{
    size_t length, at;
    for (length = 0; text[length] != 0; length++) {
        for (at = 0; set[at] != 0 && set[at] != text[length]; at++)
            continue;
        if (set[at] == 0)
            break;
    }
    return length;
}

SAMEMAP_WIN32_WIDE(size_t, wcscspn, (const wchar_t *text, const wchar_t *set))
{
    size_t length, at;
    for (length = 0; text[length] != 0; length++)
        for (at = 0; set[at] != 0; at++)
            if (set[at] == text[length])
                return length;
    return length;
}

SAMEMAP_WIN32_WIDE(wchar_t *, wcsdup, (const wchar_t *text))
{
    size_t bytes = (wcslen(text) + 1) * sizeof *text;
    wchar_t *copy = (wchar_t *)malloc(bytes);
    return copy == NULL ? NULL : (wchar_t *)__builtin_memcpy(copy, text, bytes);
}

SAMEMAP_WIN32_WIDE(wchar_t *, wcstok, (wchar_t *text, const wchar_t *set, wchar_t **rest))
{
    wchar_t *begin = text != NULL ? text : *rest, *end;
    if (begin == NULL)
        return NULL;
    begin += wcsspn(begin, set);
    end = begin + wcscspn(begin, set);
    *rest = *end == 0 ? end : end + 1;
    if (begin == end)
        return NULL;
    *end = 0;
    return begin;
}

/* What finds a place in a string. In C++ it is as constant as the string. */
#ifdef __cplusplus
#define SAMEMAP_WIN32_FINDS(name, begin, parameters, arguments) \
    SAMEMAP_WIN32_INLINE wchar_t *name(wchar_t *begin, SAMEMAP_WIN32_LIST parameters) \
    { \
        return samemap_win32_##name(begin, SAMEMAP_WIN32_LIST arguments); \
    } \
    SAMEMAP_WIN32_INLINE const wchar_t *name(const wchar_t *begin, SAMEMAP_WIN32_LIST parameters) \
    { \
        return samemap_win32_##name(begin, SAMEMAP_WIN32_LIST arguments); \
    }
#else
#define SAMEMAP_WIN32_FINDS(name, begin, parameters, arguments) \
    SAMEMAP_WIN32_WIDE(wchar_t *, name, (const wchar_t *begin, SAMEMAP_WIN32_LIST parameters)) \
    { \
        return samemap_win32_##name(begin, SAMEMAP_WIN32_LIST arguments); \
    }
#endif
#define SAMEMAP_WIN32_LIST(...) __VA_ARGS__

SAMEMAP_WIN32_INLINE wchar_t *samemap_win32_wmemchr(const wchar_t *text, wchar_t wanted, size_t count)
{
    for (; count > 0; text++, count--)
        if (*text == wanted)
            return (wchar_t *)text;
    return NULL;
}

SAMEMAP_WIN32_INLINE wchar_t *samemap_win32_wcschr(const wchar_t *text, wchar_t wanted)
{
    return samemap_win32_wmemchr(text, wanted, wcslen(text) + 1);
}

SAMEMAP_WIN32_INLINE wchar_t *samemap_win32_wcsrchr(const wchar_t *text, wchar_t wanted)
{
    size_t at = wcslen(text) + 1;
    while (at-- > 0)
        if (text[at] == wanted)
            return (wchar_t *)text + at;
    return NULL;
}

SAMEMAP_WIN32_INLINE wchar_t *samemap_win32_wcsstr(const wchar_t *text, const wchar_t *wanted)
{
    size_t length = wcslen(wanted);
    for (;; text++) {
        if (wcsncmp(text, wanted, length) == 0)
            return (wchar_t *)text;
        if (*text == 0)
            return NULL;
    }
}

SAMEMAP_WIN32_INLINE wchar_t *samemap_win32_wcspbrk(const wchar_t *text, const wchar_t *set)
{
    text += wcscspn(text, set);
    return *text != 0 ? (wchar_t *)text : NULL;
}

SAMEMAP_WIN32_FINDS(wmemchr, text, (wchar_t wanted, size_t count), (wanted, count))
SAMEMAP_WIN32_FINDS(wcschr, text, (wchar_t wanted), (wanted))
SAMEMAP_WIN32_FINDS(wcsrchr, text, (wchar_t wanted), (wanted))
SAMEMAP_WIN32_FINDS(wcsstr, text, (const wchar_t *wanted), (wanted))
SAMEMAP_WIN32_FINDS(wcspbrk, text, (const wchar_t *set), (set))

/* Numbers: their characters are those of ASCII, so a narrow copy of the beginning is read. */
SAMEMAP_WIN32_INLINE void samemap_win32_number_text(const wchar_t *text, char *narrow, size_t room)
{
    size_t at;
    for (at = 0; at + 1 < room && text[at] > 0 && text[at] < 0x80; at++)
        narrow[at] = (char)text[at];
    narrow[at] = 0;
}

#define SAMEMAP_WIN32_READ_NUMBER(call) \
    char narrow[512], *stop; \
    samemap_win32_number_text(text, narrow, sizeof narrow); \
    if (end != NULL) { \
        (void)call; \
        *end = (wchar_t *)text + (stop - narrow); \
    } \
    return call

SAMEMAP_WIN32_WIDE(long, wcstol, (const wchar_t *text, wchar_t **end, int base))
{
    SAMEMAP_WIN32_READ_NUMBER(strtol(narrow, &stop, base));
}

SAMEMAP_WIN32_WIDE(unsigned long, wcstoul, (const wchar_t *text, wchar_t **end, int base))
{
    SAMEMAP_WIN32_READ_NUMBER(strtoul(narrow, &stop, base));
}

SAMEMAP_WIN32_WIDE(long long, wcstoll, (const wchar_t *text, wchar_t **end, int base))
{
    SAMEMAP_WIN32_READ_NUMBER(strtoll(narrow, &stop, base));
}

SAMEMAP_WIN32_WIDE(unsigned long long, wcstoull, (const wchar_t *text, wchar_t **end, int base))
{
    SAMEMAP_WIN32_READ_NUMBER(strtoull(narrow, &stop, base));
}

SAMEMAP_WIN32_WIDE(double, wcstod, (const wchar_t *text, wchar_t **end))
{
    SAMEMAP_WIN32_READ_NUMBER(strtod(narrow, &stop));
}

SAMEMAP_WIN32_WIDE(float, wcstof, (const wchar_t *text, wchar_t **end))
{
    SAMEMAP_WIN32_READ_NUMBER(strtof(narrow, &stop));
}

SAMEMAP_WIN32_WIDE(long double, wcstold, (const wchar_t *text, wchar_t **end))
{
    SAMEMAP_WIN32_READ_NUMBER(strtold(narrow, &stop));
}

#endif
