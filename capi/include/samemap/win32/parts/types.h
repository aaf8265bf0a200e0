/* The types. DWORD, LONG and their kin have 32 bits, as on Windows, where a long has as many. */
#ifndef SAMEMAP_WIN32_TYPES_H
#define SAMEMAP_WIN32_TYPES_H
#pragma GCC system_header

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include <sal.h>

/* Words of Microsoft's compiler. */
#define WINAPI
#define APIENTRY
#define WINAPIV
#define CALLBACK
#define PASCAL
#undef __cdecl
#define __cdecl
#undef __stdcall
#define __stdcall
#undef __fastcall
#define __fastcall
#undef _cdecl
#define _cdecl
#undef __forceinline
#define __forceinline inline __attribute__((__always_inline__))
#undef __int64
#define __int64 long long
#undef __int32
#define __int32 int
#undef __int16
#define __int16 short
#undef __int8
#define __int8 char
#undef __declspec
#define __declspec(what) SAMEMAP_WIN32_DECLSPEC_##what
#define SAMEMAP_WIN32_DECLSPEC_align(bytes) __attribute__((__aligned__(bytes)))
#define SAMEMAP_WIN32_DECLSPEC_deprecated __attribute__((__deprecated__))
#define SAMEMAP_WIN32_DECLSPEC_dllexport __attribute__((__visibility__("default")))
#define SAMEMAP_WIN32_DECLSPEC_dllimport
#define SAMEMAP_WIN32_DECLSPEC_noinline __attribute__((__noinline__))
#define SAMEMAP_WIN32_DECLSPEC_noreturn __attribute__((__noreturn__))
#define SAMEMAP_WIN32_DECLSPEC_nothrow __attribute__((__nothrow__))
#define SAMEMAP_WIN32_DECLSPEC_selectany __attribute__((__weak__))
#define SAMEMAP_WIN32_DECLSPEC_thread __thread
#define DECLSPEC_ALIGN(bytes) __attribute__((__aligned__(bytes)))
#define DECLSPEC_NORETURN __attribute__((__noreturn__))

#define CONST const
#define VOID void
#define IN
#define OUT
#define OPTIONAL
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef NULL
#define NULL 0
#endif

SAMEMAP_WIN32_BEGIN

typedef char CHAR, *PCHAR, *PSTR, *LPSTR;
typedef const char *PCSTR, *LPCSTR;
typedef wchar_t WCHAR, *PWCHAR, *PWSTR, *LPWSTR;
typedef const wchar_t *PCWSTR, *LPCWSTR;
#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR;
typedef LPWSTR PTSTR, LPTSTR;
typedef LPCWSTR PCTSTR, LPCTSTR;
#define __TEXT(text) L##text
#else
typedef CHAR TCHAR, *PTCHAR;
typedef LPSTR PTSTR, LPTSTR;
typedef LPCSTR PCTSTR, LPCTSTR;
#define __TEXT(text) text
#endif
#define TEXT(text) __TEXT(text)
#define SAMEMAP_WIN32_HAS_TCHAR

typedef int BOOL, *PBOOL, *LPBOOL;
typedef unsigned char BYTE, *PBYTE, *LPBYTE, UCHAR, *PUCHAR, BOOLEAN, *PBOOLEAN;
typedef signed char INT8;
typedef unsigned char UINT8;
typedef short SHORT, *PSHORT, INT16;
typedef unsigned short WORD, *PWORD, *LPWORD, USHORT, *PUSHORT, UINT16;
typedef int INT, *PINT, *LPINT, LONG, *PLONG, *LPLONG, INT32, LONG32, *PLONG32;
typedef unsigned int UINT, *PUINT, DWORD, *PDWORD, *LPDWORD, ULONG, *PULONG, UINT32, DWORD32, ULONG32;
typedef long long LONGLONG, *PLONGLONG, INT64, LONG64, *PLONG64;
typedef unsigned long long ULONGLONG, *PULONGLONG, DWORDLONG, UINT64, DWORD64, *PDWORD64, ULONG64;
typedef float FLOAT;
typedef double DOUBLE;
typedef intptr_t INT_PTR, LONG_PTR, *PLONG_PTR, SSIZE_T;
typedef uintptr_t UINT_PTR, ULONG_PTR, *PULONG_PTR, DWORD_PTR, *PDWORD_PTR;
typedef size_t SIZE_T, *PSIZE_T;
typedef void *PVOID, *LPVOID, *HANDLE, **PHANDLE, **LPHANDLE, *HLOCAL, *HMODULE, *HINSTANCE;
typedef const void *LPCVOID, *PCVOID;
typedef LONG HRESULT, NTSTATUS;
typedef DWORD ACCESS_MASK;
typedef int errno_t;
typedef size_t rsize_t;

typedef union _LARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        DWORD HighPart;
    };
    struct {
        DWORD LowPart;
        DWORD HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

/* An access list that lets some in and others not has no meaning here, so none can be made. */
typedef struct _ACL *PACL;
typedef PVOID PSID, PSECURITY_DESCRIPTOR;
typedef WORD SECURITY_DESCRIPTOR_CONTROL, *PSECURITY_DESCRIPTOR_CONTROL;

typedef struct _SECURITY_DESCRIPTOR {
    BYTE Revision;
    BYTE Sbz1;
    SECURITY_DESCRIPTOR_CONTROL Control;
    PSID Owner;
    PSID Group;
    PACL Sacl;
    PACL Dacl;
} SECURITY_DESCRIPTOR, *PISECURITY_DESCRIPTOR;

typedef struct _MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    DWORD AllocationProtect;
    WORD PartitionId;
    SIZE_T RegionSize;
    DWORD State;
    DWORD Protect;
    DWORD Type;
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;

typedef struct _SYSTEM_INFO {
    __extension__ union {
        DWORD dwOemId;
        __extension__ struct {
            WORD wProcessorArchitecture;
            WORD wReserved;
        };
    };
    DWORD dwPageSize;
    LPVOID lpMinimumApplicationAddress;
    LPVOID lpMaximumApplicationAddress;
    DWORD_PTR dwActiveProcessorMask;
    DWORD dwNumberOfProcessors;
    DWORD dwProcessorType;
    DWORD dwAllocationGranularity;
    WORD wProcessorLevel;
    WORD wProcessorRevision;
} SYSTEM_INFO, *LPSYSTEM_INFO;

/* A wait's or a timer's routine is a procedure call in its thread (APC): there are none here, so there is no value of
 * this type but NULL. */
typedef struct samemap_win32_there_are_no_timer_routines_here *PTIMERAPCROUTINE;
typedef struct samemap_win32_there_are_no_reason_contexts_here *PREASON_CONTEXT;
typedef struct samemap_win32_there_is_no_overlapped_io_here *LPOVERLAPPED;

SAMEMAP_WIN32_END

#endif
