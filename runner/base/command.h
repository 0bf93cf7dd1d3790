/* command: what the table in main.c knows of each command. */
#ifndef TARE_COMMAND_H
#define TARE_COMMAND_H

#include "base/err.h"

/* argv[0] is the command's name. Returns the exit code; or a negative errno with e filled in, which main prints and
 * turns into the exit code of its kind. Results go to stdout, progress and messages to stderr. */
typedef int command_fn(int argc, char **argv, struct err *e);

/* First in main of both programs: descriptors 0 to 2 are there, the stack suffices, signals are as they are to be. 0,
 * or the exit code. */
int command_begin(void);

/* The exit code that main returns: what a command_fn gave, with its error said; results that could not be printed are a
 * failure, not a success that nobody saw. */
int command_end(const char *name, int status, const struct err *e);

command_fn cmd_run;
command_fn cmd_bench;
command_fn cmd_matrix;
command_fn cmd_doctor;
command_fn cmd_tune;
command_fn cmd_restore;
command_fn cmd_clean;
command_fn cmd_exec;
command_fn cmd_selftest;
command_fn cmd_compare;
command_fn cmd_plan_size;
command_fn cmd_report;
command_fn cmd_artefact; /* pack to pull: hands over to the program tare-artefact, whose table is its own */

#endif
