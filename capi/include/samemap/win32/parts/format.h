/* Microsoft's printf: %s is text of the function's own width and %S of the other one, %ls and %hs say which, and %ld is
 * of 32 bits. */
#ifndef SAMEMAP_WIN32_FORMAT_H
#define SAMEMAP_WIN32_FORMAT_H
#pragma GCC system_header

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include "sink.h"

/* The C library's own, for numbers. */
SAMEMAP_WIN32_BEGIN
extern int samemap_win32_libc_snprintf(char *text, size_t size, const char *format, ...)
    SAMEMAP_WIN32_NOTHROW __asm__("snprintf");
SAMEMAP_WIN32_END

/* A format of either width. */
struct samemap_win32_format {
    const char *narrow;
    const wchar_t *wide;
};

SAMEMAP_WIN32_INLINE unsigned samemap_win32_next(struct samemap_win32_format *format)
{
    if (format->wide != NULL)
        return *format->wide == 0 ? 0 : *format->wide++;
    return *format->narrow == 0 ? 0 : (unsigned char)*format->narrow++;
}

SAMEMAP_WIN32_INLINE unsigned samemap_win32_peek(const struct samemap_win32_format *format)
{
    return format->wide != NULL ? *format->wide : (unsigned char)*format->narrow;
}

SAMEMAP_WIN32_INLINE int samemap_win32_skip(struct samemap_win32_format *format, char wanted)
{
    if (samemap_win32_peek(format) != (unsigned char)wanted)
        return 0;
    samemap_win32_next(format);
    return 1;
}

/* What stands between a percent sign and the letter. */
struct samemap_win32_directive {
    char flags[6];
    size_t flag_count;
    int is_left;
    int width;
    int precision; /* or -1 */
    int bytes;     /* of an integer */
    char text;     /* 'h' for narrow, 'l' for wide text, or 0 */
    int is_long_double;
};

/* A list of arguments that functions can pass on and share. */
struct samemap_win32_arguments {
    va_list list;
};

SAMEMAP_WIN32_INLINE int samemap_win32_number(struct samemap_win32_format *format,
                                              struct samemap_win32_arguments *arguments)
{
    int value = 0;

    if (samemap_win32_skip(format, '*'))
        return va_arg(arguments->list, int);
    while (samemap_win32_peek(format) >= '0' && samemap_win32_peek(format) <= '9' && value < 100000000)
        value = 10 * value + (int)(samemap_win32_next(format) - '0');
    return value;
}

SAMEMAP_WIN32_INLINE void samemap_win32_read_flags(struct samemap_win32_format *format,
                                                   struct samemap_win32_directive *directive)
{
    static const char flags[] = "-+ #0";
    size_t at = 0;

    while (flags[at] != 0) {
        if (!samemap_win32_skip(format, flags[at])) {
            at++;
            continue;
        }
        if (flags[at] == '-')
            directive->is_left = 1;
        else if (directive->flag_count < sizeof directive->flags)
            directive->flags[directive->flag_count++] = flags[at];
        at = 0;
    }
}

/* The prefixes of a letter. Without one an integer is an int, and with an l a long, which has 32 bits. */
SAMEMAP_WIN32_INLINE void samemap_win32_read_size(struct samemap_win32_format *format,
                                                  struct samemap_win32_directive *directive)
{
    directive->bytes = 4;
    if (samemap_win32_skip(format, 'h')) {
        directive->text = 'h';
        directive->bytes = samemap_win32_skip(format, 'h') ? 1 : 2;
    } else if (samemap_win32_skip(format, 'l')) {
        directive->text = 'l';
        directive->bytes = samemap_win32_skip(format, 'l') ? 8 : 4;
    } else if (samemap_win32_skip(format, 'w')) {
        directive->text = 'l';
    } else if (samemap_win32_skip(format, 'L')) {
        directive->is_long_double = 1;
        directive->bytes = 8;
    } else if (samemap_win32_skip(format, 'j')) {
        directive->bytes = 8;
    } else if (samemap_win32_skip(format, 'z') || samemap_win32_skip(format, 't')) {
        directive->bytes = (int)sizeof(size_t);
    } else if (samemap_win32_skip(format, 'I')) {
        directive->bytes = (int)sizeof(size_t);
        if (samemap_win32_skip(format, '3') && samemap_win32_skip(format, '2'))
            directive->bytes = 4;
        else if (samemap_win32_skip(format, '6') && samemap_win32_skip(format, '4'))
            directive->bytes = 8;
    }
}

SAMEMAP_WIN32_INLINE void samemap_win32_pad(struct samemap_win32_sink *sink, int width, size_t length)
{
    size_t at;

    for (at = length; width > 0 && at < (size_t)width; at++)
        samemap_win32_put(sink, ' ');
}

SAMEMAP_WIN32_INLINE void samemap_win32_put_text(struct samemap_win32_sink *sink,
                                                 const struct samemap_win32_directive *directive, const char *narrow,
                                                 const wchar_t *wide)
{
    size_t most = directive->precision < 0 ? (size_t)-1 : (size_t)directive->precision, length = 0;

    if (narrow == NULL && wide == NULL)
        narrow = "(null)";
    while (length < most && (wide != NULL ? wide[length] != 0 : narrow[length] != 0))
        length++;
    if (!directive->is_left)
        samemap_win32_pad(sink, directive->width, length);
    if (wide != NULL)
        samemap_win32_put_wide(sink, wide, length);
    else
        samemap_win32_put_narrow(sink, narrow, length);
    if (directive->is_left)
        samemap_win32_pad(sink, directive->width, length);
}

/* Whether the text of a letter is wide: the small letters mean the function's own width. */
SAMEMAP_WIN32_INLINE int samemap_win32_is_wide(const struct samemap_win32_sink *sink,
                                               const struct samemap_win32_directive *directive, unsigned letter)
{
    if (directive->text != 0)
        return directive->text == 'l';
    return letter == 's' || letter == 'c' ? sink->is_wide : !sink->is_wide;
}

SAMEMAP_WIN32_INLINE void samemap_win32_put_character(struct samemap_win32_sink *sink,
                                                      struct samemap_win32_directive *directive, unsigned letter,
                                                      int character)
{
    wchar_t wide = (wchar_t)character;
    char narrow = (char)character;

    if (!directive->is_left)
        samemap_win32_pad(sink, directive->width, 1);
    if (samemap_win32_is_wide(sink, directive, letter))
        samemap_win32_put_wide(sink, &wide, 1);
    else
        samemap_win32_put_narrow(sink, &narrow, 1);
    if (directive->is_left)
        samemap_win32_pad(sink, directive->width, 1);
}

/* The directive for the C library: its flags, width and precision, then `size` and the letter. */
SAMEMAP_WIN32_INLINE void samemap_win32_write_directive(const struct samemap_win32_directive *directive,
                                                        const char *size, unsigned letter, char *written)
{
    size_t at;

    *written++ = '%';
    for (at = 0; at < directive->flag_count; at++)
        *written++ = directive->flags[at];
    if (directive->is_left)
        *written++ = '-';
    *written++ = '*';
    *written++ = '.';
    *written++ = '*';
    while (*size != 0)
        *written++ = *size++;
    *written++ = (char)letter;
    *written = 0;
}

/* A number as the C library writes it: an integer, or a double where there is none. */
SAMEMAP_WIN32_INLINE void samemap_win32_put_number(struct samemap_win32_sink *sink,
                                                   const struct samemap_win32_directive *directive, unsigned letter,
                                                   const long long *integer, long double floating)
{
    char written[16], few[64], *text = few;
    size_t room = sizeof few;
    int length, is_binary = letter == 'a' || letter == 'A'; /* which a long double writes otherwise */

    samemap_win32_write_directive(directive, integer != NULL ? "ll" : is_binary ? "" : "L", letter, written);
    for (;;) {
        if (integer != NULL)
            length = samemap_win32_libc_snprintf(text, room, written, directive->width, directive->precision, *integer);
        else if (is_binary)
            length = samemap_win32_libc_snprintf(text, room, written, directive->width, directive->precision,
                                                 (double)floating);
        else
            length = samemap_win32_libc_snprintf(text, room, written, directive->width, directive->precision, floating);
        if (length < 0 || (size_t)length < room || text != few)
            break;
        room = (size_t)length + 1;
        text = (char *)malloc(room);
        if (text == NULL)
            return;
    }
    if (length > 0)
        samemap_win32_put_narrow(sink, text, (size_t)length);
    if (text != few)
        free(text);
}

/* An integer's value from as many of its bits as it has. */
SAMEMAP_WIN32_INLINE long long samemap_win32_cut(long long value, int bytes, int is_signed)
{
    switch (bytes) {
    case 1: return is_signed ? (long long)(int8_t)value : (long long)(uint8_t)value;
    case 2: return is_signed ? (long long)(int16_t)value : (long long)(uint16_t)value;
    case 4: return is_signed ? (long long)(int32_t)value : (long long)(uint32_t)value;
    default: return value;
    }
}

SAMEMAP_WIN32_INLINE void samemap_win32_put_integer(struct samemap_win32_sink *sink,
                                                    const struct samemap_win32_directive *directive, unsigned letter,
                                                    struct samemap_win32_arguments *arguments)
{
    long long value = directive->bytes == 8 ? va_arg(arguments->list, long long) : va_arg(arguments->list, int);

    value = samemap_win32_cut(value, directive->bytes, letter == 'd' || letter == 'i');
    samemap_win32_put_number(sink, directive, letter, &value, 0);
}

SAMEMAP_WIN32_INLINE void samemap_win32_put_pointer(struct samemap_win32_sink *sink,
                                                    struct samemap_win32_directive *directive, const void *pointer)
{
    long long value = (long long)(uintptr_t)pointer;

    directive->precision = (int)(2 * sizeof pointer);
    samemap_win32_put_number(sink, directive, 'X', &value, 0);
}

/* Formats what follows a percent sign. Returns 0 where no text can be made of it. */
SAMEMAP_WIN32_INLINE int samemap_win32_put_argument(struct samemap_win32_sink *sink,
                                                    struct samemap_win32_format *format,
                                                    struct samemap_win32_arguments *arguments)
{
    struct samemap_win32_directive directive = { { 0 }, 0, 0, 0, -1, 4, 0, 0 };
    unsigned letter;

    samemap_win32_read_flags(format, &directive);
    directive.width = samemap_win32_number(format, arguments);
    if (directive.width < 0) {
        directive.is_left = 1;
        directive.width = -directive.width;
    }
    if (samemap_win32_skip(format, '.'))
        directive.precision = samemap_win32_number(format, arguments);
    samemap_win32_read_size(format, &directive);
    letter = samemap_win32_next(format);
    switch (letter) {
    case 'd': case 'i': case 'u': case 'o': case 'x': case 'X':
        samemap_win32_put_integer(sink, &directive, letter, arguments);
        return 1;
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
        samemap_win32_put_number(sink, &directive, letter, NULL,
                                 directive.is_long_double ? va_arg(arguments->list, long double)
                                                          : (long double)va_arg(arguments->list, double));
        return 1;
    case 'c': case 'C':
        samemap_win32_put_character(sink, &directive, letter, va_arg(arguments->list, int));
        return 1;
    case 's': case 'S':
        if (samemap_win32_is_wide(sink, &directive, letter))
            samemap_win32_put_text(sink, &directive, NULL, va_arg(arguments->list, const wchar_t *));
        else
            samemap_win32_put_text(sink, &directive, va_arg(arguments->list, const char *), NULL);
        return 1;
    case 'p':
        samemap_win32_put_pointer(sink, &directive, va_arg(arguments->list, const void *));
        return 1;
    case 0: case 'n': /* %n writes to memory: Microsoft's refuses it, too. */
        return 0;
    default: /* a percent sign, or a letter that means nothing */
        samemap_win32_put(sink, letter);
        return 1;
    }
}

/* Formats into the sink. Returns the number of characters, or -1. */
SAMEMAP_WIN32_INLINE int samemap_win32_print(struct samemap_win32_sink *sink, struct samemap_win32_format format,
                                             va_list list)
{
    struct samemap_win32_arguments arguments;
    int is_good = 1, length;
    unsigned character;

    va_copy(arguments.list, list);
    while (is_good && (character = samemap_win32_next(&format)) != 0) {
        if (character != '%')
            samemap_win32_put(sink, character);
        else
            is_good = samemap_win32_put_argument(sink, &format, &arguments);
    }
    va_end(arguments.list);
    length = samemap_win32_finish(sink);
    return is_good ? length : -1;
}

#endif
