/* What the headers ask of the compiler. */
#ifndef SAMEMAP_WIN32_COMPILER_H
#define SAMEMAP_WIN32_COMPILER_H
#pragma GCC system_header

#if __WCHAR_MAX__ > 0xffff
#error "a wchar_t has 16 bits in Win32 code: compile with the flags of samemap-win32.pc, of which -fshort-wchar is one"
#endif

#ifdef __cplusplus
#define SAMEMAP_WIN32_BEGIN extern "C" {
#define SAMEMAP_WIN32_END }
#define SAMEMAP_WIN32_NOTHROW noexcept(true)
/* The name that the linker sees, of a function that has the name of one of the C library. */
#define SAMEMAP_WIN32_OWN(name)
#else
#define SAMEMAP_WIN32_BEGIN
#define SAMEMAP_WIN32_END
#define SAMEMAP_WIN32_NOTHROW
#define SAMEMAP_WIN32_OWN(name) __asm__("samemap_win32_own_" #name)
#endif

/* A function that each file has for itself. */
#define SAMEMAP_WIN32_INLINE static __inline__ __attribute__((__unused__))

/* A call that is an error, with the reason; and a function whose every use is one. C++'s headers name some of these
 * without a call, and clang sees no call of a function that has no prototype. */
#if defined(__has_attribute)
#if __has_attribute(__error__)
#define SAMEMAP_WIN32_NEVER_CALLED(reason) __attribute__((__error__(reason)))
#endif
#endif
#ifndef SAMEMAP_WIN32_NEVER_CALLED
#define SAMEMAP_WIN32_NEVER_CALLED(reason) __attribute__((__unavailable__(reason)))
#endif
#if defined(__clang__) && !defined(__cplusplus)
#define SAMEMAP_WIN32_ABSENT(reason) __attribute__((__unavailable__(reason)))
#else
#define SAMEMAP_WIN32_ABSENT(reason) SAMEMAP_WIN32_NEVER_CALLED(reason)
#endif

/* Any arguments. */
#ifdef __cplusplus
#define SAMEMAP_WIN32_ANY ...
#else
#define SAMEMAP_WIN32_ANY
#endif

#endif
