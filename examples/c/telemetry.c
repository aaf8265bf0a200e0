/* The newest value, and a channel: `telemetry` publishes positions and takes commands, `telemetry read` reads the newest
 * position and sends a command. */
#include "example.h"

struct position {
    double x, y;
};

static void publish(void) {
    samemap_latest_writer_t *writer;
    samemap_listener_t *listener;
    samemap_channel_t *channel;
    const void *message;
    size_t length;

    must(samemap_latest_writer_create("Local\\C-Position", sizeof(struct position), NULL, NULL, &writer));
    must(samemap_listener_bind("Local\\C-Commands", NULL, NULL, &listener));
    for (int i = 1; i <= 100; i++) {
        const struct position now = {i, i * 0.5};
        must(samemap_latest_write(writer, &now, sizeof now, NULL));
    }
    if (must(samemap_listener_accept(listener, SAMEMAP_SECONDS(30), &channel)) == SAMEMAP_OK) {
        /* In place: the bytes are the channel's until they are released. */
        must(samemap_channel_borrow(channel, &message, &length, SAMEMAP_FOREVER));
        printf("the command is: %.*s\n", (int)length, (const char *)message);
        must(samemap_channel_release(channel));
        must(samemap_channel_send(channel, "done", 4, SAMEMAP_FOREVER));
        samemap_channel_close(channel);
    }
    samemap_listener_close(listener);
    samemap_latest_writer_close(writer);
}

static void read_and_command(void) {
    const samemap_open_options_t options = patient();
    samemap_latest_reader_t *reader;
    samemap_channel_t *channel;
    struct position newest;
    uint64_t number;
    char answer[16];
    size_t length;

    must(samemap_latest_reader_open("Local\\C-Position", NULL, &options, &reader));
    must(samemap_latest_wait(reader, 99, SAMEMAP_FOREVER, &newest, sizeof newest, NULL, &number));
    printf("position %llu is %.1f, %.1f\n", (unsigned long long)number, newest.x, newest.y);
    must(samemap_channel_connect("Local\\C-Commands", NULL, &options, &channel));
    must(samemap_channel_send(channel, "stop", 4, SAMEMAP_FOREVER));
    must(samemap_channel_receive(channel, answer, sizeof answer, &length, SAMEMAP_FOREVER));
    printf("the answer is: %.*s\n", (int)length, answer);
    samemap_channel_close(channel);
    samemap_latest_reader_close(reader);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "read") == 0) {
        read_and_command();
    } else {
        publish();
    }
    return 0;
}
