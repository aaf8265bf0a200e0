/* Writes a message into a region with a name, and waits until a client has answered. The client may be this folder's, or
 * a Rust program that opens the same names. */
#include "example.h"

int main(void) {
    samemap_region_t *region;
    samemap_view_t *view;
    samemap_mutex_t *mutex;
    samemap_event_t *answered;

    must(samemap_region_create("Local\\C-Example", 4096, NULL, &region));
    must(samemap_region_map(region, 0, SAMEMAP_TO_THE_END, SAMEMAP_READ_WRITE, &view));
    must(samemap_mutex_create("Local\\C-Example-Mutex", NULL, &mutex));
    strcpy(samemap_view_data(view), "Hello from C");
    must(samemap_event_create("Local\\C-Example-Answered", SAMEMAP_AUTO_RESET, false, NULL, &answered));

    printf("%s has a message\n", samemap_region_name(region));
    if (must(samemap_event_wait(answered, SAMEMAP_SECONDS(30))) == SAMEMAP_TIMED_OUT) {
        puts("nobody answered");
        return 1;
    }
    if (must(samemap_mutex_lock(mutex, SAMEMAP_FOREVER)) == SAMEMAP_ABANDONED) {
        puts("a client died while it wrote");
    }
    printf("the answer is: %s\n", (const char *)samemap_view_data(view));
    must(samemap_mutex_unlock(mutex));

    samemap_event_close(answered);
    samemap_mutex_close(mutex);
    samemap_view_close(view);
    samemap_region_close(region);
    return 0;
}
