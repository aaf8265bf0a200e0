/* Microsoft's additions to strings, memory and printf: with the size of the memory that is written to. */
#ifndef SAMEMAP_WIN32_SECURE_H
#define SAMEMAP_WIN32_SECURE_H
#pragma GCC system_header

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <wchar.h>

typedef int errno_t;
typedef size_t rsize_t;

#ifndef _TRUNCATE
#define _TRUNCATE ((size_t)-1)
#endif
#ifndef STRUNCATE
#define STRUNCATE 80
#endif

SAMEMAP_WIN32_INLINE errno_t memcpy_s(void *to, rsize_t room, const void *from, rsize_t bytes)
{
    if (bytes == 0)
        return 0;
    if (to == NULL)
        return EINVAL;
    if (from == NULL || bytes > room) {
        memset(to, 0, room);
        return from == NULL ? EINVAL : ERANGE;
    }
    memcpy(to, from, bytes);
    return 0;
}

SAMEMAP_WIN32_INLINE errno_t memmove_s(void *to, rsize_t room, const void *from, rsize_t bytes)
{
    if (bytes == 0)
        return 0;
    if (to == NULL || from == NULL)
        return EINVAL;
    if (bytes > room)
        return ERANGE;
    memmove(to, from, bytes);
    return 0;
}

/* The functions of both widths. A call that would write too much empties the string and says so. */
#define SAMEMAP_WIN32_SECURE(character, copy, add, copy_some, length_up_to, move) \
    SAMEMAP_WIN32_INLINE size_t length_up_to##_s(const character *text, size_t most) \
    { \
        return text == NULL ? 0 : length_up_to(text, most); \
    } \
    SAMEMAP_WIN32_INLINE errno_t copy_some(character *to, rsize_t room, const character *from, rsize_t most) \
    { \
        size_t length; \
        if (to == NULL || room == 0) \
            return EINVAL; \
        if (from == NULL) { \
            to[0] = 0; \
            return EINVAL; \
        } \
        length = length_up_to(from, most == _TRUNCATE ? room : most); \
        if (length >= room && most != _TRUNCATE) { \
            to[0] = 0; \
            return ERANGE; \
        } \
        move(to, from, length < room ? length : room - 1); \
        to[length < room ? length : room - 1] = 0; \
        return length < room ? 0 : STRUNCATE; \
    } \
    SAMEMAP_WIN32_INLINE errno_t copy(character *to, rsize_t room, const character *from) \
    { \
        return copy_some(to, room, from, (size_t)-2); \
    } \
    SAMEMAP_WIN32_INLINE errno_t add(character *to, rsize_t room, const character *from) \
    { \
        size_t length = to == NULL ? 0 : length_up_to(to, room); \
        errno_t error; \
        if (to == NULL || length == room) \
            return EINVAL; \
        error = copy(to + length, room - length, from); \
        if (error != 0) \
            to[0] = 0; \
        return error; \
    }

SAMEMAP_WIN32_SECURE(char, strcpy_s, strcat_s, strncpy_s, strnlen, memcpy)
SAMEMAP_WIN32_SECURE(wchar_t, wcscpy_s, wcscat_s, wcsncpy_s, wcsnlen, wmemcpy)

/* The answer of a _s function that prints into memory: what does not fit empties it, and the answer is -1. */
SAMEMAP_WIN32_INLINE int vsprintf_s(char *text, size_t room, const char *format, va_list list)
{
    int length = vsnprintf(text, room, format, list);
    if (length >= 0 && (size_t)length < room)
        return length;
    if (room != 0)
        text[0] = 0;
    return -1;
}

SAMEMAP_WIN32_INLINE int vswprintf_s(wchar_t *text, size_t room, const wchar_t *format, va_list list)
{
    int length = vswprintf(text, room, format, list);
    if (length < 0 && room != 0)
        text[0] = 0;
    return length;
}

/* The older ones: what fills the memory has no NUL, and more than that is cut, with -1. */
SAMEMAP_WIN32_INLINE int _vsnprintf(char *text, size_t room, const char *format, va_list list)
{
    int length = samemap_win32_print_narrow(NULL, text, room, format, list, 1);
    return length < 0 || (size_t)length <= room ? length : -1;
}

SAMEMAP_WIN32_INLINE int _vsnwprintf(wchar_t *text, size_t room, const wchar_t *format, va_list list)
{
    int length = samemap_win32_print_wide(NULL, text, room, format, list, 1);
    return length < 0 || (size_t)length <= room ? length : -1;
}

SAMEMAP_WIN32_INLINE int sprintf_s(char *text, size_t room, const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vsprintf_s(text, room, format, list));
}

SAMEMAP_WIN32_INLINE int swprintf_s(wchar_t *text, size_t room, const wchar_t *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vswprintf_s(text, room, format, list));
}

SAMEMAP_WIN32_INLINE int _snprintf(char *text, size_t room, const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(_vsnprintf(text, room, format, list));
}

SAMEMAP_WIN32_INLINE int _snwprintf(wchar_t *text, size_t room, const wchar_t *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(_vsnwprintf(text, room, format, list));
}

#define printf_s printf
#define fprintf_s fprintf
#define wprintf_s wprintf
#define fwprintf_s fwprintf

#ifdef __cplusplus
/* Microsoft's templates, which know an array's size. */
#define SAMEMAP_WIN32_OF_ARRAY(character, name) \
    template <size_t room> inline errno_t name(character(&to)[room], const character *from) \
    { \
        return name(to, room, from); \
    }
extern "C++" {
SAMEMAP_WIN32_OF_ARRAY(char, strcpy_s)
SAMEMAP_WIN32_OF_ARRAY(char, strcat_s)
SAMEMAP_WIN32_OF_ARRAY(wchar_t, wcscpy_s)
SAMEMAP_WIN32_OF_ARRAY(wchar_t, wcscat_s)

template <size_t room> inline int sprintf_s(char (&text)[room], const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vsprintf_s(text, room, format, list));
}

template <size_t room> inline int swprintf_s(wchar_t (&text)[room], const wchar_t *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vswprintf_s(text, room, format, list));
}
}
#endif

/* Other names of the C library's. */
#define _stricmp strcasecmp
#define _strnicmp strncasecmp
#define stricmp strcasecmp
#define _strdup strdup
#define _wcsicmp wcscasecmp
#define _wcsnicmp wcsncasecmp
#define _wcsdup wcsdup
#define wcstok_s wcstok
#define strtok_s strtok_r

SAMEMAP_WIN32_INLINE int _putws(const wchar_t *text)
{
    return wprintf(L"%s\n", text) < 0 ? -1 : 0;
}

SAMEMAP_WIN32_INLINE int _wtoi(const wchar_t *text)
{
    return (int)wcstol(text, NULL, 10);
}

#endif
