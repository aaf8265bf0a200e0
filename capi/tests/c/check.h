/* What the tests in C share: a check that names its place, and unique names. */
#ifndef CHECK_H
#define CHECK_H

#include <samemap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#define process_id() ((unsigned long)GetCurrentProcessId())
#else
#include <unistd.h>
#define process_id() ((unsigned long)getpid())
#endif

/* Longer than anything here takes. */
#define PATIENCE SAMEMAP_SECONDS(30)

#define CHECK(condition) ((condition) ? (void)0 : failed(__FILE__, __LINE__, #condition))
#define OK(call) IS(call, SAMEMAP_OK)
#define IS(call, wanted) is(__FILE__, __LINE__, #call, (call), (wanted))

static inline void failed(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: %s; last error: %s\n", file, line, what, samemap_last_error_message());
    exit(1);
}

static inline void is(const char *file, int line, const char *call, int answer, int wanted) {
    if (answer != wanted) {
        fprintf(stderr, "answer %s, wanted %s: ", samemap_error_name(answer), samemap_error_name(wanted));
        failed(file, line, call);
    }
}

/* A name of this process; valid until four more have been made. */
static inline const char *unique(const char *label) {
    static char names[4][96];
    static unsigned next;
    char *name = names[next++ % 4];
    snprintf(name, sizeof names[0], "Local\\c-%s-%lu", label, process_id());
    return name;
}

#endif
