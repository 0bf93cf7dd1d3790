/* command: the functions behind the commands of tare, and how both programs begin and end. For main.c and
 * artefact_main.c. */
#ifndef TARE_COMMAND_H
#define TARE_COMMAND_H

#include "base/err.h"

struct config;

/* Takes what the command was given, by config_begin(). Returns the exit code; or a negative errno with e filled in,
 * which main prints and turns into the exit code of its kind. Results go to stdout, progress and messages to stderr. */
typedef int command_fn(struct config *c, struct err *e);

/* First call in main: opens descriptors 0 to 2, checks the stack limit, sets the signals. 0, or the exit code. */
int command_begin(void);

/* Turns what a command_fn returned into the exit code and prints its error. Results that could not be printed are a
 * failure. */
int command_end(const char *name, int status, const struct err *e);

command_fn cmd_run;
command_fn cmd_bench;
command_fn cmd_scale;
command_fn cmd_matrix;
command_fn cmd_doctor;
command_fn cmd_tune;
command_fn cmd_restore;
command_fn cmd_clean;
command_fn cmd_exec;
command_fn cmd_selftest;
command_fn cmd_bisect;
command_fn cmd_compare;
command_fn cmd_plan_size;
command_fn cmd_report;

#endif
