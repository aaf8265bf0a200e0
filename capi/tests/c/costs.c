/* What calls through C cost, in nanoseconds: the least of many rounds. `examples/costs.rs` does the same in Rust. */
#include "check.h"
#include <time.h>

enum { ROUNDS = 300, CALLS = 10000 };

static double now(void) {
    struct timespec time;
    timespec_get(&time, TIME_UTC);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static samemap_mutex_t *mutex;
static samemap_event_t *event;
static samemap_channel_t *from, *to;

static void lock(void) {
    OK(samemap_mutex_lock(mutex, SAMEMAP_FOREVER));
    OK(samemap_mutex_unlock(mutex));
}

static void set_and_wait(void) {
    OK(samemap_event_set(event));
    OK(samemap_event_wait(event, SAMEMAP_FOREVER));
}

static void message(void) {
    char bytes[64] = {0};
    size_t length;
    OK(samemap_channel_send(from, bytes, sizeof bytes, SAMEMAP_FOREVER));
    OK(samemap_channel_receive(to, bytes, sizeof bytes, &length, SAMEMAP_FOREVER));
}

static double cost(void (*call)(void)) {
    double least = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        const double began = now();
        for (int i = 0; i < CALLS; i++) call();
        const double took = (now() - began) / CALLS;
        if (took < least) least = took;
    }
    return least;
}

int main(void) {
    OK(samemap_mutex_create(unique("cost mutex"), NULL, &mutex));
    OK(samemap_event_create(unique("cost event"), SAMEMAP_AUTO_RESET, false, NULL, &event));
    OK(samemap_channel_create(unique("cost channel"), NULL, NULL, &from));
    OK(samemap_channel_connect(unique("cost channel"), NULL, NULL, &to));
    printf("C     lock+unlock %.1f  set+wait %.1f  64 B %.1f\n", cost(lock), cost(set_and_wait), cost(message));
    return 0;
}
