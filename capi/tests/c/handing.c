/* Regions over files, regions that are handed over, and the catalog. Started with an argument it is the child. */
#include "check.h"

#ifndef _WIN32
#include <sys/socket.h>
#endif

static void files(void) {
    samemap_file_options_t options = SAMEMAP_FILE_OPTIONS_INIT;
    samemap_region_t *region, *same;
    samemap_view_t *view;
    uint64_t length;
    bool created = false;
    char path[64], text[8] = "";
    snprintf(path, sizeof path, "handing-%lu.data", process_id());
    options.size = 1000;
    IS(samemap_region_over_file("no/such/file", &options, &region), SAMEMAP_ERROR_NOT_FOUND);
    fclose(fopen(path, "wb"));
    IS(samemap_region_over_file(path, NULL, &region), SAMEMAP_ERROR_INVALID_ARGUMENT);
    OK(samemap_region_over_file(path, &options, &region));
    OK(samemap_region_length(region, &length));
    CHECK(length == 1000);
    OK(samemap_region_map(region, 0, SAMEMAP_TO_THE_END, SAMEMAP_READ_WRITE, &view));
    OK(samemap_view_write(view, 0, "on disk", 8));
    OK(samemap_view_flush(view, 0, 8));
    samemap_view_close(view);
    samemap_region_close(region);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL && fread(text, 1, 8, file) == 8 && strcmp(text, "on disk") == 0);
    fclose(file);
    OK(samemap_region_create_over_file(unique("file"), path, NULL, NULL, &region));
    OK(samemap_region_create_or_open_over_file(unique("file"), path, NULL, NULL, &same, &created));
    CHECK(!created);
    samemap_region_close(region);
    samemap_region_close(same);
    CHECK(remove(path) == 0);
}

static void to_a_child(const char *self) {
    samemap_region_t *region;
    samemap_view_t *view;
    samemap_command_t *command;
    uint32_t id = 0;
    int32_t code = 7;
    char text[8] = "";
    OK(samemap_region_anonymous(4096, NULL, &region));
    OK(samemap_region_map(region, 0, 4096, SAMEMAP_READ_WRITE, &view));
    OK(samemap_view_write(view, 0, "parent", 7));
    OK(samemap_command_new(self, &command));
    OK(samemap_command_argument(command, "child"));
    IS(samemap_command_offer(command, region, "Frames", SAMEMAP_READ_WRITE), SAMEMAP_ERROR_INVALID_ARGUMENT);
    OK(samemap_command_offer(command, region, "frames", SAMEMAP_READ_WRITE));
    IS(samemap_command_wait(command, &code), SAMEMAP_ERROR_INVALID_ARGUMENT);
    OK(samemap_command_start(command, &id));
    IS(samemap_command_start(command, &id), SAMEMAP_ERROR_INVALID_ARGUMENT);
    OK(samemap_command_wait(command, &code));
    CHECK(id != 0 && code == 0);
    OK(samemap_view_read(view, 0, text, 6));
    CHECK(strcmp(text, "child!") == 0);
    samemap_command_close(command);
    samemap_view_close(view);
    samemap_region_close(region);
    OK(samemap_command_new("no such program of ours", &command));
    IS(samemap_command_start(command, NULL), SAMEMAP_ERROR_NOT_FOUND);
    samemap_command_close(command);
}

static int child(void) {
    samemap_region_t *region;
    samemap_view_t *view;
    char text[8];
    IS(samemap_region_adopt("others", &region), SAMEMAP_ERROR_NOT_FOUND);
    OK(samemap_region_adopt("frames", &region));
    OK(samemap_region_map(region, 0, 16, SAMEMAP_READ_WRITE, &view));
    OK(samemap_view_read(view, 0, text, 7));
    CHECK(strcmp(text, "parent") == 0);
    OK(samemap_view_write(view, 0, "child!", 6));
    samemap_view_close(view);
    samemap_region_close(region);
    return 0;
}

static void by_descriptor(void) {
    samemap_region_t *region, *same;
    samemap_view_t *view, *other;
    intptr_t descriptor = -1;
    OK(samemap_region_anonymous(4096, NULL, &region));
    OK(samemap_region_to_descriptor(region, &descriptor));
    OK(samemap_region_from_descriptor(descriptor, SAMEMAP_READ_WRITE, &same));
    OK(samemap_region_map(region, 0, 4096, SAMEMAP_READ_WRITE, &view));
    OK(samemap_region_map(same, 0, 4096, SAMEMAP_READ_WRITE, &other));
    memcpy(samemap_view_data(view), "same", 5);
    CHECK(strcmp(samemap_view_data(other), "same") == 0);
    samemap_view_close(view);
    samemap_view_close(other);
    samemap_region_close(same);
    IS(samemap_region_from_descriptor(-1, SAMEMAP_READ_WRITE, &same), SAMEMAP_ERROR_INVALID_ARGUMENT);
    samemap_courier_t *sends, *receives;
#ifdef _WIN32
    HANDLE from, to;
    CHECK(CreatePipe(&from, &to, NULL, 0));
    IS(samemap_courier_over(3, &sends), SAMEMAP_ERROR_UNSUPPORTED);
    OK(samemap_courier_to_process((intptr_t)to, (uint32_t)process_id(), &sends));
    OK(samemap_courier_receiving((intptr_t)from, &receives));
#else
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    IS(samemap_courier_to_process(3, 3, &sends), SAMEMAP_ERROR_UNSUPPORTED);
    IS(samemap_courier_receiving(3, &sends), SAMEMAP_ERROR_UNSUPPORTED);
    OK(samemap_courier_over(ends[0], &sends));
    OK(samemap_courier_over(ends[1], &receives));
#endif
    OK(samemap_courier_send(sends, region, SAMEMAP_READ_ONLY));
    OK(samemap_courier_receive(receives, NULL, &same));
    samemap_access_t access = 0;
    OK(samemap_region_access(same, &access));
    CHECK(access == SAMEMAP_READ_ONLY);
    samemap_region_close(same);
    samemap_courier_close(sends);
    samemap_courier_close(receives);
    samemap_region_close(region);
}

struct search {
    const char *name;
    int found;
};

static int look(const samemap_entry_t *entry, void *context) {
    struct search *search = context;
    if (entry->name == NULL || strcmp(entry->name, search->name) != 0) return 0;
    CHECK(entry->kind == SAMEMAP_KIND_EVENT && entry->state == SAMEMAP_STATE_LIVE);
    CHECK(entry->holders == 1 || entry->holders == -1);
    CHECK(entry->owner[0] != '\0' && entry->system_name[0] != '\0');
    search->found++;
    return 1;
}

static void catalog(void) {
    samemap_event_t *event, *another;
    struct search search = {unique("listed"), 0};
    char path[256];
    OK(samemap_event_create(search.name, SAMEMAP_MANUAL_RESET, true, NULL, &event));
    IS(samemap_catalog_list(true, NULL, NULL), SAMEMAP_ERROR_INVALID_ARGUMENT);
    IS(samemap_catalog_data_path(search.name, path, sizeof path), SAMEMAP_ERROR_NOT_FOUND);
#ifdef _WIN32
    /* The kernel keeps the names, and leaves nothing behind. */
    IS(samemap_catalog_list(true, look, &search), SAMEMAP_ERROR_UNSUPPORTED);
    CHECK(search.found == 0);
    IS(samemap_catalog_take_name(search.name, NULL), SAMEMAP_ERROR_UNSUPPORTED);
    another = NULL;
#else
    OK(samemap_catalog_list(true, look, &search));
    CHECK(search.found == 1);
    OK(samemap_catalog_reclaim(NULL, NULL));
    bool taken = false;
    OK(samemap_catalog_take_name(search.name, &taken));
    CHECK(taken);
    OK(samemap_catalog_take_name(search.name, &taken));
    CHECK(!taken);
    OK(samemap_event_create(search.name, SAMEMAP_MANUAL_RESET, true, NULL, &another));

    samemap_create_options_t options = SAMEMAP_CREATE_OPTIONS_INIT;
    samemap_region_t *region;
    options.everyone_share = SAMEMAP_SHARE_READ_ONLY;
    OK(samemap_region_create(unique("open"), 10, &options, &region));
    OK(samemap_catalog_data_path(unique("open"), path, sizeof path));
    CHECK(path[0] == '/');
    IS(samemap_catalog_data_path(unique("open"), path, 4), SAMEMAP_ERROR_TOO_LONG);
    samemap_region_close(region);
#endif
    samemap_event_close(event);
    samemap_event_close(another);
}

int main(int argc, char **argv) {
    if (argc > 1) return child();
    files();
    to_a_child(argv[0]);
    by_descriptor();
    catalog();
    puts("handing: passed");
    return 0;
}
