/* SPDX-License-Identifier: MIT
 *
 * Everything that can be configured, as one plain struct that may be copied.
 * options.c holds the table (key, type, range, default, live or restart, help) from
 * which this is filled, checked, shown and documented. Times in seconds, sizes in
 * bytes, ML_OFF for what is switched off.
 */
#ifndef ML_CONFIG_SETTINGS_H
#define ML_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define ML_TEXT_MAX 256
#define ML_PATH_TEXT_MAX 1024
#define ML_LIST_MAX 32
#define ML_OFF (-1)

struct ml_text_list {
    int count; /* -1: null (not given, where null is a value of its own) */
    char item[ML_LIST_MAX][ML_TEXT_MAX];
};

/* A threshold such as `80%`, `2GiB`, or off. */
struct ml_amount {
    enum { ML_AMOUNT_OFF, ML_AMOUNT_BYTES, ML_AMOUNT_PERCENT, ML_AMOUNT_BYTES_PER_MIN } unit;
    double value;
};

struct ml_settings {
    char name[ML_TEXT_MAX]; /* "": the program's name */
    struct {
        char socket[ML_PATH_TEXT_MAX]; /* "auto", "off", or an absolute path, %p = pid */
        int signal;                    /* number, 0: off */
        bool follow_forks;             /* a forked child of the program gets an agent */
        bool follow_execs;             /* a Python that it starts gets one */
    } control;
    struct {
        bool enabled;
        double max_object_lifetime, warmup;
    } monitor;
    struct {
        double every; /* ML_OFF */
        struct {
            struct ml_amount memory_above, growth_above;
            double cooldown;
        } when;
        double timeout;
        struct ml_amount max_extra_memory;
        int nice;
    } sweep;
    struct {
        struct ml_text_list include, exclude, ignore;
    } filter;
    struct {
        char directory[ML_PATH_TEXT_MAX]; /* "~/" is kept: the writer expands it */
        int keep;
        bool console;
        int max_object_details, max_types_in_leak_summary;
        bool compute_size_in_leak_summary;
        int str_max_length;
        bool call_str;
        enum { ML_REDACT_NONE, ML_REDACT_TEXTS, ML_REDACT_NAMES } redact;
    } report;
    struct {
        bool check;
        int max_depth;         /* ML_OFF: null, no limit */
        double search_timeout; /* ML_OFF: null */
        int single_object_limit; /* ML_OFF: null */
        struct ml_text_list module_prefixes;
    } referrers;
    struct {
        struct ml_text_list formats;
        int max_nodes;
    } graph;
};

#endif
