/* Ends what hide_multibyte.h began. */
#pragma GCC system_header

#undef mbstowcs
#undef wcstombs
#undef mbtowc
#undef wctomb
