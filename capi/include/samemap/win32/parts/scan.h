/* Microsoft's scanf: %ld is of 32 bits. The formats are translated for the C library's. */
#ifndef SAMEMAP_WIN32_SCAN_H
#define SAMEMAP_WIN32_SCAN_H
#pragma GCC system_header

#include <errno.h>
#include <stdarg.h>

#include "compiler.h"

/* glibc's of the old names take %a for something else. */
#ifdef __GLIBC__
#define SAMEMAP_WIN32_LIBC_SCAN(name) __asm__("__isoc99_" #name)
#else
#define SAMEMAP_WIN32_LIBC_SCAN(name) __asm__(#name)
#endif

SAMEMAP_WIN32_BEGIN
extern int samemap_win32_libc_vfscanf(FILE *stream, const char *format, va_list list) SAMEMAP_WIN32_LIBC_SCAN(vfscanf);
extern int samemap_win32_libc_vsscanf(const char *text, const char *format, va_list list)
    SAMEMAP_WIN32_NOTHROW SAMEMAP_WIN32_LIBC_SCAN(vsscanf);
SAMEMAP_WIN32_END

/* The size of an integer as the C library writes it. Returns how many characters of `format` it was, or -1 for wide
 * text, which is not read here. */
SAMEMAP_WIN32_INLINE int samemap_win32_scan_size(const char *format, const char **size)
{
    int is_long = format[0] == 'l' && format[1] != 'l';
    int next = is_long && format[1] != 0 ? format[1] : 0;

    *size = "";
    if (__builtin_strncmp(format, "I64", 3) == 0) {
        *size = "ll";
        return 3;
    }
    if (__builtin_strncmp(format, "I32", 3) == 0)
        return 3;
    if (*format == 'I') {
        *size = "z";
        return 1;
    }
    if (*format == 'w' || *format == 'S' || *format == 'C' || (next != 0 && __builtin_strchr("scSC[", next) != NULL))
        return -1;
    return is_long && next != 0 && __builtin_strchr("diouxXn", next) != NULL ? 1 : 0;
}

/* Translates a format into memory as long as it. Returns 0 for one that cannot be had. */
SAMEMAP_WIN32_INLINE int samemap_win32_scan_format(const char *format, char *translated, size_t room)
{
    const char *size;
    size_t at = 0;
    int skipped;

    if (__builtin_strlen(format) >= room)
        return 0;
    while (*format != 0) {
        if (*format != '%') {
            translated[at++] = *format++;
            continue;
        }
        do
            translated[at++] = *format++;
        while (*format == '*' || (*format >= '0' && *format <= '9'));
        if (*format == '%') {
            translated[at++] = *format++;
            continue;
        }
        skipped = samemap_win32_scan_size(format, &size);
        if (skipped < 0)
            return 0;
        format += skipped;
        while (*size != 0)
            translated[at++] = *size++;
    }
    translated[at] = 0;
    return 1;
}

/* The answer for a stream, or else for text. */
SAMEMAP_WIN32_INLINE int samemap_win32_scan(FILE *stream, const char *text, const char *format, va_list list)
{
    char translated[1024];

    if (!samemap_win32_scan_format(format, translated, sizeof translated)) {
        errno = EINVAL;
        return EOF;
    }
    if (stream != NULL)
        return samemap_win32_libc_vfscanf(stream, translated, list);
    return samemap_win32_libc_vsscanf(text, translated, list);
}

SAMEMAP_WIN32_INLINE int vfscanf(FILE *stream, const char *format, va_list list) SAMEMAP_WIN32_OWN(vfscanf);
SAMEMAP_WIN32_INLINE int vfscanf(FILE *stream, const char *format, va_list list)
{
    return samemap_win32_scan(stream, NULL, format, list);
}

SAMEMAP_WIN32_INLINE int vscanf(const char *format, va_list list) SAMEMAP_WIN32_OWN(vscanf);
SAMEMAP_WIN32_INLINE int vscanf(const char *format, va_list list)
{
    return samemap_win32_scan(stdin, NULL, format, list);
}

SAMEMAP_WIN32_INLINE int vsscanf(const char *text, const char *format, va_list list) SAMEMAP_WIN32_OWN(vsscanf);
SAMEMAP_WIN32_INLINE int vsscanf(const char *text, const char *format, va_list list)
{
    return samemap_win32_scan(NULL, text, format, list);
}

SAMEMAP_WIN32_INLINE int fscanf(FILE *stream, const char *format, ...) SAMEMAP_WIN32_OWN(fscanf);
SAMEMAP_WIN32_INLINE int fscanf(FILE *stream, const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vfscanf(stream, format, list));
}

SAMEMAP_WIN32_INLINE int scanf(const char *format, ...) SAMEMAP_WIN32_OWN(scanf);
SAMEMAP_WIN32_INLINE int scanf(const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vfscanf(stdin, format, list));
}

SAMEMAP_WIN32_INLINE int sscanf(const char *text, const char *format, ...) SAMEMAP_WIN32_OWN(sscanf);
SAMEMAP_WIN32_INLINE int sscanf(const char *text, const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vsscanf(text, format, list));
}

#endif
