#include "table.h"

#include <string.h>

#ifdef _WIN32
#include <process.h>
#else
#include <pthread.h>
#endif

/* Where Wine 8 answers otherwise than Windows, as its reference says. */
static const struct deviation {
    const char *what;
    long long answer;
    DWORD error;
} of_wine[] = {
    { "nor ends the file", FALSE, ERROR_INVALID_PARAMETER },       /* ERROR_ACCESS_DENIED */
    { "odd flags of an event", YES, ERROR_SUCCESS },               /* ERROR_INVALID_PARAMETER */
    { "give none", TRUE, NONE },                                   /* ERROR_INVALID_PARAMETER */
    { "give less than none", FALSE, ERROR_TOO_MANY_POSTS },        /* ERROR_INVALID_PARAMETER */
    { "a period below zero", TRUE, NONE },                         /* ERROR_INVALID_PARAMETER */
    { "all of one twice", WAIT_TIMEOUT, NONE },                    /* ERROR_INVALID_PARAMETER */
    { NULL, 0, 0 },
};

static int failures, rows;

static int is_wine(void)
{
#ifdef _WIN32
    static int known = -1;
    if (known < 0)
        known = GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") != NULL;
    return known;
#else
    return 0;
#endif
}

static int deviates(const char *what, long long answer, DWORD error)
{
    const struct deviation *one;
    for (one = of_wine; is_wine() && one->what != NULL; one++)
        if (strcmp(one->what, what) == 0 && one->answer == answer && one->error == error)
            return 1;
    return 0;
}

void note(const char *what, long long answer, DWORD error, long long wanted, DWORD wanted_error)
{
    int is_good = answer == wanted && (wanted_error == ANY || error == wanted_error);

    rows++;
    if (!is_good && deviates(what, answer, error)) {
        fprintf(stderr, "Wine deviates: %s: %lld, error %u\n", what, answer, (unsigned)error);
        is_good = 1;
    }
    if (is_good) {
        printf("%s: %lld, error %u\n", what, wanted, (unsigned)wanted_error);
        return;
    }
    failures++;
    printf("%s: %lld, error %u; WANTED %lld, error %u\n", what, answer, (unsigned)error, wanted,
           (unsigned)wanted_error);
}

const wchar_t *named(const char *text)
{
    static wchar_t texts[8][64];
    static int next;
    wchar_t *name = texts[next++ % 8];

    swprintf_s(name, 64, L"Local\\table-%lu-%hs", (unsigned long)GetCurrentProcessId(), text);
    return name;
}

struct thread {
    void (*work)(void *);
    void *argument;
#ifdef _WIN32
    HANDLE handle;
#else
    pthread_t handle;
#endif
};

#ifdef _WIN32
static unsigned __stdcall run(void *argument)
#else
static void *run(void *argument)
#endif
{
    struct thread *thread = (struct thread *)argument;
    thread->work(thread->argument);
    return 0;
}

struct thread *start_thread(void (*work)(void *), void *argument)
{
    struct thread *thread = (struct thread *)malloc(sizeof *thread);
    thread->work = work;
    thread->argument = argument;
#ifdef _WIN32
    thread->handle = (HANDLE)_beginthreadex(NULL, 0, run, thread, 0, NULL);
#else
    pthread_create(&thread->handle, NULL, run, thread);
#endif
    return thread;
}

void join_thread(struct thread *thread)
{
#ifdef _WIN32
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
#else
    pthread_join(thread->handle, NULL);
#endif
    free(thread);
}

void in_thread(void (*work)(void *), void *argument)
{
    join_thread(start_thread(work, argument));
}

int main(void)
{
    names();
    mappings();
    views();
    files();
    mutexes();
    events();
    semaphores();
    timers();
    waits();
    handles();
    others();
    texts();
    printf("%d rows, %d wrong\n", rows, failures);
    return failures != 0;
}
