/* C and Rust share regions, mutexes, events, newest values and channels by name: `peers PATH-OF-PEER`. */
#include "check.h"

static const char *peer, *self;
/* The id of the last child. */
static uint32_t started;

/* The name of an object; valid until the next eight have been made. */
static const char *of(const char *name, const char *what) {
    static char names[8][128];
    static unsigned next;
    char *text = names[next++ % 8];
    snprintf(text, sizeof names[0], "%s-%s", name, what);
    return text;
}

static samemap_command_t *start(const char *program, const char *part, const char *name) {
    samemap_command_t *command;
    OK(samemap_command_new(program, &command));
    OK(samemap_command_argument(command, part));
    OK(samemap_command_argument(command, name));
    OK(samemap_command_start(command, &started));
    return command;
}

static void ends_well(samemap_command_t *command) {
    int32_t code = -1;
    OK(samemap_command_wait(command, &code));
    CHECK(code == 0);
    samemap_command_close(command);
}

static void is_killed(samemap_command_t *command) {
    OK(samemap_command_kill(command));
    OK(samemap_command_wait(command, NULL));
    samemap_command_close(command);
}

/* What both sides have. */
struct shared {
    samemap_view_t *view;
    samemap_mutex_t *mutex, *inside;
    samemap_event_t *event;
};

static struct shared create(const char *name) {
    struct shared all;
    samemap_region_t *region;
    OK(samemap_region_create(of(name, "region"), 4096, NULL, &region));
    OK(samemap_region_map(region, 0, SAMEMAP_TO_THE_END, SAMEMAP_READ_WRITE, &all.view));
    samemap_region_close(region);
    OK(samemap_mutex_create_in(all.view, 64, &all.inside));
    OK(samemap_mutex_create(of(name, "mutex"), NULL, &all.mutex));
    OK(samemap_event_create(of(name, "event"), SAMEMAP_AUTO_RESET, false, NULL, &all.event));
    return all;
}

static struct shared opened(const char *name) {
    struct shared all;
    samemap_region_t *region;
    samemap_open_options_t options = SAMEMAP_OPEN_OPTIONS_INIT;
    options.patience = PATIENCE;
    OK(samemap_event_open(of(name, "event"), &options, &all.event));
    OK(samemap_region_open(of(name, "region"), &options, &region));
    OK(samemap_region_map(region, 0, SAMEMAP_TO_THE_END, SAMEMAP_READ_WRITE, &all.view));
    samemap_region_close(region);
    OK(samemap_mutex_open_in(all.view, 64, &all.inside));
    OK(samemap_mutex_open(of(name, "mutex"), &options, &all.mutex));
    return all;
}

static void close_all(struct shared all) {
    samemap_event_close(all.event);
    samemap_mutex_close(all.mutex);
    samemap_mutex_close(all.inside);
    samemap_view_close(all.view);
}

/* The value that a Rust program's SharedMutex<u64> has. */
static uint64_t *value(struct shared all) {
    return (uint64_t *)((char *)samemap_view_data(all.view) + 64 + SAMEMAP_MUTEX_SIZE);
}

static void rust_opens(void) {
    const char *name = unique("rust-opens");
    struct shared all = create(name);
    memcpy(samemap_view_data(all.view), "of C", 4);
    *value(all) = 41;
    samemap_command_t *command = start(peer, "open", name);
    OK(samemap_event_wait(all.event, PATIENCE));
    OK(samemap_mutex_lock(all.mutex, PATIENCE));
    OK(samemap_mutex_lock(all.inside, PATIENCE));
    CHECK(memcmp(samemap_view_data(all.view), "Rust", 4) == 0 && *value(all) == 42);
    OK(samemap_mutex_unlock(all.inside));
    OK(samemap_mutex_unlock(all.mutex));
    ends_well(command);
    close_all(all);
}

static void rust_creates(void) {
    const char *name = unique("rust-creates");
    samemap_command_t *command = start(peer, "create", name);
    struct shared all = opened(name);
    OK(samemap_mutex_lock(all.mutex, PATIENCE));
    CHECK(memcmp(samemap_view_data(all.view), "Rust", 4) == 0);
    memcpy(samemap_view_data(all.view), "of C", 4);
    *value(all) += 1;
    OK(samemap_event_set(all.event));
    OK(samemap_mutex_unlock(all.mutex));
    ends_well(command);
    OK(samemap_mutex_lock(all.mutex, PATIENCE));
    CHECK(memcmp(samemap_view_data(all.view), "done", 4) == 0);
    OK(samemap_mutex_unlock(all.mutex));
    close_all(all);
}

/* An owner, of either language, is killed. */
static void an_owner_dies(const char *program) {
    const char *name = unique(program == peer ? "rust-dies" : "c-dies");
    struct shared all = create(name);
    samemap_command_t *command = start(program, "own", name);
    OK(samemap_event_wait(all.event, PATIENCE));
    IS(samemap_mutex_lock(all.mutex, 0), SAMEMAP_TIMED_OUT);
    IS(samemap_mutex_lock(all.inside, SAMEMAP_MILLISECONDS(1)), SAMEMAP_TIMED_OUT);
    is_killed(command);
    if (program == peer) {
        size_t index;
        const samemap_waitable_t *first[] = {SAMEMAP_WAITABLE(all.event), SAMEMAP_WAITABLE(all.mutex)};
        IS(samemap_wait_any(first, 2, PATIENCE, &index), SAMEMAP_ABANDONED);
        CHECK(index == 1);
        IS(samemap_mutex_lock(all.inside, PATIENCE), SAMEMAP_ABANDONED);
        OK(samemap_mutex_unlock(all.mutex));
        OK(samemap_mutex_unlock(all.inside));
        OK(samemap_mutex_lock(all.mutex, 0));
    } else {
        ends_well(start(peer, "abandoned", name));
    }
    close_all(all);
}

/* The child that owns the mutexes until it is killed. */
static int own(const char *name) {
    struct shared all = opened(name);
    OK(samemap_mutex_lock(all.mutex, PATIENCE));
    OK(samemap_wait(SAMEMAP_WAITABLE(all.inside), PATIENCE));
    OK(samemap_event_set(all.event));
    samemap_event_t *never;
    OK(samemap_event_create(of(name, "never"), SAMEMAP_MANUAL_RESET, false, NULL, &never));
    samemap_event_wait(never, PATIENCE);
    return 1;
}

static void messages(void) {
    const char *name = unique("messages");
    samemap_latest_options_t version = SAMEMAP_LATEST_OPTIONS_INIT;
    samemap_open_options_t patient = SAMEMAP_OPEN_OPTIONS_INIT;
    samemap_latest_writer_t *writer;
    samemap_latest_reader_t *reader;
    samemap_listener_t *listener;
    samemap_channel_t *channel;
    char text[64];
    size_t length;
    version.version = 1;
    patient.patience = PATIENCE;
    OK(samemap_listener_bind(of(name, "listener"), NULL, NULL, &listener));
    OK(samemap_latest_writer_create(of(name, "from-c"), 64, &version, NULL, &writer));
    samemap_command_t *command = start(peer, "messages", name);
    OK(samemap_latest_write(writer, "newest of C", 11, NULL));
    OK(samemap_listener_accept(listener, PATIENCE, &channel));
    uint32_t process = 0;
    const char *user = NULL;
    OK(samemap_channel_peer(channel, &process, &user));
    CHECK(process == started && user != NULL);
#ifndef _WIN32
    CHECK(strtoul(user, NULL, 10) == geteuid());
#endif
    OK(samemap_channel_receive(channel, text, sizeof text, &length, PATIENCE));
    CHECK(length == 11 && memcmp(text, "newest of C", 11) == 0);
    OK(samemap_latest_reader_open(of(name, "from-rust"), &version, &patient, &reader));
    OK(samemap_latest_wait(reader, 0, PATIENCE, text + 16, 48, &length, NULL));
    CHECK(length == 14 && memcmp(text + 16, "newest of Rust", 14) == 0);
    memcpy(text + 11, ", and back", 10);
    OK(samemap_channel_send(channel, text, 21, PATIENCE));
    ends_well(command);
    samemap_latest_reader_close(reader);
    samemap_latest_writer_close(writer);
    samemap_channel_close(channel);
    samemap_listener_close(listener);
}

/* Each language publishes what the other one subscribes to. */
static void topics(void) {
    const char *name = unique("topics");
    samemap_topic_options_t topic = SAMEMAP_TOPIC_OPTIONS_INIT;
    samemap_open_options_t patient = SAMEMAP_OPEN_OPTIONS_INIT;
    samemap_publisher_t *publisher;
    samemap_subscriber_t *subscriber;
    char text[16];
    size_t length;
    topic.history = UINT64_MAX;
    patient.patience = PATIENCE;
    OK(samemap_publisher_create(of(name, "from-c"), &topic, NULL, &publisher));
    OK(samemap_publisher_publish(publisher, "message of C", 12, 0));
    samemap_command_t *command = start(peer, "topics", name);
    OK(samemap_subscriber_open(of(name, "from-rust"), &topic, &patient, &subscriber));
    OK(samemap_subscriber_receive(subscriber, text, sizeof text, &length, NULL, PATIENCE));
    CHECK(length == 12 && memcmp(text, "message of C", 12) == 0);
    OK(samemap_publisher_publish(publisher, "end", 3, PATIENCE));
    IS(samemap_subscriber_receive(subscriber, text, sizeof text, &length, NULL, PATIENCE), SAMEMAP_ERROR_CLOSED);
    ends_well(command);
    samemap_subscriber_close(subscriber);
    samemap_publisher_close(publisher);
}

int main(int argc, char **argv) {
    self = argv[0];
    if (argc == 3) return own(argv[2]);
    CHECK(argc == 2);
    peer = argv[1];
    rust_opens();
    rust_creates();
    an_owner_dies(peer);
    an_owner_dies(self);
    messages();
    topics();
    puts("peers: passed");
    return 0;
}
