/* Programs of Win32's calls, of Rust and of samemap.h share one region, one mutex and one event by their names:
 * `peers PATH-OF-PEER`. */
#include <windows.h>

#include <samemap.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define PATIENCE 30000
#define OF_WIN32 L"of Win32, with é and 𝄞"
#define OF_RUST L"of Rust, with é and 𝄞"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not so: %s (error %lu)\n", __FILE__, __LINE__, #condition, GetLastError()); \
            exit(1); \
        } \
    } while (0)

static char *peer, *self;

/* What the programs share. */
struct shared {
    WCHAR *text;
    HANDLE mutex, event;
};

static const char *of(const char *name, const char *what)
{
    static char text[4][128];
    static int next;
    char *made = text[next++ % 4];
    snprintf(made, sizeof text[0], "%s-%s", name, what);
    return made;
}

static const char *unique(const char *what)
{
    static char text[128];
    snprintf(text, sizeof text, "win32-%s-%lu", what, GetCurrentProcessId());
    return text;
}

static pid_t start(char *program, const char *part, const char *name)
{
    char *arguments[] = { program, (char *)part, (char *)name, NULL };
    pid_t child;
    CHECK(posix_spawn(&child, program, NULL, NULL, arguments, environ) == 0);
    return child;
}

static void ends_well(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void is_killed(pid_t child)
{
    int status;
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
}

static WCHAR *mapped(HANDLE mapping)
{
    WCHAR *text = (WCHAR *)MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    CHECK(text != NULL);
    CHECK(CloseHandle(mapping));
    return text;
}

static struct shared create(const char *name)
{
    struct shared all;
    all.text = mapped(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 65536, of(name, "region")));
    all.mutex = CreateMutexA(NULL, FALSE, of(name, "mutex"));
    all.event = CreateEventA(NULL, FALSE, FALSE, of(name, "event"));
    CHECK(all.mutex != NULL && all.event != NULL);
    return all;
}

/* Opens what another process makes, the event last. */
static struct shared opened(const char *name)
{
    struct shared all;
    while ((all.event = OpenEventA(EVENT_ALL_ACCESS, FALSE, of(name, "event"))) == NULL) {
        CHECK(GetLastError() == ERROR_FILE_NOT_FOUND);
        Sleep(1);
    }
    all.text = mapped(OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, of(name, "region")));
    all.mutex = OpenMutexA(MUTEX_ALL_ACCESS, FALSE, of(name, "mutex"));
    CHECK(all.mutex != NULL);
    return all;
}

static void close_all(struct shared all)
{
    CHECK(UnmapViewOfFile(all.text) && CloseHandle(all.mutex) && CloseHandle(all.event));
}

static void rust_opens(void)
{
    const char *name = unique("rust-opens");
    struct shared all = create(name);
    pid_t child;
    wcscpy_s(all.text, 1024, OF_WIN32);
    child = start(peer, "open", name);
    CHECK(WaitForSingleObject(all.event, PATIENCE) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(all.mutex, PATIENCE) == WAIT_OBJECT_0);
    CHECK(wcscmp(all.text, OF_RUST) == 0);
    CHECK(ReleaseMutex(all.mutex));
    ends_well(child);
    close_all(all);
}

static void rust_creates(void)
{
    const char *name = unique("rust-creates");
    pid_t child = start(peer, "create", name);
    struct shared all = opened(name);
    CHECK(WaitForSingleObject(all.mutex, PATIENCE) == WAIT_OBJECT_0);
    CHECK(wcscmp(all.text, OF_RUST) == 0);
    wcscpy_s(all.text, 1024, OF_WIN32);
    CHECK(SetEvent(all.event) && ReleaseMutex(all.mutex));
    ends_well(child);
    close_all(all);
}

/* The same region, mutex and event by the calls of samemap.h, in this process. */
static void c_shares(void)
{
    const char *name = unique("c");
    struct shared all = create(name);
    samemap_region_t *region;
    samemap_view_t *view;
    samemap_mutex_t *mutex;
    samemap_event_t *event;
    CHECK(samemap_region_open(of(name, "region"), NULL, &region) == SAMEMAP_OK);
    CHECK(samemap_region_map(region, 0, SAMEMAP_TO_THE_END, SAMEMAP_READ_WRITE, &view) == SAMEMAP_OK);
    CHECK(samemap_mutex_open(of(name, "mutex"), NULL, &mutex) == SAMEMAP_OK);
    CHECK(samemap_event_open(of(name, "event"), NULL, &event) == SAMEMAP_OK);
    wcscpy_s(all.text, 1024, OF_WIN32);
    CHECK(wcscmp((WCHAR *)samemap_view_data(view), OF_WIN32) == 0);
    CHECK(samemap_event_set(event) == SAMEMAP_OK && WaitForSingleObject(all.event, 0) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(all.mutex, 0) == WAIT_OBJECT_0 && samemap_mutex_unlock(mutex) == SAMEMAP_OK);
    CHECK(!ReleaseMutex(all.mutex) && GetLastError() == ERROR_NOT_OWNER);
    samemap_view_close(view);
    samemap_region_close(region);
    samemap_mutex_close(mutex);
    samemap_event_close(event);
    close_all(all);
}

/* An owner, of either kind, is killed. */
static void owner_dies(char *program)
{
    const char *name = unique(program == peer ? "rust-dies" : "win32-dies");
    struct shared all = create(name);
    pid_t child = start(program, "own", name);
    HANDLE both[2] = { all.event, all.mutex };
    CHECK(WaitForSingleObject(all.event, PATIENCE) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(all.mutex, 20) == WAIT_TIMEOUT);
    is_killed(child);
    if (program == peer) {
        CHECK(WaitForMultipleObjects(2, both, FALSE, PATIENCE) == WAIT_ABANDONED_0 + 1);
        CHECK(ReleaseMutex(all.mutex));
        CHECK(SetEvent(all.event) && WaitForMultipleObjects(2, both, TRUE, 0) == WAIT_OBJECT_0);
        CHECK(ReleaseMutex(all.mutex));
    } else {
        ends_well(start(peer, "abandoned", name));
    }
    close_all(all);
}

/* The child that owns the mutex until it is killed. */
static int own(const char *name)
{
    struct shared all = opened(name);
    CHECK(WaitForSingleObject(all.mutex, PATIENCE) == WAIT_OBJECT_0);
    CHECK(SetEvent(all.event));
    Sleep(PATIENCE);
    return 1;
}

int main(int count, char **arguments)
{
    self = arguments[0];
    if (count == 3)
        return own(arguments[2]);
    CHECK(count == 2);
    peer = arguments[1];
    rust_opens();
    rust_creates();
    c_shares();
    owner_dies(peer);
    owner_dies(self);
    puts("peers: passed");
    return 0;
}
