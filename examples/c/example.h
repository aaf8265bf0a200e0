/* What the examples share. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <samemap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when a call fails, with what the library says. */
static inline samemap_status_t must(samemap_status_t status) {
    if (SAMEMAP_IS_ERROR(status)) {
        fprintf(stderr, "%s: %s\n", samemap_error_name(status), samemap_last_error_message());
        exit(1);
    }
    return status;
}

/* Options that wait for an object which another program is about to make. */
static inline samemap_open_options_t patient(void) {
    samemap_open_options_t options = SAMEMAP_OPEN_OPTIONS_INIT;
    options.patience = SAMEMAP_SECONDS(10);
    return options;
}

#endif
