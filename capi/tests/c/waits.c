/* One wait, and one descriptor, for objects and for what comes from peers, within one process. */
#include "check.h"

#ifdef _WIN32
static int is_ready(ptrdiff_t handle, int milliseconds) {
    return WaitForSingleObject((HANDLE)handle, (DWORD)milliseconds) == WAIT_OBJECT_0;
}
#else
#include <poll.h>
static int is_ready(ptrdiff_t descriptor, int milliseconds) {
    struct pollfd polled = {(int)descriptor, POLLIN, 0};
    return poll(&polled, 1, milliseconds) > 0;
}
#endif

enum { EVENT, MESSAGE, SUBSCRIBER, VIEWER, NEWER, PEER, COUNT };

/* Both ends of everything. */
static samemap_event_t *event;
static samemap_channel_t *mine, *theirs;
static samemap_publisher_t *publisher;
static samemap_subscriber_t *subscriber;
static samemap_viewer_t *viewer;
static samemap_latest_writer_t *writer;
static samemap_latest_reader_t *reader;
static samemap_listener_t *listener;
static samemap_awaited_t all[COUNT];

static void make(int index, samemap_awaited_kind_t kind, const void *handle) {
    all[index].kind = kind;
    all[index].handle = handle;
    all[index].newer_than = 0;
}

static void open_all(void) {
    samemap_channel_options_t small = {sizeof small, 256, 0, 0};
    samemap_topic_options_t topic = SAMEMAP_TOPIC_OPTIONS_INIT;
    topic.capacity = 1024;
    OK(samemap_event_create(unique("w-event"), SAMEMAP_AUTO_RESET, false, NULL, &event));
    OK(samemap_channel_create(unique("w-channel"), &small, NULL, &mine));
    OK(samemap_channel_connect(unique("w-channel"), NULL, NULL, &theirs));
    OK(samemap_publisher_create(unique("w-topic"), &topic, NULL, &publisher));
    OK(samemap_subscriber_open(unique("w-topic"), &topic, NULL, &subscriber));
    OK(samemap_viewer_open(unique("w-topic"), &topic, NULL, &viewer));
    OK(samemap_latest_writer_create(unique("w-latest"), 8, NULL, NULL, &writer));
    OK(samemap_latest_reader_open(unique("w-latest"), NULL, NULL, &reader));
    OK(samemap_listener_bind(unique("w-desk"), NULL, NULL, &listener));
    make(EVENT, SAMEMAP_AWAITED_OBJECT, event);
    make(MESSAGE, SAMEMAP_AWAITED_MESSAGE, mine);
    make(SUBSCRIBER, SAMEMAP_AWAITED_SUBSCRIBER, subscriber);
    make(VIEWER, SAMEMAP_AWAITED_VIEWER, viewer);
    make(NEWER, SAMEMAP_AWAITED_NEWER, reader);
    make(PEER, SAMEMAP_AWAITED_PEER, listener);
}

static void close_all(void) {
    samemap_listener_close(listener);
    samemap_latest_reader_close(reader);
    samemap_latest_writer_close(writer);
    samemap_viewer_close(viewer);
    samemap_subscriber_close(subscriber);
    samemap_publisher_close(publisher);
    samemap_channel_close(theirs);
    samemap_channel_close(mine);
    samemap_event_close(event);
}

static void comes_first(size_t wanted) {
    size_t index = 99;
    OK(samemap_wait_any_of(all, COUNT, PATIENCE, &index));
    CHECK(index == wanted);
}

/* Takes what has come; the answer of the call. */
static samemap_status_t take(size_t index) {
    char buffer[256];
    size_t length;
    uint64_t sequence;
    samemap_channel_t *channel;
    samemap_status_t answer;
    switch (index) {
    case MESSAGE:
        return samemap_channel_receive(mine, buffer, sizeof buffer, &length, 0);
    case SUBSCRIBER:
        return samemap_subscriber_receive(subscriber, buffer, sizeof buffer, &length, NULL, 0);
    case VIEWER:
        return samemap_viewer_receive(viewer, buffer, sizeof buffer, &length, NULL, NULL, 0);
    case NEWER:
        answer = samemap_latest_read(reader, all[NEWER].newer_than, buffer, sizeof buffer, &length, &sequence);
        if (answer == SAMEMAP_OK) all[NEWER].newer_than = sequence;
        return answer;
    case PEER:
        answer = samemap_listener_accept(listener, 0, &channel);
        if (answer == SAMEMAP_OK) samemap_channel_close(channel);
        return answer;
    default:
        return SAMEMAP_OK;
    }
}

static void one_wait(void) {
    size_t index = 99;
    samemap_awaited_t twice[2], wrong = {0, NULL, 0};
    IS(samemap_wait_any_of(all, COUNT, 0, &index), SAMEMAP_TIMED_OUT);
    IS(samemap_wait_any_of(all, COUNT, SAMEMAP_MILLISECONDS(5), &index), SAMEMAP_TIMED_OUT);
    CHECK(index == 99);
    OK(samemap_event_set(event));
    comes_first(EVENT);
    OK(samemap_channel_send(theirs, "one", 4, 0));
    comes_first(MESSAGE);
    OK(take(MESSAGE));
    OK(samemap_publisher_publish(publisher, "two", 4, 0));
    comes_first(SUBSCRIBER);
    OK(take(SUBSCRIBER));
    comes_first(VIEWER);
    OK(take(VIEWER));
    OK(samemap_latest_write(writer, "three", 6, NULL));
    comes_first(NEWER);
    OK(take(NEWER));
    IS(samemap_wait_any_of(all, COUNT, 0, &index), SAMEMAP_TIMED_OUT);
    IS(samemap_wait_any_of(&wrong, 1, 0, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    wrong.kind = SAMEMAP_AWAITED_OBJECT;
    IS(samemap_wait_any_of(&wrong, 1, 0, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    wrong.kind = SAMEMAP_AWAITED_ROOM;
    wrong.handle = mine;
    IS(samemap_wait_any_of(&wrong, 1, 0, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_wait_any_of(NULL, 1, 0, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_wait_any_of(all, 65, 0, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_wait_any_of(all, 0, 0, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    twice[0] = twice[1] = all[MESSAGE];
    IS(samemap_wait_any_of(twice, 2, 0, &index), SAMEMAP_ERROR_BUSY);
}

/* Makes the calls of those that are ready, until the one has come; how many of its messages. */
static unsigned hear(samemap_readiness_t *readiness, ptrdiff_t descriptor, size_t wanted) {
    unsigned heard = 0;
    while (heard == 0) {
        size_t index;
        CHECK(is_ready(descriptor, 30000));
        while (samemap_readiness_take(readiness, &index) == SAMEMAP_OK) {
            if (take(index) == SAMEMAP_OK && index == wanted) heard++;
        }
    }
    return heard;
}

static void one_descriptor(void) {
    samemap_readiness_t *readiness;
    samemap_awaited_t room = {SAMEMAP_AWAITED_ROOM, mine, 0};
    samemap_mutex_t *mutex;
    ptrdiff_t descriptor;
    size_t index;
    char full[64] = {0};
    OK(samemap_readiness_create(&readiness));
    OK(samemap_readiness_descriptor(readiness, &descriptor));
    for (size_t each = 0; each < COUNT; each++) {
        OK(samemap_readiness_add(readiness, &all[each], &index));
        CHECK(index == each);
    }
    CHECK(is_ready(descriptor, 0));
    while (samemap_readiness_take(readiness, &index) == SAMEMAP_OK) CHECK(index == EVENT || take(index) != SAMEMAP_OK);
    CHECK(!is_ready(descriptor, 5));
    OK(samemap_event_set(event));
    CHECK(hear(readiness, descriptor, EVENT) == 1);
    OK(samemap_channel_send(theirs, "one", 4, 0));
    OK(samemap_channel_send(theirs, "two", 4, 0));
    CHECK(hear(readiness, descriptor, MESSAGE) == 2);
    OK(samemap_publisher_publish(publisher, "three", 6, 0));
    (void)hear(readiness, descriptor, SUBSCRIBER);
    OK(samemap_latest_write(writer, "four", 5, NULL));
    CHECK(hear(readiness, descriptor, NEWER) == 1);
    /* Room comes once, after a call that found none. */
    OK(samemap_readiness_add(readiness, &room, &index));
    CHECK(index == COUNT);
    while (samemap_channel_send(mine, full, sizeof full, 0) == SAMEMAP_OK) {}
    while (samemap_readiness_take(readiness, &index) == SAMEMAP_OK) CHECK(take(index) != SAMEMAP_OK);
    CHECK(!is_ready(descriptor, 5));
    OK(samemap_channel_receive(theirs, full, sizeof full, &index, 0));
    CHECK(hear(readiness, descriptor, COUNT) == 1);
    OK(samemap_readiness_remove(readiness, COUNT));
    IS(samemap_readiness_remove(readiness, COUNT), SAMEMAP_NOTHING);
    OK(samemap_mutex_create(unique("w-mutex"), NULL, &mutex));
    room.kind = SAMEMAP_AWAITED_OBJECT;
    room.handle = mutex;
    IS(samemap_readiness_add(readiness, &room, &index), SAMEMAP_ERROR_UNSUPPORTED);
    samemap_mutex_close(mutex);
    IS(samemap_readiness_add(readiness, NULL, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    samemap_readiness_close(readiness);
    samemap_readiness_close(NULL);
}

int main(void) {
    open_all();
    one_wait();
    one_descriptor();
    close_all();
    return 0;
}
