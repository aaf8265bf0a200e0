/* The printf family for narrow text. */
#ifndef SAMEMAP_WIN32_NARROW_H
#define SAMEMAP_WIN32_NARROW_H
#pragma GCC system_header

#include "format.h"

#define SAMEMAP_WIN32_MUCH 0x7FFFFFFFu

SAMEMAP_WIN32_INLINE int samemap_win32_print_narrow(FILE *stream, char *text, size_t room, const char *format,
                                                    va_list list, int is_open)
{
    struct samemap_win32_format narrow = { format, NULL };
    struct samemap_win32_sink sink;

    sink.stream = stream;
    sink.narrow = text;
    sink.wide = NULL;
    sink.room = room;
    sink.is_wide = 0;
    sink.is_open = is_open;
    sink.length = sink.used = 0;
    sink.high = 0;
    return samemap_win32_print(&sink, narrow, list);
}

/* The body of a function whose arguments follow its format. */
#define SAMEMAP_WIN32_FOLLOWING(call) \
    va_list list; \
    int length; \
    va_start(list, format); \
    length = call; \
    va_end(list); \
    return length

SAMEMAP_WIN32_INLINE int vfprintf(FILE *stream, const char *format, va_list list) SAMEMAP_WIN32_OWN(vfprintf);
SAMEMAP_WIN32_INLINE int vfprintf(FILE *stream, const char *format, va_list list)
{
    return samemap_win32_print_narrow(stream, NULL, 0, format, list, 0);
}

SAMEMAP_WIN32_INLINE int vprintf(const char *format, va_list list) SAMEMAP_WIN32_OWN(vprintf);
SAMEMAP_WIN32_INLINE int vprintf(const char *format, va_list list)
{
    return vfprintf(stdout, format, list);
}

SAMEMAP_WIN32_INLINE int vsnprintf(char *text, size_t room, const char *format, va_list list) SAMEMAP_WIN32_OWN(vsnprintf);
SAMEMAP_WIN32_INLINE int vsnprintf(char *text, size_t room, const char *format, va_list list)
{
    return samemap_win32_print_narrow(NULL, text, room, format, list, 0);
}

SAMEMAP_WIN32_INLINE int vsprintf(char *text, const char *format, va_list list) SAMEMAP_WIN32_OWN(vsprintf);
SAMEMAP_WIN32_INLINE int vsprintf(char *text, const char *format, va_list list)
{
    return vsnprintf(text, SAMEMAP_WIN32_MUCH, format, list);
}

SAMEMAP_WIN32_INLINE int fprintf(FILE *stream, const char *format, ...) SAMEMAP_WIN32_OWN(fprintf);
SAMEMAP_WIN32_INLINE int fprintf(FILE *stream, const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vfprintf(stream, format, list));
}

SAMEMAP_WIN32_INLINE int printf(const char *format, ...) SAMEMAP_WIN32_OWN(printf);
SAMEMAP_WIN32_INLINE int printf(const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vfprintf(stdout, format, list));
}

SAMEMAP_WIN32_INLINE int snprintf(char *text, size_t room, const char *format, ...) SAMEMAP_WIN32_OWN(snprintf);
SAMEMAP_WIN32_INLINE int snprintf(char *text, size_t room, const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vsnprintf(text, room, format, list));
}

SAMEMAP_WIN32_INLINE int sprintf(char *text, const char *format, ...) SAMEMAP_WIN32_OWN(sprintf);
SAMEMAP_WIN32_INLINE int sprintf(char *text, const char *format, ...)
{
    SAMEMAP_WIN32_FOLLOWING(vsprintf(text, format, list));
}

#endif
