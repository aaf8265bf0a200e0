/* The wide printf family and wide streams, over the narrow stream: what is printed is UTF-8. */
#ifndef SAMEMAP_WIN32_WIDE_H
#define SAMEMAP_WIN32_WIDE_H
#pragma GCC system_header

#include <stdio.h>
#include <wchar.h>

#include "format.h"
#include "narrow.h"

SAMEMAP_WIN32_INLINE int samemap_win32_print_wide(FILE *stream, wchar_t *text, size_t room, const wchar_t *format,
                                                  va_list list, int is_open)
{
    struct samemap_win32_format wide = { NULL, format };
    struct samemap_win32_sink sink;

    sink.stream = stream;
    sink.narrow = NULL;
    sink.wide = text;
    sink.room = room;
    sink.is_wide = 1;
    sink.is_open = is_open;
    sink.length = sink.used = 0;
    sink.high = 0;
    return samemap_win32_print(&sink, wide, list);
}

#define SAMEMAP_WIN32_PRINTS(type, name, parameters) \
    SAMEMAP_WIN32_INLINE type name parameters SAMEMAP_WIN32_OWN(name); \
    SAMEMAP_WIN32_INLINE type name parameters

SAMEMAP_WIN32_PRINTS(int, vfwprintf, (FILE *stream, const wchar_t *format, va_list list))
{
    return samemap_win32_print_wide(stream, NULL, 0, format, list, 0);
}

SAMEMAP_WIN32_PRINTS(int, vwprintf, (const wchar_t *format, va_list list))
{
    return vfwprintf(stdout, format, list);
}

/* What does not fit is cut, and the answer is -1. */
SAMEMAP_WIN32_PRINTS(int, vswprintf, (wchar_t *text, size_t room, const wchar_t *format, va_list list))
{
    int length = samemap_win32_print_wide(NULL, text, room, format, list, 0);
    return length < 0 || (size_t)length < room ? length : -1;
}

SAMEMAP_WIN32_PRINTS(int, fwprintf, (FILE *stream, const wchar_t *format, ...))
{
    SAMEMAP_WIN32_FOLLOWING(vfwprintf(stream, format, list));
}

SAMEMAP_WIN32_PRINTS(int, wprintf, (const wchar_t *format, ...))
{
    SAMEMAP_WIN32_FOLLOWING(vfwprintf(stdout, format, list));
}

SAMEMAP_WIN32_PRINTS(int, swprintf, (wchar_t *text, size_t room, const wchar_t *format, ...))
{
    SAMEMAP_WIN32_FOLLOWING(vswprintf(text, room, format, list));
}

SAMEMAP_WIN32_PRINTS(int, fputws, (const wchar_t *text, FILE *stream))
{
    return fwprintf(stream, L"%s", text);
}

SAMEMAP_WIN32_PRINTS(wint_t, fputwc, (wchar_t character, FILE *stream))
{
    return fwprintf(stream, L"%c", character) < 0 ? WEOF : character;
}

SAMEMAP_WIN32_PRINTS(wint_t, putwc, (wchar_t character, FILE *stream))
{
    return fputwc(character, stream);
}

SAMEMAP_WIN32_PRINTS(wint_t, putwchar, (wchar_t character))
{
    return fputwc(character, stdout);
}

/* The next character of a stream of UTF-8; what lies beyond 16 bits is U+FFFD here. */
SAMEMAP_WIN32_PRINTS(wint_t, fgetwc, (FILE *stream))
{
    char bytes[4];
    const char *text = bytes;
    size_t length = 0, wanted, left;
    int next = fgetc(stream);
    unsigned character;

    if (next == EOF)
        return WEOF;
    wanted = next < 0xC0 ? 1 : next < 0xE0 ? 2 : next < 0xF0 ? 3 : 4;
    for (;;) {
        bytes[length++] = (char)next;
        if (length == wanted)
            break;
        next = fgetc(stream);
        if (next == EOF || (next & 0xC0) != 0x80) {
            ungetc(next, stream);
            return SAMEMAP_WIN32_NO_CHARACTER;
        }
    }
    left = length;
    character = samemap_win32_from_utf8(&text, &left);
    return character > 0xFFFF ? SAMEMAP_WIN32_NO_CHARACTER : character;
}

SAMEMAP_WIN32_PRINTS(wint_t, getwc, (FILE *stream))
{
    return fgetwc(stream);
}

SAMEMAP_WIN32_PRINTS(wint_t, getwchar, (void))
{
    return fgetwc(stdin);
}

SAMEMAP_WIN32_PRINTS(wchar_t *, fgetws, (wchar_t *text, int room, FILE *stream))
{
    int at = 0;
    wint_t character = 0;

    while (at + 1 < room && character != '\n' && (character = fgetwc(stream)) != WEOF)
        text[at++] = (wchar_t)character;
    if (at == 0 || room < 1)
        return NULL;
    text[at] = 0;
    return text;
}

#endif
