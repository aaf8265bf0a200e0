/* Reads the server's message, and answers. */
#include "example.h"

int main(void) {
    const samemap_open_options_t options = patient();
    samemap_region_t *region;
    samemap_view_t *view;
    samemap_mutex_t *mutex;
    samemap_event_t *answered;

    /* The server makes this one last. */
    must(samemap_event_open("Local\\C-Example-Answered", &options, &answered));
    must(samemap_region_open("Local\\C-Example", NULL, &region));
    must(samemap_region_map(region, 0, SAMEMAP_TO_THE_END, SAMEMAP_READ_WRITE, &view));
    must(samemap_mutex_open("Local\\C-Example-Mutex", NULL, &mutex));

    must(samemap_mutex_lock(mutex, SAMEMAP_FOREVER));
    printf("the message is: %s\n", (const char *)samemap_view_data(view));
    strcpy(samemap_view_data(view), "Hello, server");
    must(samemap_mutex_unlock(mutex));
    must(samemap_event_set(answered));

    samemap_event_close(answered);
    samemap_mutex_close(mutex);
    samemap_view_close(view);
    samemap_region_close(region);
    return 0;
}
