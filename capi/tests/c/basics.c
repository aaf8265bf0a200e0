/* Regions, views, and each kind of object: what each call answers, and what misuse does. */
#include "check.h"

static void versions(void) {
    CHECK(strcmp(samemap_version(), SAMEMAP_VERSION) == 0);
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", SAMEMAP_VERSION_MAJOR, SAMEMAP_VERSION_MINOR, SAMEMAP_VERSION_PATCH);
    CHECK(strcmp(text, SAMEMAP_VERSION) == 0);
    CHECK(strcmp(samemap_error_name(SAMEMAP_ERROR_NOT_FOUND), "SAMEMAP_ERROR_NOT_FOUND") == 0);
    CHECK(strcmp(samemap_error_name(77), "SAMEMAP_UNKNOWN") == 0);
    CHECK(SAMEMAP_IS_ERROR(SAMEMAP_ERROR_OS) && !SAMEMAP_IS_ERROR(SAMEMAP_TIMED_OUT));
}

static void errors_have_messages(void) {
    CHECK(strcmp(samemap_last_error_message(), "") == 0 && samemap_last_error() == SAMEMAP_OK);
    samemap_region_t *region = (samemap_region_t *)&region;
    IS(samemap_region_open("Local\\nobody has it", NULL, &region), SAMEMAP_ERROR_NOT_FOUND);
    CHECK(region == NULL);
    CHECK(samemap_last_error() == SAMEMAP_ERROR_NOT_FOUND);
    CHECK(strstr(samemap_last_error_message(), "nobody has it") != NULL);
}

static void regions_and_views(void) {
    const char *name = unique("region");
    samemap_region_t *region, *same;
    samemap_view_t *view, *other;
    bool created = true;
    uint64_t length;
    samemap_access_t access;
    OK(samemap_region_create(name, 5000, NULL, &region));
    IS(samemap_region_create(name, 5000, NULL, &same), SAMEMAP_ERROR_ALREADY_EXISTS);
    CHECK(strcmp(samemap_region_name(region), name) == 0);
    OK(samemap_region_length(region, &length));
    CHECK(length >= 5000 && length % 4096 == 0);
    OK(samemap_region_create_or_open(name, 1, NULL, &same, &created));
    CHECK(!created);
    samemap_region_close(same);

    samemap_open_options_t options = SAMEMAP_OPEN_OPTIONS_INIT;
    options.access = SAMEMAP_READ_ONLY;
    OK(samemap_region_open(name, &options, &same));
    OK(samemap_region_access(same, &access));
    CHECK(access == SAMEMAP_READ_ONLY);
    OK(samemap_region_map(region, 1, 100, SAMEMAP_READ_WRITE, &view));
    OK(samemap_region_map(same, 0, SAMEMAP_TO_THE_END, SAMEMAP_READ_ONLY, &other));
    IS(samemap_region_map(same, 0, 10, SAMEMAP_READ_WRITE, &(samemap_view_t *){NULL}), SAMEMAP_ERROR_ACCESS_DENIED);
    IS(samemap_region_map(region, length, 1, SAMEMAP_READ_ONLY, &(samemap_view_t *){NULL}), SAMEMAP_ERROR_OUT_OF_RANGE);
    CHECK(samemap_view_length(view) == 100 && samemap_view_length(other) == length);
    memcpy(samemap_view_data(view), "Hello", 6);
    CHECK(strcmp((const char *)samemap_view_data(other) + 1, "Hello") == 0);
    char copy[6];
    OK(samemap_view_write(view, 50, "there", 6));
    OK(samemap_view_read(other, 51, copy, sizeof copy));
    CHECK(strcmp(copy, "there") == 0);
    IS(samemap_view_write(other, 0, "x", 1), SAMEMAP_ERROR_ACCESS_DENIED);
    IS(samemap_view_read(view, 99, copy, 2), SAMEMAP_ERROR_OUT_OF_RANGE);
    OK(samemap_view_flush(view, 0, 100));
    samemap_view_close(other);
    samemap_region_close(same);
    samemap_region_close(region);

    /* A view keeps the region and its name. */
    OK(samemap_region_open(name, NULL, &region));
    samemap_region_close(region);
    samemap_view_close(view);
    IS(samemap_region_open(name, NULL, &region), SAMEMAP_ERROR_NOT_FOUND);

    OK(samemap_region_anonymous(64, NULL, &region));
    CHECK(samemap_region_name(region) == NULL);
    OK(samemap_region_hold_again(region));
    void *base = (void *)(uintptr_t)0x510000000000;
    OK(samemap_region_map_at(region, 0, 64, SAMEMAP_READ_WRITE, base, &view));
    CHECK(samemap_view_data(view) == base);
    IS(samemap_region_map_at(region, 0, 64, SAMEMAP_READ_WRITE, base, &other), SAMEMAP_ERROR_ADDRESS_IN_USE);
    samemap_view_close(view);
    samemap_region_close(region);
}

static void misuse_is_told(void) {
    samemap_region_t *region;
    samemap_event_t *event;
    IS(samemap_region_create(NULL, 1, NULL, &region), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_region_create("a", 1, NULL, NULL), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_region_create("\xff\xfe", 1, NULL, &region), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_region_create("a\\b\\c", 1, NULL, &region), SAMEMAP_ERROR_INVALID_NAME);
    IS(samemap_region_create(unique("none"), 0, NULL, &region), SAMEMAP_ERROR_INVALID_ARGUMENT);
    samemap_create_options_t options = SAMEMAP_CREATE_OPTIONS_INIT;
    options.struct_size = 4;
    IS(samemap_region_create(unique("none"), 1, &options, &region), SAMEMAP_ERROR_INVALID_ARGUMENT);
    CHECK(strstr(samemap_last_error_message(), "struct_size") != NULL);
    options.struct_size = sizeof options + 1;
    IS(samemap_event_create(unique("none"), SAMEMAP_AUTO_RESET, false, &options, &event), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_event_create(unique("none"), 7, false, NULL, &event), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_event_set(NULL), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_wait(NULL, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
    OK(samemap_event_create(unique("event"), SAMEMAP_AUTO_RESET, false, NULL, &event));
    IS(samemap_mutex_lock((samemap_mutex_t *)event, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
    samemap_event_close(event);
    samemap_event_close(NULL);
    samemap_region_close(NULL);
    CHECK(samemap_view_data(NULL) == NULL && samemap_view_length(NULL) == 0 && samemap_region_name(NULL) == NULL);
}

static void mutexes(samemap_mutex_t *mutex) {
    IS(samemap_mutex_unlock(mutex), SAMEMAP_ERROR_NOT_OWNER);
    OK(samemap_mutex_lock(mutex, SAMEMAP_FOREVER));
    OK(samemap_mutex_lock(mutex, 0));
    OK(samemap_mutex_lock(mutex, SAMEMAP_MILLISECONDS(1)));
    for (int i = 0; i < 3; i++) OK(samemap_mutex_unlock(mutex));
    IS(samemap_mutex_unlock(mutex), SAMEMAP_ERROR_NOT_OWNER);
    OK(samemap_wait(SAMEMAP_WAITABLE(mutex), SAMEMAP_FOREVER));
    OK(samemap_mutex_unlock(mutex));
    samemap_mutex_close(mutex);
}

static void events(samemap_event_t *event) {
    IS(samemap_event_wait(event, 0), SAMEMAP_TIMED_OUT);
    IS(samemap_event_wait(event, SAMEMAP_MILLISECONDS(2)), SAMEMAP_TIMED_OUT);
    OK(samemap_event_set(event));
    OK(samemap_event_wait(event, SAMEMAP_FOREVER));
    IS(samemap_event_wait(event, 0), SAMEMAP_TIMED_OUT);
    OK(samemap_event_set(event));
    OK(samemap_event_reset(event));
    IS(samemap_wait(SAMEMAP_WAITABLE(event), 0), SAMEMAP_TIMED_OUT);
    samemap_event_close(event);
}

static void semaphores(samemap_semaphore_t *semaphore) {
    uint32_t before = 9;
    OK(samemap_semaphore_wait(semaphore, SAMEMAP_FOREVER));
    IS(samemap_semaphore_wait(semaphore, 0), SAMEMAP_TIMED_OUT);
    OK(samemap_semaphore_release(semaphore, 1, NULL));
    OK(samemap_semaphore_release(semaphore, 1, &before));
    CHECK(before == 1);
    IS(samemap_semaphore_release(semaphore, 1, &before), SAMEMAP_ERROR_LIMIT_EXCEEDED);
    IS(samemap_semaphore_release(semaphore, 0, &before), SAMEMAP_ERROR_INVALID_ARGUMENT);
    OK(samemap_semaphore_wait(semaphore, PATIENCE));
    samemap_semaphore_close(semaphore);
}

static void objects(void) {
    samemap_mutex_t *mutex;
    samemap_event_t *event;
    samemap_semaphore_t *semaphore;
    bool created = false;
    OK(samemap_mutex_create_or_open(unique("mutex"), NULL, &mutex, &created));
    CHECK(created);
    CHECK(strcmp(samemap_waitable_name(SAMEMAP_WAITABLE(mutex)), unique("mutex")) == 0);
    IS(samemap_event_open(unique("mutex"), NULL, &event), SAMEMAP_ERROR_KIND_MISMATCH);
    mutexes(mutex);
    OK(samemap_event_create(unique("event"), SAMEMAP_AUTO_RESET, false, NULL, &event));
    events(event);
    OK(samemap_semaphore_create(unique("semaphore"), 1, 2, NULL, &semaphore));
    semaphores(semaphore);
}

static void objects_inside(void) {
    samemap_region_t *region;
    samemap_view_t *view;
    samemap_mutex_t *mutex, *same;
    samemap_event_t *event;
    samemap_semaphore_t *semaphore;
    bool created = true;
    OK(samemap_region_anonymous(4096, NULL, &region));
    OK(samemap_region_map(region, 0, 4096, SAMEMAP_READ_WRITE, &view));
    OK(samemap_mutex_create_in(view, 0, &mutex));
    OK(samemap_mutex_create_or_open_in(view, 0, &same, &created));
    CHECK(!created && samemap_waitable_name(SAMEMAP_WAITABLE(mutex)) == NULL);
    OK(samemap_event_create_in(view, SAMEMAP_MUTEX_SIZE, SAMEMAP_AUTO_RESET, false, &event));
    OK(samemap_semaphore_create_in(view, 128, 1, 2, &semaphore));
    IS(samemap_event_open_in(view, 128, &(samemap_event_t *){NULL}), SAMEMAP_ERROR_KIND_MISMATCH);
    IS(samemap_event_open_in(view, 4096, &(samemap_event_t *){NULL}), SAMEMAP_ERROR_OUT_OF_RANGE);
    IS(samemap_event_open_in(view, 1024, &(samemap_event_t *){NULL}), SAMEMAP_ERROR_DAMAGED);
    /* They keep the memory mapped for themselves. */
    samemap_view_close(view);
    samemap_region_close(region);
    mutexes(mutex);
    mutexes(same);
    events(event);
    semaphores(semaphore);
}

static void timers(void) {
    samemap_timer_t *timer;
    OK(samemap_timer_create(unique("timer"), SAMEMAP_MANUAL_RESET, NULL, &timer));
    IS(samemap_timer_wait(timer, 0), SAMEMAP_TIMED_OUT);
    OK(samemap_timer_set(timer, SAMEMAP_MILLISECONDS(1), 0));
    OK(samemap_timer_wait(timer, PATIENCE));
    OK(samemap_timer_wait(timer, 0));
    OK(samemap_timer_set(timer, SAMEMAP_SECONDS(3600), SAMEMAP_SECONDS(1)));
    OK(samemap_timer_cancel(timer));
    IS(samemap_timer_wait(timer, SAMEMAP_MILLISECONDS(2)), SAMEMAP_TIMED_OUT);
    OK(samemap_timer_set_at(timer, 0, 0));
    OK(samemap_timer_wait(timer, PATIENCE));
    samemap_timer_close(timer);
}

static void waits_for_several(void) {
    samemap_mutex_t *mutex;
    samemap_event_t *event;
    size_t index = 7;
    OK(samemap_mutex_create(unique("any mutex"), NULL, &mutex));
    OK(samemap_event_create(unique("any event"), SAMEMAP_AUTO_RESET, false, NULL, &event));
    const samemap_waitable_t *both[] = {SAMEMAP_WAITABLE(event), SAMEMAP_WAITABLE(mutex)};
    IS(samemap_wait_any(both, 1, 0, &index), SAMEMAP_TIMED_OUT);
    OK(samemap_wait_any(both, 2, SAMEMAP_FOREVER, &index));
    CHECK(index == 1);
    OK(samemap_event_set(event));
    OK(samemap_wait_any(both, 2, PATIENCE, &index));
    CHECK(index == 0);
    IS(samemap_wait_all(both, 2, 0), SAMEMAP_TIMED_OUT);
    OK(samemap_signal_and_wait(both[0], both[0], 0));
    OK(samemap_event_set(event));
    OK(samemap_wait_all(both, 2, SAMEMAP_FOREVER));
    IS(samemap_event_wait(event, 0), SAMEMAP_TIMED_OUT);
    const samemap_waitable_t *twice[] = {both[0], both[0]};
    IS(samemap_wait_all(twice, 2, 0), SAMEMAP_ERROR_INVALID_ARGUMENT);
    OK(samemap_mutex_unlock(mutex));
    IS(samemap_signal_and_wait(both[1], both[0], SAMEMAP_MILLISECONDS(1)), SAMEMAP_TIMED_OUT);
    IS(samemap_signal_and_wait(both[1], both[0], 0), SAMEMAP_ERROR_NOT_OWNER);
    IS(samemap_wait_any(both, 0, 0, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_wait_any(both, 65, 0, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_wait_any(NULL, 1, 0, &index), SAMEMAP_ERROR_INVALID_ARGUMENT);
    samemap_event_close(event);
    samemap_mutex_close(mutex);
}

int main(void) {
    versions();
    errors_have_messages();
    regions_and_views();
    misuse_is_told();
    objects();
    objects_inside();
    timers();
    waits_for_several();
    puts("basics: passed");
    return 0;
}
