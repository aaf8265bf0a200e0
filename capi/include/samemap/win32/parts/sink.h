/* Where formatted text goes: a stream, which takes UTF-8, or memory of either width. */
#ifndef SAMEMAP_WIN32_SINK_H
#define SAMEMAP_WIN32_SINK_H
#pragma GCC system_header

#include "unicode.h"

struct samemap_win32_sink {
    FILE *stream;   /* or NULL */
    char *narrow;   /* or NULL */
    wchar_t *wide;  /* or NULL */
    size_t room;    /* of the memory, in characters */
    int is_wide;    /* the width in which characters are counted */
    int is_open;    /* text that fills the memory gets no NUL */
    size_t length;  /* of all that was put, also of what found no room */
    unsigned high;  /* the first half of a pair that goes to a stream, or 0 */
    size_t used;
    char bytes[256];
};

SAMEMAP_WIN32_INLINE void samemap_win32_flush(struct samemap_win32_sink *sink)
{
    if (sink->used != 0)
        fwrite(sink->bytes, 1, sink->used, sink->stream);
    sink->used = 0;
}

SAMEMAP_WIN32_INLINE void samemap_win32_put_to_stream(struct samemap_win32_sink *sink, unsigned character)
{
    if (sink->used + 4 > sizeof sink->bytes)
        samemap_win32_flush(sink);
    sink->used += samemap_win32_to_utf8(character, sink->bytes + sink->used);
}

/* Puts one unit of UTF-16 to a stream. Half a pair waits for the other half. */
SAMEMAP_WIN32_INLINE void samemap_win32_put_unit_to_stream(struct samemap_win32_sink *sink, unsigned unit)
{
    unsigned high = sink->high;

    sink->high = 0;
    if (high != 0 && unit >= 0xDC00 && unit < 0xE000) {
        samemap_win32_put_to_stream(sink, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
        return;
    }
    if (high != 0)
        samemap_win32_put_to_stream(sink, SAMEMAP_WIN32_NO_CHARACTER);
    if (unit >= 0xD800 && unit < 0xDC00)
        sink->high = unit;
    else
        samemap_win32_put_to_stream(sink, unit >= 0xDC00 && unit < 0xE000 ? SAMEMAP_WIN32_NO_CHARACTER : unit);
}

/* Puts one character of the sink's own width. */
SAMEMAP_WIN32_INLINE void samemap_win32_put(struct samemap_win32_sink *sink, unsigned unit)
{
    if (sink->stream != NULL && sink->is_wide) {
        samemap_win32_put_unit_to_stream(sink, unit);
    } else if (sink->stream != NULL) {
        if (sink->used == sizeof sink->bytes)
            samemap_win32_flush(sink);
        sink->bytes[sink->used++] = (char)unit;
    } else if (sink->length < sink->room) {
        if (sink->is_wide)
            sink->wide[sink->length] = (wchar_t)unit;
        else
            sink->narrow[sink->length] = (char)unit;
    }
    sink->length++;
}

SAMEMAP_WIN32_INLINE void samemap_win32_put_narrow(struct samemap_win32_sink *sink, const char *text, size_t length)
{
    wchar_t units[2];
    size_t count, at;

    if (!sink->is_wide) {
        for (at = 0; at < length; at++)
            samemap_win32_put(sink, (unsigned char)text[at]);
        return;
    }
    while (length > 0) {
        count = samemap_win32_to_utf16(samemap_win32_from_utf8(&text, &length), units);
        for (at = 0; at < count; at++)
            samemap_win32_put(sink, units[at]);
    }
}

SAMEMAP_WIN32_INLINE void samemap_win32_put_wide(struct samemap_win32_sink *sink, const wchar_t *text, size_t length)
{
    char bytes[4];
    size_t count, at;

    if (sink->is_wide) {
        for (at = 0; at < length; at++)
            samemap_win32_put(sink, text[at]);
        return;
    }
    while (length > 0) {
        count = samemap_win32_to_utf8(samemap_win32_from_utf16(&text, &length), bytes);
        for (at = 0; at < count; at++)
            samemap_win32_put(sink, (unsigned char)bytes[at]);
    }
}

/* Ends what goes to a stream, or closes memory with a NUL. Returns how many characters there were. */
SAMEMAP_WIN32_INLINE int samemap_win32_finish(struct samemap_win32_sink *sink)
{
    size_t end;

    if (sink->stream != NULL) {
        if (sink->high != 0)
            samemap_win32_put_to_stream(sink, SAMEMAP_WIN32_NO_CHARACTER);
        samemap_win32_flush(sink);
        return ferror(sink->stream) ? -1 : (int)sink->length;
    }
    if (sink->room != 0 && !(sink->is_open && sink->length >= sink->room)) {
        end = sink->length < sink->room ? sink->length : sink->room - 1;
        if (sink->is_wide)
            sink->wide[end] = 0;
        else
            sink->narrow[end] = 0;
    }
    return (int)sink->length;
}

#endif
