/* Newest values, channels and listeners within one process. */
#include "check.h"

static void latest(void) {
    samemap_latest_writer_t *writer, *second;
    samemap_latest_reader_t *reader;
    samemap_latest_options_t options = SAMEMAP_LATEST_OPTIONS_INIT;
    char value[16];
    size_t length = 0, size;
    uint64_t sequence = 0;
    const char *name = unique("latest");
    OK(samemap_latest_writer_create(name, sizeof value, NULL, NULL, &writer));
    IS(samemap_latest_writer_create(name, sizeof value, NULL, NULL, &second), SAMEMAP_ERROR_BUSY);
    options.version = 3;
    IS(samemap_latest_reader_open(name, &options, NULL, &reader), SAMEMAP_ERROR_LAYOUT_MISMATCH);
    OK(samemap_latest_reader_open(name, NULL, NULL, &reader));
    OK(samemap_latest_max_length(reader, &length));
    CHECK(length == sizeof value);
    IS(samemap_latest_read(reader, 0, value, sizeof value, &length, &sequence), SAMEMAP_NOTHING);
    IS(samemap_latest_wait(reader, 0, SAMEMAP_MILLISECONDS(1), value, sizeof value, &length, &sequence), SAMEMAP_TIMED_OUT);
    OK(samemap_latest_write(writer, "one", 4, NULL));
    OK(samemap_latest_write(writer, "second", 7, &sequence));
    CHECK(sequence == 2);
    OK(samemap_latest_read(reader, 1, value, sizeof value, &length, &sequence));
    CHECK(length == 7 && sequence == 2 && strcmp(value, "second") == 0);
    IS(samemap_latest_read(reader, sequence, value, sizeof value, &length, &sequence), SAMEMAP_NOTHING);
    IS(samemap_latest_read(reader, 0, value, 3, &length, &sequence), SAMEMAP_ERROR_TOO_LONG);
    CHECK(length == 7);
    IS(samemap_latest_write(writer, "this one is too long", 21, NULL), SAMEMAP_ERROR_TOO_LONG);
    samemap_latest_writer_close(writer);
    IS(samemap_latest_wait(reader, 2, PATIENCE, value, sizeof value, &length, &sequence), SAMEMAP_WRITER_GONE);
    samemap_latest_reader_close(reader);

    samemap_region_t *region;
    samemap_view_t *view;
    OK(samemap_latest_size(8, &size));
    OK(samemap_region_anonymous(64 + size, NULL, &region));
    OK(samemap_region_map(region, 0, SAMEMAP_TO_THE_END, SAMEMAP_READ_WRITE, &view));
    OK(samemap_latest_writer_create_in(view, 64, 8, NULL, &writer));
    OK(samemap_latest_reader_open_in(view, 64, NULL, &reader));
    OK(samemap_latest_write(writer, NULL, 0, NULL));
    OK(samemap_latest_wait(reader, 0, SAMEMAP_FOREVER, NULL, 0, &length, NULL));
    CHECK(length == 0);
    samemap_latest_reader_close(reader);
    samemap_latest_writer_close(writer);
    samemap_view_close(view);
    samemap_region_close(region);
}

static void copies(samemap_channel_t *from, samemap_channel_t *to) {
    char text[8];
    size_t length = 0;
    OK(samemap_channel_send(from, "ping", 5, SAMEMAP_FOREVER));
    IS(samemap_channel_receive(to, text, 4, &length, 0), SAMEMAP_ERROR_TOO_LONG);
    CHECK(length == 5);
    OK(samemap_channel_receive(to, text, sizeof text, &length, PATIENCE));
    CHECK(length == 5 && strcmp(text, "ping") == 0);
    IS(samemap_channel_receive(to, text, sizeof text, &length, 0), SAMEMAP_TIMED_OUT);
    OK(samemap_channel_max_message(from, &length));
    char *long_one = calloc(length + 1, 1);
    IS(samemap_channel_send(from, long_one, length + 1, 0), SAMEMAP_ERROR_TOO_LONG);
    while (samemap_channel_send(from, long_one, length, 0) == SAMEMAP_OK) {
    }
    IS(samemap_channel_send(from, long_one, length, SAMEMAP_MILLISECONDS(1)), SAMEMAP_TIMED_OUT);
    while (samemap_channel_receive(to, long_one, length, NULL, 0) == SAMEMAP_OK) {
    }
    free(long_one);
}

static void in_place(samemap_channel_t *from, samemap_channel_t *to) {
    for (int round = 0; round < 3000; round++) {
        void *room;
        const void *data;
        size_t length, reserved = (size_t)round % 700;
        OK(samemap_channel_reserve(from, reserved + 4, SAMEMAP_FOREVER, &room));
        IS(samemap_channel_send(from, "x", 1, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
        memcpy(room, &round, sizeof round);
        IS(samemap_channel_commit(from, reserved + 5), SAMEMAP_ERROR_OUT_OF_RANGE);
        OK(samemap_channel_commit(from, 4));
        IS(samemap_channel_commit(from, 4), SAMEMAP_ERROR_INVALID_ARGUMENT);
        OK(samemap_channel_reserve(from, 10, 0, &room));
        OK(samemap_channel_cancel(from));
        IS(samemap_channel_cancel(from), SAMEMAP_ERROR_INVALID_ARGUMENT);
        OK(samemap_channel_borrow(to, &data, &length, SAMEMAP_FOREVER));
        CHECK(length == 4 && memcmp(data, &round, 4) == 0);
        IS(samemap_channel_borrow(to, &data, &length, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
        IS(samemap_channel_receive(to, NULL, 0, NULL, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
        OK(samemap_channel_release(to));
        IS(samemap_channel_release(to), SAMEMAP_ERROR_INVALID_ARGUMENT);
        IS(samemap_channel_borrow(to, &data, &length, 0), SAMEMAP_TIMED_OUT);
    }
}

static void halves(samemap_channel_t *mine, samemap_channel_t *theirs) {
    samemap_channel_t *sender, *receiver;
    size_t index = 9;
    char byte;
    OK(samemap_channel_split(mine, &sender, &receiver));
    IS(samemap_channel_send(receiver, "x", 1, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_channel_receive(sender, &byte, 1, NULL, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_channel_wait_for_peer(sender, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
    const samemap_channel_t *both[] = {receiver, theirs};
    IS(samemap_channel_wait_any(both, 2, 0, &index), SAMEMAP_TIMED_OUT);
    OK(samemap_channel_send(sender, "x", 1, 0));
    OK(samemap_channel_wait_any(both, 2, PATIENCE, &index));
    CHECK(index == 1);
    const samemap_channel_t *twice[] = {theirs, theirs};
    IS(samemap_channel_wait_any(twice, 2, 0, &index), SAMEMAP_ERROR_BUSY);
    OK(samemap_channel_receive(theirs, &byte, 1, NULL, 0));
    samemap_channel_close(sender);
    IS(samemap_channel_receive(theirs, &byte, 1, NULL, PATIENCE), SAMEMAP_ERROR_CLOSED);
    OK(samemap_channel_send(theirs, "y", 1, 0));
    OK(samemap_channel_receive(receiver, &byte, 1, NULL, 0));
    samemap_channel_close(receiver);
    IS(samemap_channel_send(theirs, "y", 1, 0), SAMEMAP_ERROR_CLOSED);
    samemap_channel_close(theirs);
}

static void channels(void) {
    samemap_channel_options_t options = SAMEMAP_CHANNEL_OPTIONS_INIT;
    samemap_channel_t *mine, *theirs;
    samemap_region_t *region;
    uint64_t size;
    options.capacity = 4096;
    options.spin = SAMEMAP_SPIN_NEVER;
    OK(samemap_channel_create(unique("channel"), &options, NULL, &mine));
    IS(samemap_channel_wait_for_peer(mine, 0), SAMEMAP_TIMED_OUT);
    OK(samemap_channel_connect(unique("channel"), NULL, NULL, &theirs));
    OK(samemap_channel_wait_for_peer(mine, PATIENCE));
    IS(samemap_channel_wait_for_next_peer(mine, 0), SAMEMAP_ERROR_BUSY);
    copies(mine, theirs);
    in_place(mine, theirs);
    in_place(theirs, mine);
    halves(mine, theirs);

    OK(samemap_channel_region_size(&options, &size));
    OK(samemap_region_anonymous(size, NULL, &region));
    OK(samemap_channel_create_in(region, &options, &mine));
    OK(samemap_channel_connect_in(region, NULL, &theirs));
    samemap_region_close(region);
    copies(theirs, mine);
    samemap_channel_close(theirs);
    IS(samemap_channel_wait_for_next_peer(mine, 0), SAMEMAP_TIMED_OUT);
    samemap_channel_close(mine);
}

static void listeners(void) {
    samemap_listener_t *listener;
    samemap_channel_t *channel;
    samemap_open_options_t options = SAMEMAP_OPEN_OPTIONS_INIT;
    options.patience = SAMEMAP_MILLISECONDS(2);
    IS(samemap_channel_connect(unique("listener"), NULL, &options, &channel), SAMEMAP_ERROR_NOT_FOUND);
    OK(samemap_listener_bind(unique("listener"), NULL, NULL, &listener));
    IS(samemap_listener_accept(listener, 0, &channel), SAMEMAP_TIMED_OUT);
    CHECK(channel == NULL);
    samemap_listener_close(listener);
}

int main(void) {
    latest();
    channels();
    listeners();
    puts("messages: passed");
    return 0;
}
