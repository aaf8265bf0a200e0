/* A program whose main function is wmain gets its arguments in UTF-16. The macro declares the program's function, makes
 * a main that calls it, and leaves the rest of its definition to the program. */
#ifndef SAMEMAP_WIN32_WMAIN_H
#define SAMEMAP_WIN32_WMAIN_H
#pragma GCC system_header

#include "compiler.h"

SAMEMAP_WIN32_BEGIN

typedef int (*samemap_win32_wide_main)(int count, wchar_t **arguments, wchar_t **environment);

int samemap_win32_run_wide_main(int count, char **arguments, char **environment, samemap_win32_wide_main program);

SAMEMAP_WIN32_END

#define wmain(...) \
    samemap_win32_program(__VA_ARGS__); \
    int main(int count, char **arguments, char **environment) \
    { \
        return samemap_win32_run_wide_main(count, arguments, environment, \
                                           (samemap_win32_wide_main)(void (*)(void))samemap_win32_program); \
    } \
    int samemap_win32_program(__VA_ARGS__)

#endif
