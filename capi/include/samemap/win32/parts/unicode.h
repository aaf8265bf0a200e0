/* Text of one width from text of the other: UTF-16 in wide characters, UTF-8 in narrow ones. What is no text becomes
 * U+FFFD. */
#ifndef SAMEMAP_WIN32_UNICODE_H
#define SAMEMAP_WIN32_UNICODE_H
#pragma GCC system_header

#include <stddef.h>

#include "compiler.h"

#define SAMEMAP_WIN32_NO_CHARACTER 0xFFFDu

/* The character at `text`, of which `*left` bytes are left, and moves both on. */
SAMEMAP_WIN32_INLINE unsigned samemap_win32_from_utf8(const char **text, size_t *left)
{
    const unsigned char *bytes = (const unsigned char *)*text;
    unsigned first = bytes[0], lowest, character;
    size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4, at;

    *text += 1;
    *left -= 1;
    if (length == 1)
        return first;
    if (first < 0xC2 || first > 0xF4 || *left < length - 1)
        return SAMEMAP_WIN32_NO_CHARACTER;
    character = first & (0x7Fu >> length);
    lowest = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    for (at = 1; at < length; at++) {
        if ((bytes[at] & 0xC0) != 0x80)
            return SAMEMAP_WIN32_NO_CHARACTER;
        character = character << 6 | (bytes[at] & 0x3Fu);
    }
    if (character < lowest || character > 0x10FFFF || (character >= 0xD800 && character < 0xE000))
        return SAMEMAP_WIN32_NO_CHARACTER;
    *text += length - 1;
    *left -= length - 1;
    return character;
}

/* The character at `text`, of which `*left` units are left, and moves both on. */
SAMEMAP_WIN32_INLINE unsigned samemap_win32_from_utf16(const wchar_t **text, size_t *left)
{
    unsigned first = (*text)[0], second;

    *text += 1;
    *left -= 1;
    if (first < 0xD800 || first >= 0xE000)
        return first;
    if (first >= 0xDC00 || *left == 0)
        return SAMEMAP_WIN32_NO_CHARACTER;
    second = (*text)[0];
    if (second < 0xDC00 || second >= 0xE000)
        return SAMEMAP_WIN32_NO_CHARACTER;
    *text += 1;
    *left -= 1;
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

/* Writes a character and returns how many bytes it has: up to four. */
SAMEMAP_WIN32_INLINE size_t samemap_win32_to_utf8(unsigned character, char *bytes)
{
    if (character < 0x80) {
        bytes[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        bytes[0] = (char)(0xC0 | character >> 6);
        bytes[1] = (char)(0x80 | (character & 0x3F));
        return 2;
    }
    if (character < 0x10000) {
        bytes[0] = (char)(0xE0 | character >> 12);
        bytes[1] = (char)(0x80 | (character >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (character & 0x3F));
        return 3;
    }
    bytes[0] = (char)(0xF0 | character >> 18);
    bytes[1] = (char)(0x80 | (character >> 12 & 0x3F));
    bytes[2] = (char)(0x80 | (character >> 6 & 0x3F));
    bytes[3] = (char)(0x80 | (character & 0x3F));
    return 4;
}

/* Writes a character and returns how many units it has: one or two. */
SAMEMAP_WIN32_INLINE size_t samemap_win32_to_utf16(unsigned character, wchar_t *units)
{
    if (character < 0x10000) {
        units[0] = (wchar_t)character;
        return 1;
    }
    units[0] = (wchar_t)(0xD800 + ((character - 0x10000) >> 10));
    units[1] = (wchar_t)(0xDC00 + ((character - 0x10000) & 0x3FF));
    return 2;
}

#endif
