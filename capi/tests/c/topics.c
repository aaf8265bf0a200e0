/* A topic within one process: publisher, subscribers and viewers. */
#include "check.h"

static samemap_open_options_t patient(void) {
    samemap_open_options_t options = SAMEMAP_OPEN_OPTIONS_INIT;
    options.patience = PATIENCE;
    return options;
}

/* Of 1024 bytes: the longest message has 320. */
static samemap_topic_options_t small(void) {
    samemap_topic_options_t options = SAMEMAP_TOPIC_OPTIONS_INIT;
    options.capacity = 1024;
    options.subscribers = 1;
    options.version = 3;
    return options;
}

static void opening(void) {
    const char *name = unique("topic");
    const samemap_open_options_t open = patient();
    samemap_topic_options_t topic = small();
    samemap_publisher_t *publisher, *second;
    samemap_subscriber_t *subscriber, *another;
    samemap_viewer_t *viewer;
    size_t length = 0;
    IS(samemap_viewer_open(name, &topic, NULL, &viewer), SAMEMAP_ERROR_NOT_FOUND);
    CHECK(viewer == NULL);
    OK(samemap_publisher_create(name, &topic, NULL, &publisher));
    IS(samemap_publisher_create(name, &topic, NULL, &second), SAMEMAP_ERROR_BUSY);
    OK(samemap_subscriber_open(name, &topic, &open, &subscriber));
    IS(samemap_subscriber_open(name, &topic, NULL, &another), SAMEMAP_ERROR_BUSY);
    topic.version = 4;
    IS(samemap_viewer_open(name, &topic, NULL, &viewer), SAMEMAP_ERROR_LAYOUT_MISMATCH);
    topic.version = 3;
    OK(samemap_viewer_open(name, &topic, &open, &viewer));
    OK(samemap_publisher_max_message(publisher, &length));
    CHECK(length == 320);
    OK(samemap_subscriber_max_message(subscriber, &length));
    OK(samemap_viewer_max_message(viewer, &length));
    CHECK(length == 320);
    topic.capacity = SIZE_MAX;
    IS(samemap_publisher_create(unique("huge"), &topic, NULL, &second), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_publisher_publish(NULL, "", 0, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
    samemap_viewer_close(viewer);
    samemap_subscriber_close(subscriber);
    samemap_publisher_close(publisher);
    samemap_viewer_close(NULL);
    samemap_subscriber_close(NULL);
    samemap_publisher_close(NULL);
}

static void copies(samemap_publisher_t *publisher, samemap_subscriber_t *subscriber, samemap_viewer_t *viewer) {
    char text[320];
    size_t length = 0, index = 9;
    uint64_t sequence = 0, missed = 9, oldest = 0, newest = 9;
    const samemap_subscriber_t *all[] = {subscriber};
    const samemap_subscriber_t *twice[] = {subscriber, subscriber};
    OK(samemap_publisher_kept(publisher, &oldest, &newest));
    CHECK(oldest == 1 && newest == 0);
    IS(samemap_subscriber_receive(subscriber, text, sizeof text, NULL, NULL, 0), SAMEMAP_TIMED_OUT);
    IS(samemap_viewer_receive(viewer, text, sizeof text, NULL, NULL, NULL, SAMEMAP_MILLISECONDS(1)), SAMEMAP_TIMED_OUT);
    IS(samemap_subscriber_wait(subscriber, 0), SAMEMAP_TIMED_OUT);
    IS(samemap_viewer_wait(viewer, 0), SAMEMAP_TIMED_OUT);
    IS(samemap_subscriber_wait_any(all, 1, 0, &index), SAMEMAP_TIMED_OUT);
    OK(samemap_publisher_publish(publisher, "hello", 6, SAMEMAP_FOREVER));
    OK(samemap_subscriber_wait(subscriber, PATIENCE));
    OK(samemap_viewer_wait(viewer, PATIENCE));
    OK(samemap_subscriber_wait_any(all, 1, PATIENCE, &index));
    CHECK(index == 0);
    IS(samemap_subscriber_wait_any(twice, 2, 0, &index), SAMEMAP_ERROR_BUSY);
    IS(samemap_subscriber_receive(subscriber, text, 5, &length, NULL, 0), SAMEMAP_ERROR_TOO_LONG);
    CHECK(length == 6);
    OK(samemap_subscriber_receive(subscriber, text, sizeof text, &length, &sequence, PATIENCE));
    CHECK(length == 6 && sequence == 1 && strcmp(text, "hello") == 0);
    memset(text, 0, sizeof text);
    OK(samemap_viewer_receive(viewer, text, sizeof text, &length, &sequence, &missed, SAMEMAP_FOREVER));
    CHECK(length == 6 && sequence == 1 && missed == 0 && strcmp(text, "hello") == 0);
    IS(samemap_publisher_publish(publisher, text, 321, 0), SAMEMAP_ERROR_TOO_LONG);
    OK(samemap_publisher_publish(publisher, text, sizeof text, 0));
    IS(samemap_viewer_receive(viewer, text, 100, &length, NULL, NULL, 0), SAMEMAP_ERROR_TOO_LONG);
    CHECK(length == sizeof text);
    OK(samemap_subscriber_receive(subscriber, text, sizeof text, NULL, NULL, 0));
}

static void in_place(samemap_publisher_t *publisher, samemap_subscriber_t *subscriber) {
    uint64_t first, sequence;
    OK(samemap_publisher_kept(publisher, NULL, &first));
    for (int round = 1; round <= 3000; round++) {
        void *room;
        const void *data;
        size_t length, reserved = (size_t)round % 300 + 8;
        OK(samemap_publisher_reserve(publisher, reserved, SAMEMAP_FOREVER, &room));
        CHECK((uintptr_t)room % 64 == 0);
        IS(samemap_publisher_publish(publisher, "x", 1, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
        memcpy(room, &round, sizeof round);
        IS(samemap_publisher_commit(publisher, reserved + 1, NULL), SAMEMAP_ERROR_OUT_OF_RANGE);
        OK(samemap_publisher_commit(publisher, sizeof round, &sequence));
        CHECK(sequence == first + (uint64_t)round);
        IS(samemap_publisher_commit(publisher, 1, NULL), SAMEMAP_ERROR_INVALID_ARGUMENT);
        OK(samemap_publisher_reserve(publisher, 5, 0, &room));
        OK(samemap_publisher_cancel(publisher));
        IS(samemap_publisher_cancel(publisher), SAMEMAP_ERROR_INVALID_ARGUMENT);
        OK(samemap_subscriber_borrow(subscriber, &data, &length, &sequence, PATIENCE));
        CHECK(length == sizeof round && sequence == first + (uint64_t)round && memcmp(data, &round, length) == 0);
        IS(samemap_subscriber_borrow(subscriber, &data, &length, NULL, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
        IS(samemap_subscriber_wait(subscriber, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
        OK(samemap_subscriber_release(subscriber));
        IS(samemap_subscriber_release(subscriber), SAMEMAP_ERROR_INVALID_ARGUMENT);
    }
    /* What a handle that is closed has in hand goes with it. */
    void *room;
    OK(samemap_publisher_reserve(publisher, 5, 0, &room));
}

static void messages(void) {
    const char *name = unique("messages");
    const samemap_open_options_t open = patient();
    const samemap_topic_options_t topic = small();
    samemap_publisher_t *publisher;
    samemap_subscriber_t *subscriber;
    samemap_viewer_t *viewer;
    char text[320];
    uint64_t missed = 0;
    OK(samemap_publisher_create(name, &topic, NULL, &publisher));
    OK(samemap_subscriber_open(name, &topic, &open, &subscriber));
    OK(samemap_viewer_open(name, &topic, &open, &viewer));
    copies(publisher, subscriber, viewer);
    in_place(publisher, subscriber);
    samemap_publisher_close(publisher);
    IS(samemap_subscriber_receive(subscriber, text, sizeof text, NULL, NULL, PATIENCE), SAMEMAP_ERROR_CLOSED);
    IS(samemap_subscriber_receive(subscriber, text, sizeof text, NULL, NULL, 0), SAMEMAP_TIMED_OUT);
    OK(samemap_viewer_receive(viewer, text, sizeof text, NULL, NULL, &missed, PATIENCE));
    CHECK(missed > 2900);
    samemap_viewer_close(viewer);
    samemap_subscriber_close(subscriber);
}

/* A subscriber that is lent a message does not let the publisher go on, until it is thrown out. */
static void laggards(void) {
    const char *name = unique("laggards");
    const samemap_open_options_t open = patient();
    const samemap_topic_options_t topic = small();
    samemap_publisher_t *publisher;
    samemap_subscriber_t *subscriber;
    samemap_laggard_t laggard;
    char bytes[320] = {0};
    const void *data;
    size_t length = 0, count = 9;
    OK(samemap_publisher_create(name, &topic, NULL, &publisher));
    OK(samemap_subscriber_open(name, &topic, &open, &subscriber));
    OK(samemap_publisher_laggards(publisher, NULL, 0, &count));
    CHECK(count == 0);
    IS(samemap_publisher_throw_out(publisher, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
    OK(samemap_publisher_publish(publisher, "lent", 5, 0));
    OK(samemap_subscriber_borrow(subscriber, &data, &length, NULL, PATIENCE));
    while (samemap_publisher_publish(publisher, bytes, sizeof bytes, 0) == SAMEMAP_OK) {
    }
    IS(samemap_publisher_publish(publisher, bytes, sizeof bytes, SAMEMAP_MILLISECONDS(1)), SAMEMAP_TIMED_OUT);
    IS(samemap_publisher_laggards(publisher, NULL, 1, &count), SAMEMAP_ERROR_INVALID_ARGUMENT);
    OK(samemap_publisher_laggards(publisher, &laggard, 1, &count));
    CHECK(count == 1 && laggard.position == 1 && laggard.behind > 1 && !laggard.is_thrown_out);
    CHECK(laggard.process_id == process_id());
    OK(samemap_publisher_throw_out(publisher, 0));
    for (int round = 0; round < 20; round++) OK(samemap_publisher_publish(publisher, "on", 3, PATIENCE));
    CHECK(memcmp(data, "lent", 5) == 0);
    OK(samemap_subscriber_release(subscriber));
    IS(samemap_subscriber_receive(subscriber, bytes, sizeof bytes, NULL, NULL, 0), SAMEMAP_ERROR_BUSY);
    samemap_subscriber_close(subscriber);
    samemap_publisher_close(publisher);
}

static samemap_view_t *memory(uint64_t size) {
    samemap_region_t *region;
    samemap_view_t *view;
    OK(samemap_region_anonymous(size, NULL, &region));
    OK(samemap_region_map(region, 0, SAMEMAP_TO_THE_END, SAMEMAP_READ_WRITE, &view));
    samemap_region_close(region);
    return view;
}

static void in_views(void) {
    const samemap_topic_options_t topic = small();
    samemap_publisher_t *publisher;
    samemap_subscriber_t *subscriber;
    samemap_viewer_t *viewer;
    uint64_t data_size, lobby_size;
    char text[8];
    OK(samemap_topic_size(&topic, &data_size, &lobby_size));
    samemap_view_t *data = memory(data_size), *lobby = memory(lobby_size);
    OK(samemap_publisher_create_in(data, lobby, &topic, &publisher));
    OK(samemap_subscriber_open_in(data, lobby, &topic, &subscriber));
    OK(samemap_viewer_open_in(data, NULL, &topic, &viewer));
    samemap_view_close(data);
    samemap_view_close(lobby);
    OK(samemap_publisher_publish(publisher, "in", 3, 0));
    OK(samemap_subscriber_receive(subscriber, text, sizeof text, NULL, NULL, PATIENCE));
    OK(samemap_viewer_receive(viewer, text, sizeof text, NULL, NULL, NULL, PATIENCE));
    const void *lent;
    size_t length;
    OK(samemap_publisher_publish(publisher, "in", 3, 0));
    OK(samemap_subscriber_borrow(subscriber, &lent, &length, NULL, PATIENCE));
    samemap_subscriber_close(subscriber);
    samemap_viewer_close(viewer);
    samemap_publisher_close(publisher);
}

int main(void) {
    opening();
    messages();
    laggards();
    in_views();
    puts("topics: passed");
    return 0;
}
